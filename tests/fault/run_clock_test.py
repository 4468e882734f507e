"""The machine's clock set an hour forward, or back, in the midst of a run by the real clock: nobody is accused, no guard is fooled, and the
verdicts are those of a run whose clock nobody touched. libfaketime sets the clock of soak; time itself goes on.
"""
import concurrent.futures
import contextlib
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import run_scene as scenes
from injection import SOAK

LIBRARIES = list(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# Not preloaded with it: libfaketime breaks the sleep of Python, clock_nanosleep(2) with an absolute time.
BOT = ["env", "--unset=LD_PRELOAD", sys.executable, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "bot.py")]
ITERATION_S = 1.5
# Three changes of 1.6 step limits each: the third within an hour is beyond the cap of four, and must be held.
PLAN = {1: {"min_interval_ms": 100}, 2: {"min_interval_ms": 140}, 3: {"min_interval_ms": 180}}
START = {"engine": {"min_interval_ms": 60}, "tuner": {"oscillation_window": 0, "velocity_cap": 4, "cooldown_iters": 0}}
JUMPS = {"none": "+0", "forward": "+1h", "back": "-1h"}


class Run:
    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        self.clock = self.root / "clock"
        self.set_clock("+0")
        (self.root / "plan.jsonl").write_text("".join(json.dumps({"iteration": i, "proposed_deltas": d}) + "\n" for i, d in PLAN.items()))
        (self.root / "start.json").write_text(json.dumps(START))

    def set_clock(self, offset):
        new = self.root / "clock.new"
        new.write_text(offset + "\n")
        new.rename(self.clock)

    @contextlib.contextmanager
    def started(self, *options):
        environment = {**os.environ, "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
                       "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        command = [SOAK, "run", "--iterations", "5", "--iteration-s", str(ITERATION_S), "--tuner", "plan:plan.jsonl", "--overrides", "start.json",
                   "--out", "run", *options, "--", *BOT]
        process = subprocess.Popen(command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def await_iteration(self, process, number):
        """Until it is told, and a little: into the midst of the next."""
        told = ""
        while f"[{number}/" not in told:
            line = process.stderr.readline()
            told += line
            if not line:
                raise AssertionError(f"it ended early: {told} {process.stdout.read()}")
        time.sleep(ITERATION_S / 3)

    def jump(self, offset):
        with self.started() as process:
            self.await_iteration(process, 1)
            assert "libfaketime" in pathlib.Path(f"/proc/{process.pid}/maps").read_text(), "soak's clock is not ours to set"
            self.set_clock(offset)
            self.await_iteration(process, 2)
            process.communicate(timeout=60)
            return process.returncode

    def break_off_and_resume(self, offset):
        with self.started() as process:
            self.await_iteration(process, 2)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            if process.returncode != 130:
                return process.returncode
        self.set_clock(offset)
        with self.started("--resume") as process:
            process.communicate(timeout=60)
            return process.returncode

    def json(self, command):
        done = scenes.run([SOAK, command, "--path", "run", "--json"], self.root)
        return done.returncode, json.loads(done.stdout)

    def told(self):
        """What the run comes to: everything but measured values and times."""
        records = scenes.records((self.root / "run/journal.jsonl").read_bytes())
        iterations = [record["body"] for record in records if record["type"] == "iteration"]
        verified, gate = self.json("verify"), self.json("gate")
        return {"in order": [record["seq"] for record in records] == list(range(1, len(records) + 1)),
                "faults": [fault for iteration in iterations for fault in iteration["target"]["faults"]],
                "guards": [(iteration["tuning"]["velocity_violation"], iteration["tuning"]["applied"]) for iteration in iterations],
                "verify": (verified[0], verified[1]["full_apply_count"], verified[1]["fault_count"]),
                "gate": (gate[0], gate[1]["verdict"], sorted((check["name"], check["status"]) for check in gate[1]["checks"]))}

    def ends(self):
        found = [json.loads((self.root / f"run/ITER_SUMMARY_{i}.json").read_text())["summary"]["runtime_utc"] for i in range(1, 6)]
        return [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() for text in found]


class ClockJumps(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not LIBRARIES:
            raise unittest.SkipTest("left out: libfaketime is not installed")
        cls.folders = {}
        def make(how):
            act, jump = how
            folder = cls.enterClassContext(tempfile.TemporaryDirectory()) if hasattr(cls, "enterClassContext") else tempfile.mkdtemp()
            run = cls.folders[how] = Run(folder)
            return run.jump(JUMPS[jump]) if act == "jump" else run.break_off_and_resume(JUMPS[jump])
        cases = [("jump", "none"), ("jump", "forward"), ("jump", "back"), ("resume", "none"), ("resume", "back")]
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:  # they mostly sleep
            cls.codes = dict(zip(cases, pool.map(make, cases)))

    def compare(self, act, jump):
        self.assertEqual(self.codes[act, jump], 0)
        undisturbed, disturbed = self.folders[act, "none"].told(), self.folders[act, jump].told()
        self.assertEqual(disturbed, undisturbed)
        self.assertEqual(disturbed["faults"], [])
        self.assertEqual(disturbed["guards"], [(False, True), (False, True), (True, False), (False, False), (False, False)])
        ends = self.folders[act, jump].ends()
        for last, end in zip(ends, ends[1:]):
            self.assertTrue(0 <= end - last < 60, ends)

    def test_clock_was_really_set(self):
        """A control: in this process's place, `date` sees the jump."""
        run = self.folders["jump", "forward"]
        said = subprocess.run(["date", "+%s"], capture_output=True, text=True,
                              env={**os.environ, "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(run.clock)})
        self.assertAlmostEqual(int(said.stdout), time.time() + 3600, delta=60)

    def test_hour_forward_in_the_midst_of_an_iteration(self):
        self.compare("jump", "forward")

    def test_hour_back_in_the_midst_of_an_iteration(self):
        self.compare("jump", "back")

    def test_resumed_by_a_clock_that_is_an_hour_behind(self):
        self.compare("resume", "back")


if __name__ == "__main__":
    unittest.main(verbosity=2)
