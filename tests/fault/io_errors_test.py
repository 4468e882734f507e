"""`soak apply` and `soak run` on a disk whose writes really fail: through the file system's own handling of errors, which an error put
into a system call leaves out. A page that could not be written counts as clean afterwards, so the next fsync succeeds without it: what is
acknowledged after an error is therefore read again from the disk, behind a power cut. Needs the superuser, nbdkit and nbdfuse.

SOAK_FAULT_LONG=1: 60 rounds instead of 6.
"""
import ctypes
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import unittest

import apply_oracle as oracle
import injection
import mounts
import run_scene as scenes
from injection import SOAK

ROUNDS = 60 if injection.LONG else 6
FIGURE = "min_interval_ms"
TUNED = scenes.Tuned()


def write_back(path):
    """Has the kernel write what waits of a file, and of nothing else: as it does by itself after some seconds."""
    with open(path, "rb") as file:
        ctypes.CDLL(None, use_errno=True).sync_file_range(file.fileno(), ctypes.c_int64(0), ctypes.c_int64(0), 7)  # and waits before and after


class FailingDisk(unittest.TestCase):
    def setUp(self):
        injection.root_or_skip("a mount")

    def cut_and_mount(self, image):
        try:
            image.cut_power()
        except OSError as error:  # a file system that has given its disk up is off already
            self.assertIn(error.errno, (errno.EIO, errno.EROFS, errno.ESHUTDOWN))
        image.unmount()
        image.mount()


class Apply(FailingDisk):
    def apply(self, folder, value):
        return injection.run_plain([SOAK, "apply", "--runtime", "r.json", "--set", f"{FIGURE}={value}", "--json"], folder)

    def value_in(self, folder):
        return json.loads((folder / "r.json").read_bytes())["engine"][FIGURE]

    def errors_in_the_midst_of_applies(self, kind):
        """What the disk holds in the end is the last apply that was acknowledged, or one after it whose outcome was said to be unknown."""
        rng, value, said = random.Random(5), 100, {"acknowledged": 0, "not applied": 0, "unknown": 0}
        with mounts.image(kind, image_class=mounts.FailingImage) as image:
            for n in range(ROUNDS):
                self.assertEqual(self.apply(image.folder, value).code, 0)
                possible, errors, healthy = {value}, image.errors(), threading.Event()

                def fail_for_a_while():
                    time.sleep(rng.uniform(0.005, 0.05))
                    with image.failing():
                        deadline = time.monotonic() + 10
                        while image.errors() == errors and time.monotonic() < deadline:
                            time.sleep(0.002)
                        time.sleep(rng.uniform(0.005, 0.05))
                    healthy.set()

                failing = threading.Thread(target=fail_for_a_while)
                failing.start()
                after = 0
                while after < 3:
                    after += healthy.is_set()
                    value += 1
                    outcome = self.apply(image.folder, value)
                    self.assertIn(outcome.code, (0, *oracle.NOT_APPLIED, oracle.UNKNOWN), outcome)
                    if outcome.code == 0:
                        possible = {value}
                        said["acknowledged"] += 1
                    elif outcome.code == oracle.UNKNOWN:
                        possible.add(value)
                        said["unknown"] += 1
                    else:
                        said["not applied"] += 1
                failing.join()
                self.assertGreater(image.errors(), errors, "no write failed")
                self.cut_and_mount(image)
                self.assertIn(self.value_in(image.folder), possible, f"round {n}")
                value = max(possible) + 1
                self.assertEqual(self.apply(image.folder, value).code, 0)
                self.assertEqual(oracle.temps(image.folder), [])
        print(f"{kind}: {said}", flush=True)
        self.assertGreater(said["not applied"] + said["unknown"], ROUNDS // 2)

    def test_errors_in_the_midst_of_applies_on_ext4(self):
        self.errors_in_the_midst_of_applies("ext4")

    def test_errors_in_the_midst_of_applies_on_xfs(self):
        self.errors_in_the_midst_of_applies("xfs")


class Run(FailingDisk):
    def each_round(self, kind, damage):
        """Fresh runs, one after the other: `damage(image, root, rng)` has writes fail, cuts the power, and returns what was told of iterations."""
        whole, rng = scenes.uninterrupted(TUNED), random.Random(7)
        with mounts.image(kind, image_class=mounts.FailingImage) as image:
            root = image.folder / "work"
            for n in range(ROUNDS):
                root.mkdir()
                TUNED.prepare(root)
                os.sync()
                errors = image.errors()
                told = damage(image, root, rng)
                self.assertGreater(image.errors(), errors, "no write failed")
                self.assertEqual(scenes.judge_journal(whole, root, told, blank_tail=True), [], f"round {n}")
                self.assertEqual(scenes.judge_resumed(TUNED, root), [], f"round {n}")
                shutil.rmtree(root)

    def start(self, root, *more):
        return subprocess.Popen(TUNED.command(*more), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def resume_some(self, root, iterations):
        """Started, and again where it is told of the error first; returns it after so many iterations, and what it told."""
        for _ in range(2):
            process = self.start(root, "--resume")
            told = "".join(process.stderr.readline() for _ in range(iterations))
            if scenes.TOLD.search(told):
                return process, told
            self.assertRegex(told + process.communicate(timeout=60)[1], "^soak: .*Input/output error")
        self.fail("a disk that works again is not gone on with: " + told)

    def killed_before_a_write_that_fails(self, image, root, rng):
        """Killed before its records are durable; then the disk fails to take them; then a resume finds them in memory, and goes on."""
        killed = injection.inject(TUNED.command(), root, injection.Fault("fdatasync", rng.randrange(3, 40), "signal=SIGKILL"))
        self.assertTrue(killed.proven, killed)
        with image.failing():
            write_back(scenes.journal_of(root))
        process, told = self.resume_some(root, rng.randrange(1, 6))
        image.cut_power()
        told = killed.stderr + told + process.communicate(timeout=60)[1]
        image.unmount()
        image.mount()
        return told

    def test_record_that_the_disk_did_not_take_is_not_gone_on_from_on_ext4(self):
        injection.strace_or_skip()
        self.each_round("ext4", self.killed_before_a_write_that_fails)

    def test_record_that_the_disk_did_not_take_is_not_gone_on_from_on_xfs(self):
        injection.strace_or_skip()
        self.each_round("xfs", self.killed_before_a_write_that_fails)

    def errors_in_its_midst(self, image, root, rng):
        process = self.start(root)
        told = "".join(process.stderr.readline() for _ in range(rng.randrange(1, 30)))
        process.send_signal(signal.SIGSTOP)
        with image.failing():
            process.send_signal(signal.SIGCONT)
            told += process.communicate(timeout=60)[1]
        self.assertNotEqual(process.returncode, 0, "it went through, on a disk that takes nothing")
        outcome = injection.Outcome(process.returncode, "", told, [])
        self.assertEqual(scenes.judge_code(scenes.uninterrupted(TUNED), root, outcome), [])
        self.cut_and_mount(image)
        return told

    def test_errors_in_the_midst_of_a_run_on_ext4(self):
        self.each_round("ext4", self.errors_in_its_midst)

    def test_errors_in_the_midst_of_a_run_on_xfs(self):
        self.each_round("xfs", self.errors_in_its_midst)


if __name__ == "__main__":
    unittest.main(verbosity=2)
