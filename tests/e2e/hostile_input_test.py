"""No option that names a file waits at a pipe, reads a device for ever, or takes a file of any size into memory."""
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
SECONDS_MAX = 10
MEMORY_KB_MAX = 400_000  # resident; a text of 64 MiB and what is made of it

# "@" is the file. All are read whole before anything is written.
WHOLE = [
    ["apply", "--runtime", "@", "--set", "tail_age_ms=60"],
    ["apply", "--runtime", "r.json", "--deltas", "@"],
    ["apply", "--runtime", "r.json", "--set", "tail_age_ms=60", "--guards", "@"],
    ["apply", "--runtime", "r.json", "--set", "tail_age_ms=60", "--params", "@"],
    ["params", "get", "--runtime", "@"],
    ["params", "validate", "--runtime", "@"],
    ["params", "list", "--params", "@"],
    ["run", "--iterations", "2", "--mock", "--out", "out", "--overrides", "@"],
    ["run", "--iterations", "2", "--mock", "--out", "out", "--params", "@"],
    ["run", "--iterations", "2", "--mock", "--out", "out", "--kpi-profile", "@"],
    ["run", "--iterations", "2", "--mock", "--out", "out", "--tuner", "plan:@"],
    ["run", "--iterations", "2", "--iteration-s", "1", "--out", "out", "--scrape", "http://127.0.0.1:1/", "--map", "@"],
    ["prove", "--plan", "@", "--overrides", "r.json", "--", "true"],
    ["prove", "--overrides", "@", "--", "true"],
    ["snapshot", "--path", "run", "--compare", "@"],
    ["gate", "--path", "run", "--compare", "@"],
    ["promote", "--path", "run", "--skip-gate", "--to", "@"],
    ["serve", "--path", "run", "--token-file", "@"],
    ["hash", "--canonical", "@"],
    ["sweep", "--feed", "x.feed", "--grid", "@"],
    ["replay", "--feed", "x.feed", "--fee-tiers", "@"],
    ["replay", "--feed", "x.feed", "--latency-table", "@"],
    ["--config", "@", "params", "list"],
]
# Mapped or streamed: their size is no matter, but what is no recording is told soon.
STREAMED = [
    ["hash", "@"],
    ["replay", "--feed", "@", "--format", "feed"],
    ["feed", "info", "@"],
    ["feed", "check", "@"],
    ["sweep", "--feed", "@", "--grid", "grid.json"],
    ["run", "--iterations", "2", "--out", "out", "--feed", "@"],
]
# Read through a map in part, and so from plain files alone; the other importers read a pipe to its end.
HFTBACKTEST = [
    ["feed", "import", "--format", "hftbacktest", "--out", "new.feed", "@"],
    ["replay", "--feed", "@", "--format", "hftbacktest"],
]
IMPORTS = [
    ["feed", "import", "--format", "binance-raw", "--out", "new.feed", "@"],
    ["feed", "import", "--format", "lobster", "--date", "2026-01-01", "--out", "new.feed", "@", "r.json"],
]
ARTIFACTS = ["ITER_SUMMARY_1.json", "TUNING_REPORT.json", "EDGE_REPORT.json", "KPI_GATE.json", "LAST_GOOD.json", "runtime_overrides.json", "journal.jsonl"]
READERS = [["verify"], ["analyze"], ["snapshot"], ["gate"], ["ledger"], ["fsck"]]


class HostileInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        cls.root.joinpath("r.json").write_text('{"engine":{"min_interval_ms":60}}')
        cls.root.joinpath("grid.json").write_text('{"tail_age_ms":[500]}')
        cls.make("run", "--iterations", "3", "--mock", "--auto-tune", "--out", "run", "--quiet")
        cls.make("feed", "synth", "--model", "random-walk-l2", "--rows", "500", "--seed", "1", "--format", "feed", "--out", "x.feed")
        os.mkfifo(cls.root / "pipe")
        cls.root.joinpath("folder").mkdir()
        with cls.root.joinpath("sparse").open("w") as sparse:
            sparse.truncate(5 << 30)

    @classmethod
    def make(cls, *arguments):
        subprocess.run([SOAK, *arguments], cwd=cls.root, check=True, capture_output=True)

    def refuse(self, arguments, file):
        """The command fails soon, in little memory, with one line that says why, and leaves nothing."""
        before = sorted(self.root.rglob("*"))
        command = [SOAK, *(argument.replace("@", str(file)) for argument in arguments)]
        begin = time.monotonic()
        with tempfile.TemporaryFile() as err:
            child = subprocess.Popen(command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
            usage = None
            while usage is None:
                done, status, used = os.wait4(child.pid, os.WNOHANG)
                usage = used if done else None
                if usage is None and time.monotonic() - begin > SECONDS_MAX:
                    child.kill()
                    os.wait4(child.pid, 0)
                    self.fail(f"{command} hangs")
                time.sleep(0 if done else 0.005)
            child.returncode = os.waitstatus_to_exitcode(status)
            err.seek(0)
            said = err.read().decode()
        self.assertIn(child.returncode, (1, 2, 5), (command, said))
        if "fsck" not in command or said:  # which tells on stdout what is wrong with a run
            self.assertTrue(said.startswith("soak: ") and said.count("\n") == 1, (command, said))
        self.assertLess(usage.ru_maxrss, MEMORY_KB_MAX, (command, said))
        self.assertEqual(sorted(path for path in self.root.rglob("*") if not path.name.endswith(".lock")),
                         [path for path in before if not path.name.endswith(".lock")], command)
        return said

    def test_a_pipe_that_nobody_writes_to(self):
        for arguments in WHOLE + STREAMED + HFTBACKTEST:
            self.refuse(arguments, "pipe")

    def test_a_device_that_never_ends(self):
        for arguments in WHOLE + STREAMED + HFTBACKTEST + IMPORTS:
            self.refuse(arguments, "/dev/zero")

    def test_a_folder(self):
        for arguments in WHOLE + STREAMED + HFTBACKTEST + IMPORTS:
            self.refuse(arguments, "folder")

    def test_a_file_larger_than_memory(self):
        for arguments in WHOLE:
            self.assertIn("larger than", self.refuse(arguments, "sparse"), arguments)

    def test_standard_input_that_never_ends(self):
        for arguments in (["hash", "--canonical", "-"], ["apply", "--runtime", "r.json", "--deltas", "-"]):
            with open("/dev/zero") as zero:
                done = subprocess.run([SOAK, *arguments], cwd=self.root, stdin=zero, capture_output=True, text=True, timeout=SECONDS_MAX)
            self.assertEqual(done.returncode, 1)
            self.assertIn("larger than", done.stderr)

    def test_a_recording_that_is_cut_while_it_is_read(self):
        self.make("feed", "synth", "--model", "market", "--seconds", "120", "--seed", "1", "--format", "feed", "--out", "cut.feed")
        reader = subprocess.Popen([SOAK, "run", "--feed", "cut.feed", "--loop-feed", "--iterations", "100000", "--iteration-s", "60", "--out", "cut"],
                                  cwd=self.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(reader.kill)
        reader.stderr.readline()
        os.truncate(self.root / "cut.feed", 4096)
        said = reader.communicate(timeout=SECONDS_MAX)[1]
        self.assertEqual(reader.returncode, 1, said[-300:])
        self.assertIn("soak: cannot read on: the recording was cut while it was read", said)

    def test_an_artifact_that_is_none(self):
        for name in ARTIFACTS:
            kinds = ["pipe", "/dev/zero", "folder"]
            if name != "TUNING_REPORT.json":  # of a long run it may be larger than what is read; the journal stands in
                kinds.append("sparse")
            for kind in kinds:
                with tempfile.TemporaryDirectory(dir=self.root) as folder:
                    run = pathlib.Path(folder)
                    for path in (self.root / "run").iterdir():
                        run.joinpath(path.name).write_bytes(path.read_bytes())
                    run.joinpath(name).unlink()
                    run.joinpath(name).symlink_to(self.root / kind)
                    for command in READERS:
                        self.refuse([*command, "--path", "@"], run)


if __name__ == "__main__":
    unittest.main()
