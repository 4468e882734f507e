"""`soak run` from outside: same seed same bytes, folders, plans, signals, SIGKILL at random moments and --resume."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
KILLS = int(os.environ.get("SOAK_KILLS", "20"))  # more for a long proof: SOAK_KILLS=200


def contents(folder):
    """Name → bytes; the lock file holds a process id and is no artifact."""
    return {p.name: p.read_bytes() for p in pathlib.Path(folder).iterdir() if not p.name.endswith(".lock")}


class RunCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)

    def command(self, *options, iterations=6, seed=1):
        return [SOAK, "run", "--iterations", str(iterations), "--auto-tune", "--mock", "--seed", str(seed), *map(str, options)]

    def soak(self, *options, expect=0, **which):
        done = subprocess.run(self.command(*options, **which), cwd=self.root, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def read(self, *parts):
        return json.loads(self.root.joinpath(*parts).read_bytes())


class Repeats(RunCase):
    def test_same_seed_gives_the_same_bytes_in_every_artifact(self):
        self.soak("--out", "a")
        self.soak("--out", "b")
        self.assertEqual(contents(self.root / "a"), contents(self.root / "b"))
        self.assertIn("journal.jsonl", contents(self.root / "a"))

    def test_another_seed_gives_other_reports(self):
        self.soak("--out", "a")
        self.soak("--out", "b", seed=2)
        self.assertNotEqual(self.read("a", "EDGE_REPORT.json"), self.read("b", "EDGE_REPORT.json"))

    def test_verify_finds_every_proposal_delivered(self):
        self.soak("--out", "a", iterations=10)
        done = subprocess.run([SOAK, "verify", "--path", "a", "--strict", "--json"], cwd=self.root, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertGreater(result["proposed_count"], 0)
        self.assertEqual(result["full_apply_ratio"], 1.0)
        self.assertEqual(result["fault_count"], 0)


class Folders(RunCase):
    def judge(self, command, expect):
        done = subprocess.run([SOAK, command, "--path", "a"], cwd=self.root, capture_output=True, text=True)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stderr

    def test_torn_or_edited_artifact_is_named_by_verify_and_gate(self):
        self.soak("--out", "a", iterations=4)
        edits = {"EDGE_REPORT.json": lambda text: text[:-5], "KPI_GATE.json": lambda text: "", "runtime_overrides.json": lambda text: text[:9],
                 "ITER_SUMMARY_2.json": lambda text: text.replace('"applied":true', '"applied":false'),
                 "TUNING_REPORT.json": lambda text: text.replace('"applied":true', '"applied":false')}
        for name, edit in edits.items():
            file = self.root / "a" / name
            whole = file.read_text()
            self.assertNotEqual(edit(whole), whole, name)
            file.write_text(edit(whole))
            self.assertIn(name, self.judge("verify", expect=1))
            self.assertIn(name, self.judge("gate", expect=5))
            file.write_text(whole)
        self.judge("verify", expect=0)

    def test_run_writes_into_a_folder_of_its_own_and_latest_points_there(self):
        self.soak()
        self.soak(seed=2)
        runs = sorted(p.name for p in (self.root / "artifacts/soak/runs").iterdir())
        self.assertEqual(len(runs), 2)
        latest = os.readlink(self.root / "artifacts/soak/latest")
        self.assertEqual(latest, "runs/" + next(r for r in runs if r.startswith("mock-2-")))

    def test_folder_with_a_run_is_refused_and_untouched(self):
        self.soak("--out", "a")
        before = contents(self.root / "a")
        done = self.soak("--out", "a", expect=1)
        self.assertIn("--overwrite", done.stderr)
        self.assertIn("--resume", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(contents(self.root / "a"), before)

    def test_overwrite_replaces_a_longer_run_whole(self):
        self.soak("--out", "a", iterations=8)
        self.soak("--out", "a", "--overwrite", iterations=5)
        self.soak("--out", "b", iterations=5)
        self.assertEqual(contents(self.root / "a"), contents(self.root / "b"))

    def test_resume_of_a_finished_run_changes_no_byte(self):
        self.soak("--out", "a")
        before = contents(self.root / "a")
        self.soak("--out", "a", "--resume")
        self.assertEqual(contents(self.root / "a"), before)

    def test_resume_where_there_is_no_run_starts_one(self):
        self.soak("--out", "a")
        self.soak("--out", "b", "--resume")
        self.assertEqual(contents(self.root / "a"), contents(self.root / "b"))

    def test_resume_with_another_option_is_refused_by_its_name(self):
        self.soak("--out", "a")
        self.assertIn("seed", self.soak("--out", "a", "--resume", seed=2, expect=1).stderr)
        self.assertIn("iterations", self.soak("--out", "a", "--resume", iterations=9, expect=1).stderr)

    def test_file_where_the_folder_belongs_is_named(self):
        (self.root / "file").write_text("mine")
        done = self.soak("--out", "file", expect=1)
        self.assertIn("file: is a file, not a folder", done.stderr)
        self.assertEqual((self.root / "file").read_text(), "mine")

    def test_damaged_journal_is_refused_with_its_line(self):
        self.soak("--out", "a")
        journal = self.root / "a/journal.jsonl"
        text = bytearray(journal.read_bytes())
        text[text.index(b"\n") + 100] ^= 1
        journal.write_bytes(text)
        done = self.soak("--out", "a", "--resume", expect=1)
        self.assertIn("line 2", done.stderr)
        self.assertEqual(journal.read_bytes(), text)


class Inputs(RunCase):
    def test_run_starts_from_the_overrides_given(self):
        (self.root / "start.json").write_text('{"engine": {"min_interval_ms": 44}, "mine": [1]}')
        self.soak("--out", "a", "--overrides", "start.json", "--pin", "min_interval_ms")
        runtime = self.read("a", "runtime_overrides.json")
        self.assertEqual(runtime["engine"]["min_interval_ms"], 44)
        self.assertEqual(runtime["mine"], [1])

    def test_untuned_run_from_where_tuning_ended_keeps_its_values(self):
        self.soak("--out", "a", iterations=10)
        subprocess.run([SOAK, "run", "--iterations", "3", "--mock", "--out", "b", "--overrides", "a/runtime_overrides.json", "--quiet"],
                       cwd=self.root, check=True, capture_output=True)
        self.assertEqual(self.read("b", "runtime_overrides.json"), self.read("a", "runtime_overrides.json"))

    def run_plan(self, text, expect=0):
        (self.root / "plan.jsonl").write_text(text)
        done = subprocess.run([SOAK, "run", "--iterations", "4", "--tuner", "plan:plan.jsonl", "--mock", "--out", "p"], cwd=self.root,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_plan_is_proposed_as_it_stands(self):
        self.run_plan('{"iteration": 2, "proposed_deltas": {"min_interval_ms": 35}}\n')
        self.assertEqual(self.read("p", "ITER_SUMMARY_2.json")["tuning"]["proposed_deltas"], {"min_interval_ms": 35})
        self.assertTrue(self.read("p", "ITER_SUMMARY_2.json")["tuning"]["applied"])
        self.assertEqual(self.read("p", "ITER_SUMMARY_3.json")["runtime_overrides"]["engine"]["min_interval_ms"], 35)

    def test_plan_held_by_a_guard_has_its_reason(self):
        self.run_plan('{"iteration": 1, "proposed_deltas": {"min_interval_ms": 9000}}\n')
        self.assertTrue(self.read("p", "ITER_SUMMARY_1.json")["tuning"]["skip_reason"]["velocity"])

    def test_plan_with_an_unknown_parameter_is_refused_before_anything_is_written(self):
        done = self.run_plan('\n{"iteration": 1, "proposed_deltas": {"min_intervall_ms": 35}}\n', expect=1)
        self.assertIn("plan.jsonl: line 2: min_intervall_ms", done.stderr)
        self.assertFalse((self.root / "p").exists())

    def test_plan_beyond_the_end_of_the_run_is_said(self):
        line = '{"iteration": %d, "proposed_deltas": {"min_interval_ms": 35}}\n'
        self.assertNotIn("warning", self.run_plan(line % 3).stderr)
        shutil.rmtree(self.root / "p")
        self.assertIn("soak: warning: plan.jsonl: not used: the lines for iteration 4, 7,", self.run_plan(line % 7 + line % 2 + line % 4).stderr)
        shutil.rmtree(self.root / "p")
        self.assertIn("plan.jsonl: no line can be used", self.run_plan(line % 4, expect=1).stderr)
        self.assertFalse((self.root / "p").exists())

    def test_bad_overrides_are_refused_before_anything_is_written(self):
        for text in ["{", "[]", '{"engine": {"min_interval_ms": 1e400}}', '{"engine": {"min_interval_ms": "fast"}}', '{"engine": 5}']:
            (self.root / "bad.json").write_text(text)
            done = self.soak("--out", "a", "--overrides", "bad.json", expect=1)
            self.assertIn("bad.json", done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertFalse((self.root / "a").exists())

    def test_usage_errors_exit_2(self):
        for options in [["run", "--mock"], ["run", "--iterations", "3"], ["run", "--iterations", "0", "--mock"],
                        ["run", "--iterations", "3", "--mock", "--tuner", "magic"],
                        ["run", "--iterations", "3", "--mock", "--resume", "--overwrite"],
                        ["run", "--iterations", "3", "--mock", "--loop-feed"],
                        ["run", "--iterations", "3", "--mock", "--iteration-s", "10", "--settle-s", "10"],
                        ["run", "--iterations", "3", "--mock", "--iteration-s", "nan"],
                        ["run", "--iterations", "3", "--mock", "--settle-s", "nan"],
                        ["run", "--iterations", "3", "--mock", "--seed", "-1"],
                        ["run", "--iterations", "3", "--mock", "--seed", "18446744073709551616"],
                        ["apply", "--runtime", "r.json", "--set", "min_interval_ms=60", "--guards", ""]]:
            done = subprocess.run([SOAK, *options], cwd=self.root, capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, options)
        self.assertEqual(list(self.root.iterdir()), [])


class Interruptions(RunCase):
    def start(self, folder, iterations):
        return subprocess.Popen(self.command("--out", folder, "--resume", "--quiet", iterations=iterations), cwd=self.root,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_for(self, folder, name, process):
        deadline = time.monotonic() + 60
        while not (self.root / folder / name).exists():
            self.assertIsNone(process.poll(), "the run ended before it could be interrupted")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)

    def test_termination_exits_130_and_the_run_can_be_resumed(self):
        for sign in (signal.SIGTERM, signal.SIGINT):
            folder = f"stopped-{sign}"
            process = self.start(folder, iterations=80)
            self.wait_for(folder, "ITER_SUMMARY_3.json", process)
            process.send_signal(sign)
            self.assertEqual(process.wait(60), 130)
            done = len(list((self.root / folder).glob("ITER_SUMMARY_*.json")))
            self.assertEqual(len(self.read(folder, "TUNING_REPORT.json")["iterations"]), done)
            self.assertLess(done, 80)
            self.soak("--out", folder, "--resume", "--quiet", iterations=80)
            self.assertEqual(len(self.read(folder, "TUNING_REPORT.json")["iterations"]), 80)

    def test_killed_at_random_moments_and_resumed_gives_the_bytes_of_an_uninterrupted_run(self):
        iterations = 12
        began = time.monotonic()
        self.soak("--out", "whole", "--quiet", iterations=iterations)
        whole_s = time.monotonic() - began
        expected = contents(self.root / "whole")
        chance = random.Random(7)
        killed = 0
        for attempt in range(20 * KILLS):
            if killed >= KILLS:
                break
            folder = f"killed-{attempt}"
            while True:  # several kills for a run, until one attempt gets through
                process = self.start(folder, iterations)
                time.sleep(chance.uniform(0, whole_s))
                process.kill()
                if process.wait(60) == 0:
                    break
                killed += 1
                if chance.random() < 0.5:
                    self.soak("--out", folder, "--resume", "--quiet", iterations=iterations)
                    break
            self.assertEqual(contents(self.root / folder), expected, folder)
        self.assertGreaterEqual(killed, KILLS)


if __name__ == "__main__":
    unittest.main()
