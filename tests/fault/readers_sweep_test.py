"""Every command that judges, shows or mends a run, given errors at its calls: it gives the answer that it gives undisturbed, or
says what it could not do. Never another answer: a folder that was only half listed is not judged, and nothing half written takes a name.

SOAK_FAULT_LONG=1: every error at every call, instead of 120 for each command and run: EIO, once and for good, and one other at a call.
"""
import collections
import concurrent.futures
import pathlib
import random
import re
import shutil
import tempfile
import unittest

import injection
import run_scene as scenes
from injection import SOAK

RUNS = {"passes": ["--iterations", "24", "--auto-tune"], "fails": ["--iterations", "10"]}
COMMANDS = {
    "gate": ["gate", "--path", "run", "--strict", "--prometheus", "--json"],
    "verify": ["verify", "--path", "run", "--strict", "--json"],
    "ledger": ["ledger", "--path", "run"],
    "promote": ["promote", "--path", "run", "--to", "promoted.json"],
    "analyze": ["analyze", "--path", "run"],
    "snapshot": ["snapshot", "--path", "run"],
    "report": ["report", "--path", "run", "--out", "report.html"],
    "status": ["status", "--path", "."],
    "fsck": ["fsck", "--path", "run"],
    "repair": ["fsck", "--path", "run", "--repair"],
    "hash": ["hash", "run/runtime_overrides.json", "--canonical"],
}
TOLD = (1, 4, 5)  # an error; the outcome of a promote is unknown; could not judge
POINTS_MAX = 20_000 if injection.LONG else 120  # of a command and a run, the same ones each time


class Undisturbed:
    def __init__(self, command, run):
        self.command, self.run = [SOAK, *command], run
        root = self.fresh()
        self.before = scenes.tree(root)
        outcome = injection.run_traced(self.command, root, [])
        self.after = scenes.tree(root)
        shutil.rmtree(root)
        self.code, self.stdout = outcome.code, outcome.stdout
        self.calls = [line for line in outcome.log if injection.CALL.match(line)]

    def fresh(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="soak-reader-"))
        shutil.copytree(self.run, root / "run", symlinks=True)
        return root

    def points(self):
        """Errors at the calls behind the loader's."""
        loaded = next(n for n, line in enumerate(self.calls) if "execve(" not in line and re.search(r'"(run[/"]|\.")', line))
        of_loader = injection.occurrences(self.calls[:loaded])
        points = [point for point in injection.error_points(self.calls, loaded)
                  if point.occurrence > of_loader[point.call] and injection.FAILING.search(point.call)]
        if injection.LONG:
            return points
        chosen = [point for point in points if "EIO" in point.what] + injection.one_in_turn(point for point in points if "EIO" not in point.what)
        random.Random(8).shuffle(chosen)
        return chosen[:POINTS_MAX]

    def judge(self, outcome, root):
        now, wrong = scenes.tree(root), []
        if outcome.code == self.code and outcome.stdout == self.stdout:
            if self.code == 0 and (other := scenes.difference(now, self.after)):
                wrong.append("the same answer, and other files: " + other)
        elif outcome.code == 0 and "(repaired)" in outcome.stdout:  # what could not be read was rebuilt
            if other := scenes.difference(now, self.after):
                wrong.append("told as repaired: " + other)
        elif outcome.code == 0:
            wrong.append(f"another answer, as a success: {outcome.stdout[:300]}")
        elif outcome.code not in TOLD:
            wrong.append(f"exit {outcome.code}: {outcome.stderr[-300:]}")
        elif not re.search("cannot|may or may not", outcome.stderr + "".join(set(outcome.stdout.splitlines()) - set(self.stdout.splitlines()))):
            wrong.append(f"exit {outcome.code} that names no error: {outcome.stdout[:300]} {outcome.stderr[-300:]}")
        for name, (_, content) in now.items():
            if content not in (self.before.get(name, (0, None))[1], self.after.get(name, (0, None))[1]):
                wrong.append(f"{name} is neither the old nor the new one")
            if name not in self.after:
                wrong.append(f"{name} is left behind")
        return wrong


class Readers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        injection.strace_or_skip()
        scratch = tempfile.TemporaryDirectory(prefix="soak-readers-")
        cls.addClassCleanup(scratch.cleanup)
        cls.runs = {}
        for name, options in RUNS.items():
            cls.runs[name] = pathlib.Path(scratch.name) / name
            done = scenes.run([SOAK, "run", "--mock", "--iteration-s", "60", "--out", str(cls.runs[name]), *options], scratch.name)
            assert done.returncode == 0, done

    def sweep(self, command):
        points, codes = 0, collections.Counter()
        for name, run in self.runs.items():
            undisturbed = Undisturbed(COMMANDS[command], run)

            def one(fault):
                def attempt():
                    root = undisturbed.fresh()
                    try:
                        outcome = injection.inject(undisturbed.command, root, fault)
                        return outcome, injection.unasked_death(outcome, fault) + undisturbed.judge(outcome, root)
                    finally:
                        shutil.rmtree(root)
                outcome, wrong = injection.until_proven(attempt)
                return outcome, [f"{command} of a run that {name}, {fault}: {w}" for w in wrong + ["it never happened"] * (not outcome.proven)]

            with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
                results = list(pool.map(one, undisturbed.points()))
            self.assertEqual([w for _, wrong in results for w in wrong], [])
            points += len(results)
            codes.update(outcome.code for outcome, _ in results)
        print(f"{points} errors proven: exit codes {dict(sorted(codes.items()))}", flush=True)
        self.assertGreater(points, 30)
        self.assertGreater(len(codes), 1, "no error ever mattered")


for each in COMMANDS:
    setattr(Readers, f"test_{each}_gives_its_answer_or_says_what_it_could_not_do", lambda self, command=each: self.sweep(command))

if __name__ == "__main__":
    unittest.main(verbosity=2)
