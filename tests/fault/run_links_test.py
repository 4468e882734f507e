"""What a run's folder can be made to do to files outside it: nothing. And what its files tell to others: nothing of the environment.

A link is planted under each name that any command writes; the victim that it leads to keeps content, mode and size, a dangling link's
target never comes into being, and each command either replaces the link or refuses with a reason.
"""
import concurrent.futures
import os
import pathlib
import shutil
import stat
import sys
import tempfile
import unittest

import injection
import run_scene as scenes
from injection import SOAK

SCENE = scenes.Elsewhere()
NAMES = ["journal.jsonl", "runtime_overrides.json", ".runtime_overrides.json.lock", "ITER_SUMMARY_1.json", "ITER_SUMMARY_3.json",
         "TUNING_REPORT.json", "EDGE_REPORT.json", "KPI_GATE.json", "LAST_GOOD.json", "POST_SOAK_SNAPSHOT.json", "POST_SOAK_METRICS.prom",
         "POST_SOAK_AUDIT.md", "RECOMMENDATIONS.md", "FAILURES.md", "DELTA_VERIFY_REPORT.md", "target.log", "target",
         "ITER_SUMMARY_2.json.tmp0123456789abcdef", ".runtime_overrides.json.tmp-0123456789abcdef"]
SECRET = "marker-7f3a9c"
BOT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "bot.py"


def commands():
    """Everything that takes a run's folder."""
    return {"run": SCENE.command(), "resume": SCENE.command("--resume"), "overwrite": SCENE.command("--overwrite"),
            "gate": [SOAK, "gate", "--path", "run", "--prometheus", "--junit", "run/junit.xml"], "analyze": [SOAK, "analyze", "--path", "run"],
            "snapshot": [SOAK, "snapshot", "--path", "run", "--prometheus"], "verify": [SOAK, "verify", "--path", "run"],
            "ledger": [SOAK, "ledger", "--path", "run"], "fsck": [SOAK, "fsck", "--path", "run"],
            "repair": [SOAK, "fsck", "--path", "run", "--repair"],
            "promote": [SOAK, "promote", "--path", "run", "--to", "promoted.json", "--skip-gate"],
            "external": [SOAK, "run", "--iterations", "1", "--iteration-s", "0.5", "--ready-s", "2", "--out", "run", "--resume", "--", "false"]}


class Place:
    """Victims, and beside them a run's folder, empty or with a finished run, in which links to them are planted."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.victims = self.root / "victims"
        SCENE.prepare(self.root)

    def reset(self, finished=False):
        for name in ("run", "victims"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.victims / "folder").mkdir(parents=True)
        (self.victims / "folder" / "report-1.json").write_text("theirs")
        (self.root / "run").mkdir()
        if finished:
            for name, (_, content) in scenes.uninterrupted(SCENE).tree.items():
                if name.startswith("run/"):
                    (self.root / name).write_bytes(content)

    def plant(self, name, kind, content):
        place, victim = self.root / "run" / name, self.victims / "file"
        place.unlink(missing_ok=True)
        victim.write_bytes(content)
        victim.chmod(0o640)
        if kind == "hard":
            os.link(victim, place)
        else:
            place.symlink_to({"file": victim, "dangling": self.victims / "nothing", "folder": self.victims / "folder"}[kind])

    def try_with_link(self, command, name, kind, finished):
        """What a command does wrong with a link; the victim's content is the most tempting one: right, or good to go on from."""
        self.reset(finished)
        self.plant(name, kind, content_of(name, finished))
        before = scenes.tree(self.victims)
        done = scenes.run(command, self.root)
        changed = scenes.difference(scenes.tree(self.victims), before)
        if changed:
            return [f"{command} with a {kind} link {name}: {changed}"]
        silent = done.returncode < 0 or (done.returncode and not done.stdout + done.stderr)
        return [f"{command} with a {kind} link {name}: exit {done.returncode} without a word"] if silent else []


def content_of(name, finished):
    if finished and f"run/{name}" in scenes.uninterrupted(SCENE).tree:
        return scenes.uninterrupted(SCENE).tree[f"run/{name}"][1]
    return scenes.canonical(SCENE.start) if name == "runtime_overrides.json" else b"theirs\n"


class Links(unittest.TestCase):
    def setUp(self):
        scenes.uninterrupted(SCENE)
        self.folder = tempfile.TemporaryDirectory(prefix="soak-links-")
        self.addCleanup(self.folder.cleanup)

    def place(self, finished):
        place = Place(self.folder.name)
        place.reset(finished)
        return place

    def check(self, kind, finished, names=NAMES):
        def with_one(command):
            with tempfile.TemporaryDirectory(prefix="soak-links-") as root:
                place = Place(root)
                return [problem for name in names for problem in place.try_with_link(command, name, kind, finished)]
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            self.assertEqual([problem for found in pool.map(with_one, commands().values()) for problem in found], [])

    def test_link_to_a_file_in_a_finished_run(self):
        self.check("file", finished=True)

    def test_hard_link_to_a_file_in_a_finished_run(self):
        self.check("hard", finished=True)

    def test_link_to_a_folder_and_link_to_nothing_in_a_finished_run(self):
        self.check("folder", finished=True)
        self.check("dangling", finished=True)

    def test_links_in_an_empty_folder(self):
        for kind in ("file", "hard", "dangling", "folder"):
            self.check(kind, finished=False, names=NAMES[:4] + ["target.log", "target"])

    def test_refusal_names_the_link(self):
        for name in ("journal.jsonl", "runtime_overrides.json", ".runtime_overrides.json.lock"):
            place = self.place(finished=True)
            run = place.root / "run"
            if name.startswith("."):  # only needed once there is something to apply
                (run / "journal.jsonl").write_bytes(b"".join(scenes.uninterrupted(SCENE).lines[:2]))
                (run / "runtime_overrides.json").write_bytes(scenes.canonical(SCENE.start))
            place.plant(name, "file", content_of(name, True))
            done = scenes.run(SCENE.command("--resume"), place.root)
            self.assertEqual(done.returncode, 1, name)
            self.assertRegex(done.stderr, f"run/{name}: .*symbolic link")

    def test_pipe_is_not_replaced_by_a_report(self):
        place = self.place(finished=True)
        os.mkfifo(place.root / "pipe")
        done = scenes.run([SOAK, "gate", "--path", "run", "--junit", "pipe"], place.root)
        self.assertEqual(done.returncode, 5)
        self.assertIn("pipe: ", done.stderr)
        self.assertTrue((place.root / "pipe").is_fifo())


class Private(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="soak-private-"))
        self.addCleanup(shutil.rmtree, self.root)

    def modes(self):
        return {str(path.relative_to(self.root)): stat.S_IMODE(path.stat().st_mode) for path in sorted(self.root.rglob("*")) if path.is_file()}

    def test_files_of_a_run_and_of_the_gate_are_for_their_owner_alone_under_any_umask(self):
        for umask in (0o022, 0o000):
            shutil.rmtree(self.root)
            self.root.mkdir()
            SCENE.prepare(self.root)
            for name in ("plan.jsonl", "start.json"):
                (self.root / name).chmod(0o600)
            for command in (SCENE.command(), [SOAK, "gate", "--path", "run", "--prometheus", "--junit", "junit.xml"],
                            [SOAK, "promote", "--path", "run", "--to", "promoted.json", "--skip-gate"],
                            [SOAK, "feed", "synth", "--model", "market", "--seconds", "5", "--seed", "1", "--format", "feed", "--out", "market.feed"]):
                scenes.run(command, self.root, umask=umask)
            modes = self.modes()
            self.assertGreaterEqual(len(modes), 18, modes)
            self.assertEqual({name: oct(mode) for name, mode in modes.items() if mode != 0o600}, {}, oct(umask))

    def external(self, *options, target=(sys.executable, str(BOT)), iterations=2):
        environment = {**os.environ, "SECRET_TOKEN": SECRET, "HTTP_AUTHORIZATION": SECRET}
        command = [SOAK, "run", "--iterations", str(iterations), "--iteration-s", "0.6", "--ready-s", "20", "--out", "run", *options]
        return scenes.run([*command, "--", *target] if target else command, self.root, env=environment, umask=0)

    def assert_kept_secret(self, *outcomes):
        told = [text for outcome in outcomes for text in (outcome.stdout, outcome.stderr)]
        self.assertEqual([text for text in told if SECRET in text], [])
        for path in self.root.rglob("*"):
            if path.is_file():
                self.assertNotIn(SECRET.encode(), path.read_bytes(), path)

    def test_environment_is_handed_on_and_recorded_nowhere(self):
        done = self.external()
        self.assertEqual(done.returncode, 0, done.stderr)
        judged = scenes.run([SOAK, "gate", "--path", "run", "--prometheus", "--json"], self.root, env={**os.environ, "SECRET_TOKEN": SECRET})
        self.assert_kept_secret(done, judged)
        log = self.root / "run/target.log"
        self.assertEqual(stat.S_IMODE(log.stat().st_mode), 0o600)

    def test_user_password_and_query_of_an_address_are_shown_nowhere(self):
        (self.root / "map.json").write_text('{"kpis": {"net_bps": "net"}, "params": {}}')
        outcomes = []
        for url in (f"http://user:{SECRET}@127.0.0.1:9/m", f"http://127.0.0.1:9/m?token={SECRET}", f"https://{SECRET}@h/m", f"http://h:x/?{SECRET}"):
            done = self.external("--scrape", url, "--map", "map.json", "--overwrite", target=None, iterations=1)
            self.assertNotEqual(done.returncode, 0, url)
            outcomes.append(done)
        self.assert_kept_secret(*outcomes)


if __name__ == "__main__":
    unittest.main(verbosity=2)
