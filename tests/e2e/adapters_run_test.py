"""soak and the adapters of third-party programs together: the commands of targets/*/README.md as they stand there, and what a kill leaves."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import external_test as e

BUILD = pathlib.Path(e.SOAK).parent
SOURCE = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"}  # where Debian keeps haproxy
PROGRAMS = {"redis": "redis-server", "haproxy": "haproxy"}
MISSING = [program for program in PROGRAMS.values() if shutil.which(program, path=ENVIRONMENT["PATH"]) is None]


def commands_of(name, out):
    """The README's commands by their subcommand, with the paths of this build and this test."""
    text = (SOURCE / "targets" / name / "README.md").read_text()
    block = re.search(r"^```\n(soak run .*?)^```", text, re.MULTILINE | re.DOTALL)[1].replace("\\\n", " ")
    paths = {"soak": e.SOAK, f"/tmp/{name}-soak": str(out), f"build/release/targets/soak-target-{name}": str(BUILD / f"targets/soak-target-{name}")}
    commands = [[paths.get(word, word) for word in shlex.split(line)] for line in block.splitlines()]
    return {command[1]: command for command in commands}


def start_values(name):
    return json.loads((SOURCE / "targets" / name / "start.json").read_text())[name]


def plan(name):
    lines = (SOURCE / "targets" / name / "plan.jsonl").read_text().splitlines()
    return {line["iteration"]: line["proposed_deltas"] for line in map(json.loads, lines)}


def summaries(out):
    return {i: json.loads((out / f"ITER_SUMMARY_{i}.json").read_text())
            for i in sorted(int(p.stem.rsplit("_", 1)[1]) for p in out.glob("ITER_SUMMARY_*.json"))}


def run_documented(name):
    with tempfile.TemporaryDirectory() as root:
        out = pathlib.Path(root) / "run"
        done = {word: subprocess.run(command, cwd=SOURCE, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
                for word, command in commands_of(name, out).items()}
        return done, summaries(out)


@unittest.skipIf(MISSING, f"not installed: {MISSING}; packages.txt names the packages")
class AsDocumented(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = {name: pool.submit(run_documented, name) for name in PROGRAMS}
            cls.done = {name: future.result()[0] for name, future in runs.items()}
            cls.summaries = {name: future.result()[1] for name, future in runs.items()}

    def test_run_strict_verify_and_strict_gate_succeed(self):
        for name in PROGRAMS:
            self.assertEqual(set(self.done[name]), {"run", "verify", "gate"})
            for word, done in self.done[name].items():
                with self.subTest(f"{name} {word}"):
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for word in ("verify", "gate"):
                self.assertIn("--strict", self.done[name][word].args)

    def test_the_program_has_each_iterations_values_in_effect(self):
        for name in PROGRAMS:
            expected = start_values(name)
            for i, summary in self.summaries[name].items():
                with self.subTest(f"{name}, iteration {i}"):
                    self.assertEqual(summary["runtime_overrides"][name], expected)
                    self.assertEqual(summary["tuning"]["applied"], i in plan(name))
                expected = {**expected, **plan(name).get(i, {})}
            self.assertNotEqual(expected, start_values(name))

    def test_the_hit_ratio_follows_the_memory_and_what_is_thrown_away(self):
        hits = {i: summary["summary"]["hit_ratio"] for i, summary in self.summaries["redis"].items()}
        self.assertGreater(hits[2], hits[1] + 0.03, hits)
        self.assertGreater(hits[8], hits[2] + 0.03, hits)

    def test_the_servers_shares_follow_the_weights(self):
        for i, summary in self.summaries["haproxy"].items():
            weights = [summary["runtime_overrides"]["haproxy"][f"weight_s{k}"] for k in (1, 2, 3)]
            for k, weight in enumerate(weights, start=1):
                with self.subTest(f"iteration {i}, server {k}"):
                    self.assertAlmostEqual(summary["summary"][f"share_s{k}"], weight / sum(weights), delta=0.02)


def run_with_a_word_for_maxconn(*options):
    """A registry in which `abc` is a value of maxconn, as a bug in somebody's tuner might have it."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "params.json").write_text(json.dumps([{"name": "maxconn", "section": "haproxy", "type": "choice", "choices": ["abc"]}]))
        scratch = e.Scratch(root, {1: {"maxconn": "abc"}}, {"haproxy": {"weight_s1": 10}})
        command = scratch.command([BUILD / "targets/soak-target-haproxy", *options], "--params", "params.json", iterations=2)
        done = subprocess.run(command, cwd=root, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
        return done, scratch.judge("verify", "--params", "params.json")


@unittest.skipIf(MISSING, f"not installed: {MISSING}; packages.txt names the packages")
class WordForANumber(unittest.TestCase):
    def test_soak_convicts_what_haproxy_made_of_it(self):
        for options, kind, observed in ([["--unchecked"], "wrong_value", 0], [[], "ignored", 1000]):
            with self.subTest(kind):
                done, (code, result) = run_with_a_word_for_maxconn(*options)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual((code, [(f["iteration"], f["kind"], f["parameter"]) for f in result["faults"]]), (1, [(2, kind, "maxconn")]), result)
                self.assertEqual([f["observed"] for f in result["failures"]], [observed], result)


def children_of(pid):
    """Every process below it: {pid: its program's name}."""
    parents = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        except (OSError, IndexError):
            continue
        parents[int(stat.parent.name)] = (int(rest.split()[1]), name)
    found = {pid: ""}
    for _ in range(8):  # deeper than anything that is started here
        found.update({child: name for child, (parent, name) in parents.items() if parent in found and child not in found})
    del found[pid]
    return found


def ask(path, question):
    """What a unix socket answers: the program's own words, by no code of ours."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(path))
        client.sendall(question.encode())
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


class Long:
    """A run of an adapter, in the midst of it."""

    def __init__(self, name, root):
        self.name, self.root = name, pathlib.Path(root)
        self.out = self.root / "run"
        command = commands_of(name, self.out)["run"]
        for option, value in {"--iterations": "50", "--iteration-s": "1"}.items():
            command[command.index(option) + 1] = value
        self.process = subprocess.Popen(command, cwd=SOURCE, env={**ENVIRONMENT, "TMPDIR": root}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        begun = e.wait_until((self.out / "ITER_SUMMARY_2.json").exists)
        self.children = children_of(self.process.pid)
        if not begun:
            self.end()
            raise AssertionError(f"{name} did not get to iteration 2: {self.errors}")

    def end(self):
        self.process.kill()
        self.errors = self.process.communicate()[1]
        e.wait_until(lambda: not any(map(e.alive, self.children)))  # they write into the folder as long as they live

    def own_words(self):
        """What redis-server or haproxy says of itself, for the parameters of the plan."""
        if self.name == "redis":
            path = next(self.root.glob("soak-redis-*/redis.sock"))
            answers = ask(path, "CONFIG GET maxmemory\r\nCONFIG GET maxmemory-policy\r\nCONFIG GET maxmemory-samples\r\n").split("\r\n")
            return {answers[k]: answers[k + 2] for k in (2, 7, 12)}
        path = next(self.root.glob("soak-haproxy-*/haproxy.sock"))
        weights = {f"weight_s{k}": ask(path, f"get weight be/s{k}\n").split()[0] for k in (1, 2, 3)}
        return {**weights, "maxconn": re.search(r"\.slim\.1:CLP:u32:(\d+)", ask(path, "show stat fe 1 -1 typed\n"))[1]}


@unittest.skipIf(MISSING, f"not installed: {MISSING}; packages.txt names the packages")
class Kills(unittest.TestCase):
    def setUp(self):
        folders = {name: tempfile.TemporaryDirectory() for name in PROGRAMS}
        for folder in folders.values():
            self.addCleanup(folder.cleanup)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            self.runs = dict(zip(PROGRAMS, pool.map(lambda name: Long(name, folders[name].name), PROGRAMS)))
        for run in self.runs.values():
            self.addCleanup(run.end)

    def assert_gone(self, run):
        self.assertTrue(e.wait_until(lambda: not any(map(e.alive, run.children))), {p: n for p, n in run.children.items() if e.alive(p)})

    def test_soak_killed_leaves_neither_adapter_nor_program_nor_their_files(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                self.assertTrue({f"soak-target-{name}"[:15], PROGRAMS[name]} <= set(run.children.values()), run.children)
                run.process.send_signal(signal.SIGKILL)
                self.assert_gone(run)
                self.assertEqual(list(run.root.glob("soak-*")), [])

    def test_the_report_says_what_the_program_says_of_itself(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                self.assertTrue(e.wait_until((run.out / "ITER_SUMMARY_3.json").exists))
                effective = summaries(run.out)[3]["runtime_overrides"][name]
                own_words = run.own_words()
                self.assertEqual({key: str(effective[key]) for key in own_words}, own_words)
                self.assertNotEqual(effective, start_values(name))

    def test_the_adapter_killed_ends_the_run_with_exit_7_and_artifacts(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                self.end_by_killing(run, f"soak-target-{name}"[:15])

    def test_the_program_killed_ends_the_run_with_exit_7_and_artifacts(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                self.end_by_killing(run, PROGRAMS[name])

    def end_by_killing(self, run, program):
        pid, = [pid for pid, name in run.children.items() if name == program]
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(run.process.wait(timeout=30), 7)
        for artifact in ("journal.jsonl", "TUNING_REPORT.json", "EDGE_REPORT.json", "KPI_GATE.json", "target.log"):
            self.assertTrue((run.out / artifact).exists(), artifact)
        self.assert_gone(run)
        verified = subprocess.run([e.SOAK, "verify", "--path", run.out, "--params", SOURCE / f"targets/{run.name}/params.json", "--json"],
                                  capture_output=True, text=True)
        self.assertEqual((verified.returncode, [f["kind"] for f in json.loads(verified.stdout)["faults"]]), (1, ["crashed"]), verified.stdout)


if __name__ == "__main__":
    unittest.main()
