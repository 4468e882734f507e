"""`soak prove -- CMD`: a good program passes, a broken one is told what it cannot show, and no process is left behind."""
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
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = (HERE.parents[1] / "examples/bot.py").read_text()
FAULTY = (HERE / "faulty_bot.py").read_text()
START = {"engine": {"min_interval_ms": 40}, "risk": {"base_spread_bps": 1.0}}
TIMES = ["--iteration-s", "1", "--settle-s", "0.4"]
KINDS = ["ignored", "half_applied", "late", "restarted", "foreign_edit"]


class Scratch:
    """A folder with start.json and a program of its own, by whose path its processes can be told."""

    def __init__(self, root, program):
        self.root = pathlib.Path(root)
        (self.root / "start.json").write_text(json.dumps(START))
        (self.root / "bot.py").write_text(program)

    def command(self, *options, program=()):
        return [SOAK, "prove", "--overrides", "start.json", *TIMES, *options, "--", sys.executable, str(self.root / "bot.py"), *program]

    def soak(self, *options, program=()):
        return subprocess.run(self.command(*options, program=program), cwd=self.root, capture_output=True, text=True, timeout=90)

    def processes(self):
        """Those that run the program. The supervisors bear soak's command line, which names it too."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str(self.root / "bot.py").encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found


def changed(program, old, new):
    assert old in program, old
    return program.replace(old, new)


def try_good(root):
    scratch = Scratch(root, EXAMPLE)
    done = scratch.soak("--threads", "6", "--json", "--keep", "kept")
    judged = {}
    for name in ("ignored-1", "half_applied-1", "late-1", "late-2", "restarted-1", "foreign_edit-1", "healthy-1"):
        judged[name] = [subprocess.run([SOAK, command, "--path", f"kept/{name}", "--json", *options], cwd=root, capture_output=True, text=True)
                        for command, options in (("verify", ["--strict"]), ("gate", []))]
    return {"run": done, "left": scratch.processes(), "judged": judged}


def try_broken(root, program, *options, arguments=()):
    scratch = Scratch(root, program)
    return {"run": scratch.soak(*options, program=arguments), "left": scratch.processes()}


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def try_end(root, how):
    """Ended in a run with an injection, while several programs are at work."""
    scratch = Scratch(root, EXAMPLE)
    process = subprocess.Popen(scratch.command("--threads", "3", "--json", "--keep", "kept"), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    at_work = wait_until(lambda: len(scratch.processes()) > 4, 30)  # soak itself, and more than one with its supervisor
    time.sleep(0.3)
    process.send_signal(how)
    out, _ = process.communicate(timeout=30)
    return {"code": process.returncode, "out": out, "at_work": at_work, "gone": wait_until(lambda: not scratch.processes(), 10),
            "left": scratch.processes()}


class Proofs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        deaf = changed(EXAMPLE, "    if version != (now.st_ino, now.st_mtime_ns):", "    if version is None:")  # to changes
        nameless = changed(EXAMPLE, ', "instance_id": INSTANCE', "")
        with tempfile.TemporaryDirectory() as root, concurrent.futures.ThreadPoolExecutor(8) as pool:
            def go(name, call, *arguments, **more):
                folder = pathlib.Path(root, name)
                folder.mkdir()
                return pool.submit(call, folder, *arguments, **more)
            futures = {
                "good": go("good", try_good),
                "deaf": go("deaf", try_broken, deaf, "--json"),
                "nameless": go("nameless", try_broken, nameless, "--kind", "restarted"),
                "sighup": go("sighup", try_broken, FAULTY, "--reload", "sighup", "--kind", "late", "--kind", "foreign_edit", "--threads", "3",
                             arguments=["healthy", "--sighup"]),
                "interrupted": go("interrupted", try_end, signal.SIGINT),
                "killed": go("killed", try_end, signal.SIGKILL),
            }
            cls.got = {name: future.result() for name, future in futures.items()}

    def test_the_example_shows_every_fault_and_is_accused_of_none(self):
        done = self.got["good"]["run"]
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual([(k["kind"], k["runs"], k["detected"], k["flawed"]) for k in result["kinds"]],
                         [(kind, 2 if kind == "late" else 1, 2 if kind == "late" else 1, 0) for kind in KINDS])
        self.assertEqual((result["healthy"], result["bad"], result["notes"]), ({"runs": 1, "accused": 0}, [], []))

    def test_it_says_how_long_it_takes_and_how_it_goes(self):
        error = self.got["good"]["run"].stderr
        self.assertTrue(error.startswith("soak: 7 runs of 5 iterations of 1 s, 6 at a time after the first: about 10 s, "), error)
        self.assertIn("[1/7] healthy-1: not accused\n", error)
        self.assertIn("[7/7] ", error)

    def test_what_it_keeps_are_runs_that_verify_and_the_gate_judge_alike(self):
        for name, (verified, gate) in self.got["good"]["judged"].items():
            with self.subTest(name):
                healthy = name == "healthy-1"
                self.assertEqual(verified.returncode, 0 if healthy else 1, verified.stdout)
                kinds = {fault["kind"] for fault in json.loads(verified.stdout)["faults"]}
                self.assertEqual(kinds, set() if healthy else {name.rsplit("-", 1)[0]})
                reasons = {c["name"] for c in json.loads(gate.stdout)["checks"] if c["status"] == "failed"}
                self.assertEqual("fault_count" in reasons, not healthy, gate.stdout)

    def test_a_program_that_ignores_changes_is_accused_at_once(self):
        done = self.got["deaf"]["run"]
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result["healthy"]["accused"], result["kinds"]), (1, []))
        self.assertIn("accused of what was not done to it: iteration 2: ignored: min_interval_ms", "\n".join(result["bad"][0]["problems"]))
        self.assertIn("were not made", result["notes"][0])

    def test_a_program_without_an_instance_cannot_show_a_restart(self):
        done = self.got["nameless"]["run"]
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("1 healthy run: 0 accused\n", done.stdout)
        self.assertIn("not named: iteration 3 restarted", done.stdout)
        self.assertIn("unseen: the program reports no instance_id", done.stdout)
        self.assertTrue(done.stdout.endswith("FAIL\n"), done.stdout)

    def test_a_program_that_reloads_on_sighup_is_told(self):
        done = self.got["sighup"]["run"]
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 fault kinds, 3 runs: 3 detected and named rightly, 0 missed\n", done.stdout)

    def test_interrupted_it_exits_130_and_proves_nothing(self):
        got = self.got["interrupted"]
        self.assertEqual(got["code"], 130)
        result = json.loads(got["out"])
        self.assertEqual((result["passed"], result["stopped"]), (False, True))

    def test_no_process_is_left_however_it_ends(self):
        for name, got in self.got.items():
            with self.subTest(name):
                self.assertEqual(got["left"], [])
                self.assertTrue(got.get("at_work", True))


class Usage(unittest.TestCase):
    def refused(self, *arguments, code=2):
        with tempfile.TemporaryDirectory() as root:
            Scratch(root, "")
            done = subprocess.run([SOAK, "prove", *arguments], cwd=root, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertEqual(done.stdout, "")
            return done.stderr

    def test_options_of_the_other_form_are_usage_errors(self):
        for option in ("--seeds", "--healthy", "--seed"):
            self.assertIn("has no meaning with a program", self.refused("--overrides", "start.json", option, "3", "--", "true"))
        for option, value in (("--overrides", "start.json"), ("--plan", "p"), ("--params", "p"), ("--kpi-profile", "p"), ("--iterations", "5"),
                              ("--iteration-s", "2"), ("--settle-s", "1"), ("--ready-s", "2"), ("--grace-s", "2"), ("--reload", "watch")):
            self.assertIn("needs a program to prove", self.refused(option, value))

    def test_what_makes_no_sense_is_a_usage_error(self):
        self.assertIn("say what to move", self.refused("--", "true"))
        self.assertIn("nobody can inject crashed from outside; there are ignored, half_applied, late, restarted, foreign_edit",
                      self.refused("--overrides", "start.json", "--kind", "crashed", "--", "true"))
        self.assertIn("shorter than the iteration", self.refused("--overrides", "start.json", "--settle-s", "2", "--", "true"))

    def test_what_cannot_be_done_says_what_to_give(self):
        self.assertIn("no such program", self.refused("--overrides", "start.json", "--", "no-such-bot", code=1))
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root, "none.json")
            path.write_text('{"market": {"tick_size": 0.1}}')
            self.assertIn("give --overrides FILE with a number that has a step", self.refused("--overrides", str(path), "--", "true", code=1))


if __name__ == "__main__":
    unittest.main()
