"""`soak run -- CMD`: healthy targets verify whole, each fault is convicted under its name, and no process is left behind."""
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
BOT = [sys.executable, str(pathlib.Path(__file__).with_name("faulty_bot.py"))]
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
ITERATION_S, SETTLE_S = 1.2, 0.5
AT_ONCE = 6  # they mostly sleep
NO_GUARDS = {"oscillation_window": 0, "velocity_cap": 1e9, "cooldown_iters": 0}
START = {"engine": {"min_interval_ms": 60, "tail_age_ms": 500, "max_age_ms": 900}, "risk": {"base_spread_bps": 0.2}, "tuner": NO_GUARDS}
PLAN = {i: {"min_interval_ms": 60 + i, "tail_age_ms": 500 + 10 * i, "base_spread_bps": 0.2 + i / 10} for i in range(1, 5)}


class Scratch:
    """A folder, and runs in it."""

    def __init__(self, root, plan=None, start=None):
        self.root = pathlib.Path(root)
        lines = [json.dumps({"iteration": i, "proposed_deltas": deltas}) for i, deltas in (plan or PLAN).items()]
        (self.root / "plan.jsonl").write_text("\n".join(lines) + "\n")
        (self.root / "start.json").write_text(json.dumps(start or START))

    def command(self, target, *options, iterations=5):
        return [SOAK, "run", "--iterations", str(iterations), "--iteration-s", str(ITERATION_S), "--settle-s", str(SETTLE_S),
                "--tuner", "plan:plan.jsonl", "--overrides", "start.json", "--out", "run", *map(str, options), "--", *map(str, target)]

    def run(self, target, *options, **more):
        return subprocess.run(self.command(target, *options, **more), cwd=self.root, capture_output=True, text=True, timeout=120)

    def judge(self, command, *options):
        done = subprocess.run([SOAK, command, "--path", "run", "--json", *options], cwd=self.root, capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout)

    def iterations(self):
        return sorted(int(p.stem.rsplit("_", 1)[1]) for p in (self.root / "run").glob("ITER_SUMMARY_*.json"))


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


# Fault of the bot → exit of the run, and what verify must name, in the iteration after the second change (3), and nothing else.
FAULTS = {
    "ignored": (0, {"ignored"}),
    "half_applied": (0, {"half_applied"}),
    "wrong_value": (0, {"wrong_value"}),
    "late": (0, {"late"}),
    "rolled_back": (0, {"rolled_back"}),
    "drifted": (0, {"drifted"}),
    "stale_report": (0, {"stale_report"}),
    "torn_report": (7, {"torn_report"}),
    "no_effect": (0, {"no_effect"}),
    "wrong_hash": (0, {"wrong_hash"}),
    "foreign_edit": (0, {"foreign_edit"}),
    "fleeting_edit": (0, {"foreign_edit"}),
    "edited_before_load": (0, {"foreign_edit"}),
    "crashed": (7, {"crashed"}),
    "hung": (7, {"stale_report", "hung"}),  # an iteration without a report, and then another
    "restarted": (0, {"restarted"}),
}
HEALTHY = {"plain": [], "jitter": ["--jitter"], "slow reload": ["--reload-s", "0.2"], "float32": ["--float32"],
           "slow and odd": ["--jitter", "--reload-s", "0.2", "--float32"], "sighup": ["--sighup"]}


def try_fault(name):
    with tempfile.TemporaryDirectory() as root:
        scratch = Scratch(root)
        done = scratch.run([*BOT, name], iterations=9 if name in ("hung", "stale_report") else 5)
        return {"run": done, "verify": scratch.judge("verify"), "gate": scratch.judge("gate"), "iterations": scratch.iterations()}


def try_healthy(name):
    with tempfile.TemporaryDirectory() as root:
        scratch = Scratch(root)
        more = ["--reload", "sighup"] if name == "sighup" else []
        done = scratch.run([*BOT, "healthy", *HEALTHY[name]], *more)
        return {"run": done, "verify": scratch.judge("verify", "--strict"), "gate": scratch.judge("gate")}


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            faults = {name: pool.submit(try_fault, name) for name in FAULTS}
            healthy = {name: pool.submit(try_healthy, name) for name in HEALTHY}
            cls.faults = {name: future.result() for name, future in faults.items()}
            cls.healthy = {name: future.result() for name, future in healthy.items()}

    def test_each_fault_is_named_in_its_iteration_and_nothing_else(self):
        for name, (code, kinds) in FAULTS.items():
            with self.subTest(name):
                got = self.faults[name]
                self.assertEqual(got["run"].returncode, code, got["run"].stdout + got["run"].stderr)
                exit_code, result = got["verify"]
                self.assertEqual({f["kind"] for f in result["faults"]}, kinds, result["faults"])
                self.assertEqual(exit_code, 1)
                self.assertEqual(min(f["iteration"] for f in result["faults"]), 4 if name == "stale_report" else
                                 4 if name == "hung" else 3, result["faults"])
                self.assertEqual(got["gate"][0], 1, got["gate"])

    def test_a_target_that_ends_leaves_the_artifacts_so_far(self):
        for name in ("crashed", "torn_report"):
            with self.subTest(name):
                self.assertEqual(self.faults[name]["iterations"], [1, 2, 3])
        self.assertIn("out of memory", self.faults["crashed"]["run"].stderr)
        self.assertIn("status 3", self.faults["crashed"]["run"].stderr)

    def test_what_another_hand_changed_before_it_was_loaded_counts_as_not_delivered(self):
        result = self.faults["edited_before_load"]["verify"][1]
        self.assertEqual((result["full_apply_count"], [f["iteration"] for f in result["failures"]]), (3, [2] * len(result["failures"])), result)

    def test_healthy_targets_are_delivered_to_and_not_accused(self):
        for name in HEALTHY:
            with self.subTest(name):
                got = self.healthy[name]
                self.assertEqual(got["run"].returncode, 0, got["run"].stdout + got["run"].stderr)
                exit_code, result = got["verify"]
                self.assertEqual((exit_code, result["full_apply_count"], result["faults"]), (0, 4, []), result)


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.scratch = Scratch(self.root)
        self.pids = self.root / "pids"

    def start(self, target, *options, **more):
        process = subprocess.Popen(self.scratch.command(target, *options, **more), cwd=self.root, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)  # closes its pipes
        self.addCleanup(process.kill)
        return process

    def start_family(self, *bot_options):
        process = self.start([*BOT, "healthy", "--children", self.pids, *bot_options], "--grace-s", "1", iterations=50)
        self.assertTrue(wait_until(self.pids.exists))
        pids = json.loads(self.pids.read_text())
        self.assertTrue(wait_until(lambda: (self.root / "run/ITER_SUMMARY_1.json").exists()))
        self.assertTrue(all(map(alive, pids)))
        return process, pids

    def assert_gone(self, pids):
        self.assertTrue(wait_until(lambda: not any(map(alive, pids))), [p for p in pids if alive(p)])

    def test_soak_killed_with_sigkill_leaves_no_process_of_the_target(self):
        for bot_options in ([], ["--deaf"]):
            with self.subTest(bot_options):
                self.pids.unlink(missing_ok=True)
                process, pids = self.start_family(*bot_options)
                process.send_signal(signal.SIGKILL)
                process.wait()
                self.assert_gone(pids)
                subprocess.run(["rm", "-r", self.root / "run"], check=True)

    def test_soak_interrupted_stops_the_target_and_is_fit_for_resume(self):
        process, pids = self.start_family()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=30), 130, process.stderr.read())
        self.assertFalse([p for p in pids if alive(p)])

    def test_a_run_killed_with_sigkill_is_resumed_with_a_new_instance_and_no_accusation(self):
        process = self.start([*BOT])
        self.assertTrue(wait_until(lambda: (self.root / "run/ITER_SUMMARY_2.json").exists()))
        process.kill()
        process.wait()
        done = self.scratch.run([*BOT], "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        code, result = self.scratch.judge("verify", "--strict")
        self.assertEqual((code, result["full_apply_count"], result["faults"]), (0, 4, []), result)
        self.assertEqual(self.scratch.iterations(), [1, 2, 3, 4, 5])
        again = self.scratch.run([*BOT, "--jitter"], "--resume")
        self.assertEqual(again.returncode, 1)
        self.assertIn("command", again.stderr)

    def test_the_target_killed_ends_the_run_with_exit_7_and_artifacts(self):
        process, pids = self.start_family()
        os.kill(pids[0], signal.SIGKILL)
        self.assertEqual(process.wait(timeout=30), 7)
        self.assertIn("signal 9", process.stderr.read())
        for name in ("TUNING_REPORT.json", "EDGE_REPORT.json", "KPI_GATE.json", "journal.jsonl", "target.log"):
            self.assertTrue((self.root / "run" / name).exists(), name)
        self.assert_gone(pids)
        self.assertEqual({f["kind"] for f in self.scratch.judge("verify")[1]["faults"]}, {"crashed"})

    def test_good_then_bad_then_the_same_good_value_again_is_delivered_each_time(self):
        plan = {i: {"min_interval_ms": value} for i, value in enumerate((60, 90, 60, 90, 60), start=1)}
        start = {**START, "engine": {"min_interval_ms": 50, "tail_age_ms": 500, "max_age_ms": 900}}
        self.scratch = Scratch(self.root, plan, start)
        done = self.scratch.run(BOT, iterations=6)
        self.assertEqual(done.returncode, 0, done.stderr)
        code, result = self.scratch.judge("verify", "--strict")
        self.assertEqual((code, result["proposed_count"], result["full_apply_count"]), (0, 5, 5), result)

    def test_a_good_value_that_does_not_come_back_is_convicted(self):
        plan = {i: {"min_interval_ms": value} for i, value in enumerate((60, 90, 60), start=1)}
        start = {**START, "engine": {"min_interval_ms": 50, "tail_age_ms": 500, "max_age_ms": 900}}
        self.scratch = Scratch(self.root, plan, start)
        self.scratch.run([*BOT, "ignored", "--on", "3"])
        code, result = self.scratch.judge("verify")
        self.assertEqual((code, result["full_apply_count"]), (1, 2), result)
        self.assertEqual([(f["iteration"], f["kind"]) for f in result["faults"]], [(4, "ignored")])

    def test_a_target_that_never_reports_is_hung_with_what_it_said(self):
        done = self.scratch.run(["sh", "-c", "echo waiting for the exchange; exec sleep 60"], "--ready-s", "0.5")
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("no first report within 0.5 s", done.stderr)
        self.assertIn("waiting for the exchange", done.stderr)
        self.assertEqual([f["kind"] for f in self.scratch.judge("verify")[1]["faults"]], ["hung"])

    def test_a_target_that_ends_before_its_first_report_has_crashed(self):
        done = self.scratch.run(["sh", "-c", "echo no licence >&2; exit 4"])
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("ended with exit status 4; its last words: no licence", done.stderr)
        self.assertEqual((self.root / "run/target.log").read_text(), "no licence\n")

    def test_a_program_that_does_not_exist_is_refused_before_anything_is_written(self):
        done = self.scratch.run(["no-such-bot"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("no-such-bot: no such program", done.stderr)
        self.assertFalse((self.root / "run").exists())

    def test_options_that_make_no_sense_together_are_usage_errors(self):
        for options in (["--mock"], ["--map", "x"], ["--scrape", "http://127.0.0.1:1/"]):
            with self.subTest(options):
                self.assertEqual(self.scratch.run(BOT, *options).returncode, 2)

    def test_the_examples_are_as_short_as_they_say(self):
        for name in ("bot.cc", "bot.py"):
            text = (EXAMPLES / name).read_text()
            self.assertIn("in 60 lines", text.splitlines()[0])
            self.assertLessEqual(len(text.splitlines()), 60, name)

    def test_the_example_in_python_verifies_whole(self):
        plan = {i: {"min_interval_ms": 20 + 5 * i} for i in range(1, 5)}
        self.scratch = Scratch(self.root, plan, {"engine": {"min_interval_ms": 20}, "tuner": NO_GUARDS})
        done = self.scratch.run([sys.executable, EXAMPLES / "bot.py"])
        self.assertEqual(done.returncode, 0, done.stderr)
        code, result = self.scratch.judge("verify", "--strict")
        self.assertEqual((code, result["full_apply_count"], result["faults"]), (0, 4, []), result)

    @unittest.skipUnless("SOAK_EXAMPLE_BOT" in os.environ, "the C++ example is not built")
    def test_the_example_in_cpp_verifies_whole(self):
        plan = {i: {"min_interval_ms": 20 + 5 * i} for i in range(1, 5)}
        self.scratch = Scratch(self.root, plan, {"engine": {"min_interval_ms": 20}, "tuner": NO_GUARDS})
        done = self.scratch.run([os.environ["SOAK_EXAMPLE_BOT"]])
        self.assertEqual(done.returncode, 0, done.stderr)
        code, result = self.scratch.judge("verify", "--strict")
        self.assertEqual((code, result["full_apply_count"], result["faults"]), (0, 4, []), result)


if __name__ == "__main__":
    unittest.main()
