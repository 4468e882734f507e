"""The order of a run's writes: nothing is acted on, shown or rebuilt before the record that it rests on is durable."""
import pathlib
import re
import shutil
import tempfile
import unittest

import injection
import run_scene as scenes
from injection import Fault

SCENE = scenes.Scene()
CALLS = ["-y", "-s", "100000", "-e", "trace=write,fsync,fdatasync,rename,renameat,ftruncate"]
RECORD = re.compile(r'write\(\d+<[^>]*journal\.jsonl>, .*\\"type\\":\\"(\w+)\\"')


class Order(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        injection.strace_or_skip()

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="soak-order-"))
        self.addCleanup(shutil.rmtree, self.root)
        SCENE.prepare(self.root)

    def events(self):
        """What a run does, in a word each."""
        outcome = injection.run_traced(SCENE.command(), self.root, CALLS)
        self.assertEqual(outcome.code, 0, outcome.stderr)
        words = []
        for line in outcome.log:
            record = RECORD.search(line)
            told = re.search(r'write\(2<[^>]*>, "\[(\d+)/', line)
            renamed = re.search(r'rename(?:at)?\(.*"([^"]+)"\) = 0', line)
            if record:
                words.append(record.group(1))
            elif "fdatasync(" in line and "journal.jsonl" in line:
                words.append("durable")
            elif told:
                words.append("told")
            elif renamed:
                words.append(pathlib.PurePath(renamed.group(1)).name)
        return words

    def test_record_is_durable_before_what_rests_on_it(self):
        words = self.events()
        for n, word in enumerate(words):
            if word in ("run_header", "apply_intent", "iteration"):
                self.assertEqual(words[n + 1], "durable", f"{word} is followed by {words[n + 1:n + 4]}")
            if word == "runtime_overrides.json" and "apply_intent" in words[:n]:
                self.assertEqual(words[n - 2:n], ["apply_intent", "durable"])
        self.assertEqual(words.count("iteration"), 5)
        self.assertEqual(words.count("apply_intent"), 4)  # three changes and a rollback
        for n, word in enumerate(words):
            if word.startswith("ITER_SUMMARY_"):
                self.assertEqual(words[n - 2:n], ["iteration", "durable"])

    def test_names_of_new_folders_and_of_the_journal_are_durable_before_the_first_record(self):
        outcome = injection.run_traced(SCENE.command(), self.root, ["-y", "-e", "trace=mkdir,openat,fsync,fdatasync"])
        self.assertEqual(outcome.code, 0, outcome.stderr)
        start = next(n for n, line in enumerate(outcome.log) if "fdatasync(" in line)
        root = str(self.root)
        made = [(n, root + "/" + match[1]) for n, line in enumerate(outcome.log) if (match := re.search(r'mkdir\("([^"]+)", 0755\) = 0', line))]
        self.assertGreaterEqual(len(made), 2)
        new = made + [(n, match[1]) for n, line in enumerate(outcome.log) if (match := re.search(r"O_CREAT.* = \d+<(.*/journal\.jsonl)>$", line))]
        self.assertEqual(len(new), len(made) + 1)
        for n, path in new:
            parent = str(pathlib.PurePath(path).parent)
            self.assertTrue(any("fsync(" in line and f"<{parent}>)" in line for line in outcome.log[n:start]), path)

    def test_records_that_could_not_be_made_durable_are_cut_off_and_written_anew(self):
        """The next start's fsync would say success without them on the disk, as the kernel has forgotten that they are not."""
        whole = scenes.uninterrupted(SCENE)
        synced = self.events().count("durable")
        for n in range(1, synced + 1):
            shutil.rmtree(self.root / "artifacts")
            outcome = injection.inject(SCENE.command(), self.root, Fault("fdatasync", n, "error=EIO"), also=("ftruncate",))
            self.assertEqual((outcome.proven, outcome.code), (True, 1), outcome.stderr)
            self.assertEqual(len([line for line in outcome.log if "ftruncate(" in line]), 1)
            kept = [record["type"] for record in scenes.records(scenes.journal_of(self.root).read_bytes())]
            self.assertIn(kept[-1:], ([], ["run_header"], ["apply_intent"], ["iteration"]), n)
            self.assertEqual(scenes.judge_journal(whole, self.root, outcome.stderr), [])
            self.assertEqual(scenes.judge_resumed(SCENE, self.root), [])

    def test_resume_goes_on_from_what_the_disk_holds(self):
        """What the disk failed to take of a killed run stays in memory, as written: the kernel is to forget it before the journal is read."""
        self.assertTrue(injection.inject(SCENE.command(), self.root, Fault("fdatasync", 5, "signal=SIGKILL")).proven)
        resumed = injection.run_traced(SCENE.command("--resume"), self.root, ["-y", "-e", "trace=openat,fsync,fadvise64,pread64"])
        self.assertEqual(resumed.code, 0, resumed.stderr)
        opened = next(i for i, line in enumerate(resumed.log) if 'journal.jsonl", O_RDWR' in line)
        calls = [match[1] for line in resumed.log[opened:] if "journal.jsonl>" in line and (match := re.search(r"(fsync|fadvise64|pread64)\(", line))]
        self.assertEqual(calls[:3], ["fsync", "fadvise64", "pread64"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
