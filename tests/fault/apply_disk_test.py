"""`soak apply` on disks that are full, read-only, immutable, or lose their power. Most of it needs the superuser; what is not
allowed on a machine is left out visibly, as a skipped test with its reason.

SOAK_FAULT_LONG=1: 100 power cuts a file system and scenario instead of 8.
"""
import concurrent.futures
import errno
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest

import apply_oracle as oracle
import injection
import mounts
from injection import SOAK

CUTS = 100 if injection.LONG else 8
HOLD = "import fcntl, sys, time; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); time.sleep(60)"


def apply(folder, *arguments, program=(SOAK,)):
    done = subprocess.run([*program, "apply", "--runtime", "r.json", *arguments, "--json"], cwd=folder, capture_output=True, text=True, timeout=60)
    return injection.Outcome(done.returncode, done.stdout, done.stderr, [])


class DiskCase(unittest.TestCase):
    def assert_refused(self, folder, old, outcome, reason):
        self.assertEqual(outcome.code, 1, outcome)
        self.assertIn(reason, outcome.stderr)
        self.assertEqual(oracle.content(folder / "r.json"), old)
        self.assertEqual(oracle.temps(folder), [])


class FullDisk(DiskCase):
    """Refused with the old bytes in place, and carried on with once there is room."""

    def fill(self, folder):
        with open(folder / "filler", "wb", buffering=0) as filler:
            refused = 0
            while refused < 3:  # what a file system had set aside for its own use comes free with an fsync
                try:
                    filler.write(bytes(4096 if refused == 0 else 512))
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
                    os.fsync(filler.fileno())
                    refused += 1

    def refuse_and_recover(self, folder, reason="No space left on device"):
        for old in (oracle.OLD, None):
            (folder / "r.json").unlink(missing_ok=True)
            (folder / ".r.json.lock").touch()
            if old:
                (folder / "r.json").write_bytes(old)
            self.fill(folder)
            self.assert_refused(folder, old, apply(folder, *oracle.SET), reason)
            (folder / "filler").unlink()
            self.assertEqual(apply(folder, *oracle.SET).code, 0)
            self.assertEqual((folder / "r.json").read_bytes(), oracle.NEW if old else oracle.Absent.new)

    def test_full_tmpfs(self):
        injection.root_or_skip("a mount")
        with mounts.tmpfs("size=64k") as folder:
            self.refuse_and_recover(folder)

    def test_full_ext4(self):
        injection.root_or_skip("a mount")
        with mounts.image("ext4") as image:
            self.refuse_and_recover(image.folder)

    def test_no_inodes(self):
        injection.root_or_skip("a mount")
        with mounts.tmpfs("size=64k,nr_inodes=4") as folder:
            (folder / "r.json").write_bytes(oracle.OLD)
            (folder / ".r.json.lock").touch()
            (folder / "last").touch()
            self.assert_refused(folder, oracle.OLD, apply(folder, *oracle.SET), "cannot create a temp file beside it: No space left on device")
            (folder / "last").unlink()
            self.assertEqual(apply(folder, *oracle.SET).code, 0)

    def test_no_inode_for_the_lock(self):
        injection.root_or_skip("a mount")
        with mounts.tmpfs("size=64k,nr_inodes=3") as folder:
            (folder / "r.json").write_bytes(oracle.OLD)
            (folder / "last").touch()
            self.assert_refused(folder, oracle.OLD, apply(folder, *oracle.SET), "cannot open the lock file: No space left on device")


class NoWriting(DiskCase):
    def test_file_system_that_is_mounted_read_only(self):
        injection.root_or_skip("a mount")
        with mounts.image("ext4") as image:
            (image.folder / "r.json").write_bytes(oracle.OLD)
            image.remount("ro")
            self.assert_refused(image.folder, oracle.OLD, apply(image.folder, *oracle.SET), "Read-only file system")
            image.remount("rw")
            self.assertEqual(apply(image.folder, *oracle.SET).code, 0)

    def test_folder_that_one_may_not_write_in(self):
        with tempfile.TemporaryDirectory() as root:
            folder = pathlib.Path(root)
            (folder / "r.json").write_bytes(oracle.OLD)
            program = (*injection.as_nobody_or_skip(), SOAK) if os.geteuid() == 0 else (SOAK,)
            folder.chmod(0o555)
            try:
                self.assert_refused(folder, oracle.OLD, apply(folder, *oracle.SET, program=program), "Permission denied")
            finally:
                folder.chmod(0o755)

    def immutable(self, folder, what):
        if mounts.run("chattr", "+i", what).returncode != 0:
            self.skipTest("left out: chattr +i is not allowed here")
        self.addCleanup(mounts.run, "chattr", "-i", what)
        outcome = apply(folder, *oracle.SET)
        mounts.run("chattr", "-i", what)
        self.assert_refused(folder, oracle.OLD, outcome, "Operation not permitted")
        self.assertEqual(apply(folder, *oracle.SET).code, 0)

    def test_immutable_file_and_folder(self):
        injection.root_or_skip("chattr +i")
        with mounts.image("ext4") as image:
            for what in ("r.json", "."):
                (image.folder / "r.json").write_bytes(oracle.OLD)
                with self.subTest(what):
                    self.immutable(image.folder, image.folder / what)


class PowerCut(DiskCase):
    """The shutdown ioctl drops what the disk does not have yet, the journal's unwritten part included. What was acknowledged before it
    must be there after the next mount; what was in flight may be there, whole."""

    def mounted(self, kind):
        injection.root_or_skip("a loop mount")
        opened = mounts.image(kind)
        image = opened.__enter__()
        self.addCleanup(opened.__exit__, None, None, None)
        return image

    def after_the_cut(self, image, how):
        image.cut_power(how)
        image.unmount()
        image.mount()
        return oracle.content(image.folder / "r.json")

    def acknowledged_survives(self, kind, old, how):
        image = self.mounted(kind)
        for cut in range(CUTS):
            (image.folder / "r.json").unlink(missing_ok=True)
            if old is not None:
                (image.folder / "r.json").write_bytes(old)
            os.sync()
            outcome = apply(image.folder, "--set", f"min_interval_ms={70 + cut}")
            self.assertEqual(outcome.code, 0, outcome)
            acknowledged = json.loads(outcome.stdout)["state_hash"]
            now = self.after_the_cut(image, how)
            self.assertEqual(oracle.digest(now), acknowledged, f"cut {cut}: an acknowledged apply is lost: {now}")
            self.assertEqual(apply(image.folder, "--set", "min_interval_ms=60").code, 0)

    def no_op_survives(self, kind):
        """The writer was killed behind its rename; whoever applies the same again is told that nothing is to do."""
        injection.strace_or_skip()
        image = self.mounted(kind)
        for cut in range(CUTS):
            (image.folder / "r.json").write_bytes(oracle.OLD)
            os.sync()
            killed = injection.inject([SOAK, "apply", "--runtime", "r.json", *oracle.SET], image.folder, injection.Fault("fsync", 2, "signal=SIGKILL"))
            self.assertTrue(killed.proven)
            self.assertEqual(oracle.content(image.folder / "r.json"), oracle.NEW)
            again = apply(image.folder, *oracle.SET)
            self.assertEqual((again.code, json.loads(again.stdout)["no_op"]), (0, True))
            self.assertEqual(self.after_the_cut(image, mounts.LOSE_LOG), oracle.NEW, f"cut {cut}: what was said to be in place is lost")

    def test_what_nothing_was_to_do_about_survives_on_ext4(self):
        self.no_op_survives("ext4")

    def test_what_nothing_was_to_do_about_survives_on_xfs(self):
        self.no_op_survives("xfs")

    def in_flight_is_whole(self, kind):
        """The cut comes while applies go on: what is there afterwards is the last one acknowledged, or the one after it."""
        image = self.mounted(kind)
        rng = random.Random(1)
        value = 100
        for cut in range(CUTS):
            self.assertEqual(apply(image.folder, "--set", f"min_interval_ms={value}").code, 0)
            acknowledged, stop = [value], threading.Timer(rng.uniform(0.01, 0.15), image.cut_power)
            stop.start()
            while apply(image.folder, "--set", f"min_interval_ms={value + 1}").code == 0:
                value += 1
                acknowledged.append(value)
            stop.join()
            image.unmount()
            image.mount()
            now = json.loads((image.folder / "r.json").read_bytes())["engine"]["min_interval_ms"]
            self.assertIn(now, (value, value + 1), f"cut {cut} after {len(acknowledged)} acknowledged applies")
            value = now + 1
            self.assertEqual(apply(image.folder, "--set", f"min_interval_ms={value}").code, 0)
            self.assertEqual(oracle.temps(image.folder), [])

    def test_acknowledged_change_survives_on_ext4(self):
        self.acknowledged_survives("ext4", oracle.OLD, mounts.LOSE_LOG)

    def test_acknowledged_new_file_survives_on_ext4(self):
        self.acknowledged_survives("ext4", None, mounts.LOSE_LOG)

    def test_acknowledged_change_survives_on_xfs(self):
        self.acknowledged_survives("xfs", oracle.OLD, mounts.LOSE_LOG)

    def test_acknowledged_new_file_survives_on_xfs(self):
        self.acknowledged_survives("xfs", None, mounts.LOSE_LOG)

    def test_acknowledged_change_survives_where_the_log_still_got_out(self):
        for kind in mounts.MAKE:
            with self.subTest(kind):
                self.acknowledged_survives(kind, oracle.OLD, mounts.FLUSH_LOG)

    def test_cut_in_the_middle_of_applies_on_ext4(self):
        self.in_flight_is_whole("ext4")

    def test_cut_in_the_middle_of_applies_on_xfs(self):
        self.in_flight_is_whole("xfs")


class Holder(DiskCase):
    def test_holder_of_a_lock_is_not_sought_on_another_disk_with_the_same_inode_number(self):
        injection.root_or_skip("a mount")
        with mounts.tmpfs("size=64k") as first, mounts.tmpfs("size=64k") as second:
            for folder in (first, second):
                (folder / ".r.json.lock").touch()
            self.assertEqual((first / ".r.json.lock").stat().st_ino, (second / ".r.json.lock").stat().st_ino)
            holders = [subprocess.Popen([sys.executable, "-c", HOLD, folder / ".r.json.lock"], stdout=subprocess.PIPE) for folder in (first, second)]
            try:
                for holder in holders:
                    holder.stdout.readline()
                with concurrent.futures.ThreadPoolExecutor(2) as pool:  # each waits for the lock as long as soak does
                    outcomes = list(pool.map(lambda folder: apply(folder, *oracle.SET), (first, second)))
            finally:
                for holder in holders:
                    holder.kill()
                    holder.communicate()
            for outcome, holder in zip(outcomes, holders):
                self.assertEqual(outcome.code, 1, outcome)
                self.assertIn(f"locked by process {holder.pid};", outcome.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
