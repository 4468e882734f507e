"""A folder with a short mock run in "run", made once for all tests of a class, and the program called in it."""
import os
import pathlib
import subprocess
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]


class RunCase(unittest.TestCase):
    ITERATIONS = 3  # too few for the gate

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        cls.make_run("run", cls.ITERATIONS)

    @classmethod
    def make_run(cls, name, iterations):
        subprocess.run([SOAK, "run", "--iterations", str(iterations), "--mock", "--auto-tune", "--out", name, "--quiet"], cwd=cls.root,
                       check=True, capture_output=True)

    def soak(self, *arguments, expect=0, **options):
        options.setdefault("stdout", subprocess.PIPE)
        done = subprocess.run([SOAK, *arguments], cwd=self.root, stderr=subprocess.PIPE, text=True, timeout=60, **options)
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done
