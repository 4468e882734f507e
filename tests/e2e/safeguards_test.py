"""`soak run` on a real program after a bad change: --rollback, --stop-on-veto, --approve, --duration."""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
BOT = [sys.executable, str(pathlib.Path(__file__).with_name("fragile_bot.py"))]
START_MS, GONE_MS, DEADLY_MS, REFUSED_MS = 60, 200, 300, 400
NO_GUARDS = {"oscillation_window": 0, "velocity_cap": 1e9, "cooldown_iters": 0}
VETO = {"extends": "market-maker", "name": "veto", "kpis": [{"name": "net_bps", "veto": True}]}


class Soak:
    """A run of 5 iterations in a folder of its own, with changes of min_interval_ms after some of them."""

    def __init__(self, changes, *options, duration="6s"):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        lines = [json.dumps({"iteration": i, "proposed_deltas": {"min_interval_ms": ms}}) for i, ms in changes.items()]
        (self.root / "plan.jsonl").write_text("\n".join(lines) + "\n")
        (self.root / "start.json").write_text(json.dumps({"engine": {"min_interval_ms": START_MS}, "tuner": NO_GUARDS}))
        (self.root / "veto.json").write_text(json.dumps(VETO))
        (self.root / "answers").write_text("1 yes\n2 no\n")
        self.command = [SOAK, "run", "--duration", duration, "--iteration-s", "1.2", "--settle-s", "0.4", "--tuner", "plan:plan.jsonl",
                        "--overrides", "start.json", "--out", "run", *options]
        self.done = self.run()

    def run(self, *options):
        return subprocess.run([*self.command, *options, "--", *BOT], cwd=self.root, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)

    def soak(self, *arguments):
        return subprocess.run([SOAK, *arguments, "--path", "run"], cwd=self.root, capture_output=True, text=True, timeout=60)

    def json(self, name):
        return json.loads((self.root / "run" / name).read_text())

    def in_effect(self):
        found = sorted((self.root / "run").glob("ITER_SUMMARY_*.json"), key=lambda p: int(p.stem.rsplit("_", 1)[1]))
        return [(json.loads(p.read_text())["runtime_overrides"] or {}).get("engine", {}).get("min_interval_ms") for p in found]


RUNS = {
    "worse": lambda: Soak({2: GONE_MS}, "--rollback"),
    "refused": lambda: Soak({2: REFUSED_MS}, "--rollback"),
    "deadly": lambda: Soak({2: DEADLY_MS}, "--rollback"),
    "left alone": lambda: Soak({2: GONE_MS}),
    "veto": lambda: Soak({2: GONE_MS}, "--stop-on-veto", "--kpi-profile", "veto.json"),
    "approval": lambda: Soak({1: 70, 2: 80, 3: 90}, "--approve", "answers", "--approve-s", "1"),
}


class Safeguards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(len(RUNS)) as pool:
            started = {name: pool.submit(make) for name, make in RUNS.items()}
            cls.runs = {name: future.result() for name, future in started.items()}

    @classmethod
    def tearDownClass(cls):
        for run in cls.runs.values():
            run.folder.cleanup()

    def test_change_that_makes_a_kpi_worse_is_taken_back_and_the_restoration_is_proven(self):
        run = self.runs["worse"]
        self.assertEqual(run.done.returncode, 0, run.done.stderr)
        self.assertEqual(run.in_effect(), [START_MS, START_MS, GONE_MS, START_MS, START_MS])
        verified = run.soak("verify", "--strict", "--json")
        self.assertEqual(verified.returncode, 0, verified.stdout)
        self.assertEqual(json.loads(verified.stdout)["full_apply_count"], 2)
        self.assertIn("iteration 3: rollback of min_interval_ms 200 -> 60: applied", run.soak("ledger").stdout)
        self.assertIn("rolled back 1", run.done.stdout)

    def test_change_that_the_program_does_not_take_is_taken_back_and_stays_a_fault(self):
        run = self.runs["refused"]
        self.assertEqual(run.done.returncode, 0, run.done.stderr)
        self.assertEqual(run.json("ITER_SUMMARY_3.json")["tuning"]["origin"], "rollback")
        verified = json.loads(run.soak("verify", "--json").stdout)
        self.assertEqual([(f["iteration"], f["kind"]) for f in verified["faults"]], [(3, "ignored")])
        self.assertEqual((verified["full_apply_count"], verified["fail_count"]), (1, 1))

    def test_change_under_which_the_program_dies_is_taken_back_for_its_next_start(self):
        run = self.runs["deadly"]
        self.assertEqual(run.done.returncode, 7, run.done.stderr)
        self.assertEqual(run.json("runtime_overrides.json")["engine"]["min_interval_ms"], START_MS)
        again = run.run("--resume")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(run.in_effect()[3:], [START_MS, START_MS])
        verified = json.loads(run.soak("verify", "--json").stdout)
        self.assertEqual([(f["iteration"], f["kind"]) for f in verified["faults"]], [(3, "crashed")])

    def test_without_the_option_the_change_stays_and_the_last_good_values_are_kept(self):
        run = self.runs["left alone"]
        self.assertEqual(run.in_effect()[2:], [GONE_MS] * 3)
        self.assertEqual(run.json("LAST_GOOD.json")["runtime"]["engine"]["min_interval_ms"], START_MS)

    def test_failed_veto_ends_the_run_and_a_resume_changes_nothing(self):
        run = self.runs["veto"]
        self.assertEqual(run.done.returncode, 1, run.done.stderr)
        self.assertIn("stopped on a veto: iteration 3: net_bps -5, at least 2.7", run.done.stderr)
        before = {p.name: p.read_bytes() for p in (run.root / "run").iterdir() if p.is_file()}
        self.assertEqual(run.run("--resume").returncode, 1)
        self.assertEqual({p.name: p.read_bytes() for p in (run.root / "run").iterdir() if p.is_file()}, before)

    def test_only_approved_changes_are_applied_and_no_answer_is_a_no(self):
        run = self.runs["approval"]
        self.assertEqual(run.done.returncode, 0, run.done.stderr)
        self.assertEqual(run.in_effect(), [START_MS, 70, 70, 70, 70])
        self.assertIn("iteration 2: not approved", run.done.stderr)
        self.assertIn("iteration 3: no answer within 1 s: not approved", run.done.stderr)
        verified = run.soak("verify", "--strict", "--json")
        self.assertEqual(verified.returncode, 0, verified.stdout)

    def test_duration_is_a_whole_number_of_iterations(self):
        self.assertEqual(len(self.runs["worse"].in_effect()), 5)


class CommandBehindTheDashes(unittest.TestCase):
    """Whatever stands before them, the program behind the dashes gets its own options, and soak does not."""

    def test_options_that_may_take_values_leave_the_program_its_own(self):
        for option in (["--approve"], ["--approve", "answers"], ["--pin", "tail_age_ms"], ["--pin=tail_age_ms"], ["--rollback"]):
            with self.subTest(option), tempfile.TemporaryDirectory() as root:
                program = "import sys; open('argv', 'w').write(' '.join(sys.argv[1:]))"
                done = subprocess.run([SOAK, "run", "--iterations", "1", "--iteration-s", "0.3", "--ready-s", "5", "--out", "run", *option, "--",
                                       sys.executable, "-c", program, "--seed", "5", "--overwrite"], cwd=root, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 7, done.stderr)  # it ends at once
                self.assertEqual((pathlib.Path(root) / "argv").read_text(), "--seed 5 --overwrite")


class Terminal(unittest.TestCase):
    def test_answers_are_read_from_standard_input(self):
        with tempfile.TemporaryDirectory() as root:
            done = subprocess.run([SOAK, "run", "--mock", "--auto-tune", "--iterations", "3", "--iteration-s", "60", "--approve", "--out", "run"],
                                  cwd=root, input="yes\n\n", capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            applied = [json.loads((pathlib.Path(root) / "run" / f"ITER_SUMMARY_{i}.json").read_text())["tuning"]["applied"] for i in (1, 2)]
            self.assertEqual(applied, [True, False])
            self.assertIn("iteration 1: base_spread_bps 1.0 -> 1.2", done.stderr)


if __name__ == "__main__":
    unittest.main()
