"""`soak run` on a disk that fills up under it, at every level of fullness: it stops and says what could not be written, and once there is
room again `--resume` ends with the uninterrupted bytes; and on one that loses its power. Needs the superuser, for disks of the test's own.

SOAK_FAULT_LONG=1: every level and 60 power cuts a file system; otherwise about thirty levels, and 6 cuts.
"""
import errno
import os
import pathlib
import random
import shutil
import subprocess
import unittest

import injection
import mounts
import run_scene as scenes

SCENE, TUNED = scenes.Scene(), scenes.Tuned()
CUTS = 60 if injection.LONG else 6
LEVELS = None if injection.LONG else 30
PAGE = 4096


class FullDisk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        injection.root_or_skip("a mount")
        cls.whole = scenes.uninterrupted(SCENE)

    def fill(self, folder, bytes_left):
        """Takes all room but so much, to the last block that the file system gives."""
        with open(folder / "filler", "wb", buffering=0) as filler, open(folder / "spare", "wb", buffering=0) as spare:
            spare.write(bytes(bytes_left))
            os.fsync(spare.fileno())
            refused = 0
            while refused < 3:  # what a file system had set aside for its own use comes free with an fsync
                try:
                    filler.write(bytes(PAGE if refused == 0 else 512))
                except OSError as error:
                    self.assertEqual(error.errno, errno.ENOSPC)
                    os.fsync(filler.fileno())
                    refused += 1
        (folder / "spare").unlink()
        os.sync()

    def run_into(self, folder, make_full, make_room):
        """One run that meets a full disk, and goes on when there is room; where it failed, or nothing where it went through."""
        root = folder / "work"
        root.mkdir()
        try:
            SCENE.prepare(root)
            make_full()
            done = scenes.run(SCENE.command(), root)
            outcome = injection.Outcome(done.returncode, done.stdout, done.stderr, [])
            self.assertEqual(scenes.judge_left(SCENE, root, outcome), [], outcome)
            if done.returncode != 0:
                self.assertEqual(done.returncode, 1, outcome)
                last = done.stderr.strip().splitlines()[-1]
                self.assertRegex(last, r"^soak: artifacts/.*No space left on device; --resume goes on from the last complete iteration$")
            make_room()
            self.assertEqual(scenes.judge_resumed(SCENE, root), [], outcome)
            return None if done.returncode == 0 else pathlib.Path(last.split(": ")[1]).name
        finally:
            (folder / "filler").unlink(missing_ok=True)
            for extra in folder.glob("inode-*"):
                extra.unlink()
            shutil.rmtree(root)

    def levels(self, highest, step):
        every = range(0, highest + step, step)
        return every if LEVELS is None else sorted({every[i * (len(every) - 1) // LEVELS] for i in range(LEVELS + 1)})

    def sweep(self, folder, levels, make_full, make_room):
        failed_at = [self.run_into(folder, lambda: make_full(level), make_room) for level in levels]
        places = {"artifact" if name.startswith(("ITER_", "EDGE", "KPI", "LAST")) else name for name in failed_at if name}
        print(f"{len([name for name in failed_at if name])} of {len(failed_at)} runs met the full disk, at {sorted(places)}", flush=True)
        self.assertIsNone(failed_at[-1], "with the most room it has to go through")
        return places

    def test_full_tmpfs_at_every_level(self):
        with mounts.tmpfs("size=512k") as folder:
            places = self.sweep(folder, self.levels(24 * PAGE, PAGE), lambda left: self.fill(folder, left), lambda: (folder / "filler").unlink())
        self.assertLessEqual({"artifact", "journal.jsonl", "runtime_overrides.json"}, places)

    def test_full_ext4_at_every_level(self):
        with mounts.image("ext4", make_options=["-b", "1024"]) as image:
            folder = image.folder
            places = self.sweep(folder, self.levels(60 * 1024, 1024), lambda left: self.fill(folder, left), lambda: (folder / "filler").unlink())
        self.assertLessEqual({"artifact", "journal.jsonl"}, places)

    def test_no_inodes_at_every_number(self):
        with mounts.tmpfs("size=4m,nr_inodes=64") as folder:
            def take_inodes(left):
                free = os.statvfs(folder).f_ffree
                for n in range(free - left):
                    (folder / f"inode-{n}").touch()

            def give_back():
                for extra in folder.glob("inode-*"):
                    extra.unlink()

            places = self.sweep(folder, range(26), take_inodes, give_back)
        self.assertLessEqual({"latest", "journal.jsonl", "runtime_overrides.json", "artifact", "TUNING_REPORT.json"}, places)


class PowerCut(unittest.TestCase):
    """The shutdown ioctl drops what the disk does not have yet, in the midst of a run. Artifacts may be torn then: the journal rebuilds
    them."""

    def cut(self, kind):
        injection.root_or_skip("a loop mount")
        whole, rng, cut_short = scenes.uninterrupted(TUNED), random.Random(3), 0
        with mounts.image(kind) as image:
            root = image.folder / "work"
            for _ in range(CUTS):
                root.mkdir()
                TUNED.prepare(root)
                os.sync()
                process = subprocess.Popen(TUNED.command(), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                           text=True)
                told = "".join(process.stderr.readline() for _ in range(rng.randrange(1, 39)))
                image.cut_power()
                told += process.communicate(timeout=60)[1]
                image.unmount()
                image.mount()
                cut_short += process.returncode != 0
                self.assertEqual(scenes.judge_journal(whole, root, told), [])
                self.assertEqual(scenes.judge_resumed(TUNED, root), [])
                shutil.rmtree(root)
        print(f"{kind}: {cut_short} of {CUTS} runs were cut short", flush=True)
        self.assertGreater(cut_short, CUTS // 2)

    def test_iterations_that_were_told_survive_on_ext4(self):
        self.cut("ext4")

    def test_iterations_that_were_told_survive_on_xfs(self):
        self.cut("xfs")


if __name__ == "__main__":
    unittest.main(verbosity=2)
