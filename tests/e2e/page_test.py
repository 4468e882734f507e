"""The live page in a real browser, against a real `soak serve`: page/walk.mjs has the checks. And the page's size and types."""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
BOT = [sys.executable, str(pathlib.Path(__file__).with_name("faulty_bot.py"))]
EXAMPLE = [sys.executable, str(ROOT / "examples/bot.py")]
SIZE_MAX = 150_000
LONG_ITERATIONS = 10_000
NO_GUARDS = {"oscillation_window": 0, "cooldown_iters": 0}
START = {"engine": {"min_interval_ms": 60, "tail_age_ms": 500, "max_age_ms": 900}, "risk": {"base_spread_bps": 0.4}, "tuner": NO_GUARDS}
PLAN = {1: {"min_interval_ms": 65}, 2: {"min_interval_ms": 75, "tail_age_ms": 560}, 3: {"tail_age_ms": 600}, 4: {"min_interval_ms": 400}, 5: {"base_spread_bps": 0.45}}


def left_out():
    """Why the page cannot be tried here, or None."""
    if not shutil.which("node"):
        return "node is not installed"
    if not (ROOT / "web/node_modules/playwright-core").exists():
        return "web/node_modules is missing: npm ci in web/"
    if not shutil.which("chromium"):
        return "chromium is not installed"
    return None


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.runs = self.work / "runs"

    def plan(self, name, plan):
        (self.work / "start.json").write_text(json.dumps(START))
        (self.work / name).write_text("".join(json.dumps({"iteration": i, "proposed_deltas": deltas}) + "\n" for i, deltas in plan.items()))

    def mock(self, name, *options, iterations=24):
        subprocess.run([SOAK, "run", "--mock", "--iterations", str(iterations), "--quiet", "--out", str(self.runs / name), *options], check=True, capture_output=True, timeout=240)

    def external(self, name, plan, target, iterations, iteration_s):
        return [SOAK, "run", "--iterations", str(iterations), "--iteration-s", str(iteration_s), "--settle-s", "0.4", "--tuner", f"plan:{self.work / plan}",
                "--overrides", str(self.work / "start.json"), "--quiet", "--out", str(self.runs / name), "--", *target]

    def make_runs(self):
        self.plan("plan.jsonl", PLAN)
        self.plan("slow_plan.jsonl", {i: {"min_interval_ms": 60 + 5 * i} for i in range(1, 6)})
        faulty = subprocess.Popen(self.external("faulty", "plan.jsonl", [*BOT, "wrong_value"], 8, 1.2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.mock("tuned", "--auto-tune", "--seed", "7")
            self.mock("untuned", "--seed", "8")
            self.mock("long", "--auto-tune", "--seed", "9", "--iteration-s", "5", iterations=LONG_ITERATIONS)
        finally:
            faulty.wait(timeout=120)
        (self.runs / "broken").mkdir()
        (self.runs / "broken/journal.jsonl").write_text('{"crc":"00000000","length":2,"record":{}}\n' * 2)
        (self.work / "nothing").mkdir()

    def test_walk(self):
        why = left_out()
        if why:
            self.skipTest(f"left out: {why}")
        self.make_runs()
        subprocess.run([sys.executable, ROOT / "tools/one_page.py", ROOT, self.work / "template.html"], check=True)
        serve = [SOAK, "serve", "--listen", "127.0.0.1:{port}", "--path"]
        config = {"serve": [*serve, str(self.runs)], "serve_nothing": [*serve, str(self.work / "nothing")], "chromium": shutil.which("chromium"),
                  "live": self.external("live", "slow_plan.jsonl", EXAMPLE, 8, 1.5), "template": str(self.work / "template.html"),
                  "report": str(self.work / "report.html"), "pictures": os.environ.get("SOAK_PICTURES")}
        (self.work / "walk.json").write_text(json.dumps(config))
        done = subprocess.run(["node", ROOT / "tests/e2e/page/walk.mjs", self.work / "walk.json"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=540)
        print(done.stdout, flush=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_size(self):
        sys.path.append(str(ROOT / "tools"))
        import one_page
        missing = [source for _, source in one_page.page_list(ROOT) if not (ROOT / source).exists()]
        if missing:
            self.skipTest(f"left out: {missing[0]} is missing: npm ci in web/")
        size = len(gzip.compress(one_page.live_page(ROOT)[0].encode(), 9))
        print(f"the page: {size} bytes gzipped", flush=True)
        self.assertLess(size, SIZE_MAX)

    def test_types(self):
        compiler = ROOT / "web/node_modules/.bin/tsc"
        if not shutil.which("node") or not compiler.exists():
            self.skipTest("left out: node or web/node_modules is missing: npm ci in web/")
        for command in (["node", ROOT / "web/make_types.mjs", "--check"], [compiler, "-p", ROOT / "web"]):
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_pure_functions(self):
        if not shutil.which("node"):
            self.skipTest("left out: node is not installed")
        done = subprocess.run(["node", "--test", ROOT / "web/pure_test.mjs"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_lock_names_the_public_registry_alone(self):
        lock = json.loads((ROOT / "web/package-lock.json").read_text())
        for name, package in lock["packages"].items():
            if name:
                self.assertTrue(package["resolved"].startswith("https://registry.npmjs.org/"), name)


if __name__ == "__main__":
    unittest.main()
