"""The journal of a finished run, cut at every byte and damaged at every record, as the command line takes it.

A cut is what a kill leaves: fsck says what holds, and `--resume` ends with the uninterrupted bytes. Damage within is never repaired in
silence: every command that rests on the journal says so and changes nothing.

SOAK_FAULT_LONG=1: a cut at every byte of the whole journal, not only of its end and around each record's border.
"""
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import tempfile
import unittest

import injection
import run_scene as scenes
from injection import SOAK

SCENE = scenes.Elsewhere()
LAST_BYTES = 300  # of which every one is cut off in the short form


class JournalCase(unittest.TestCase):
    def setUp(self):
        self.whole = scenes.uninterrupted(SCENE)
        self.runtimes = scenes.runtimes_of(SCENE)

    def folder(self, journal):
        """A finished run with another journal."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="soak-journal-"))
        SCENE.prepare(root)
        (root / "run").mkdir()
        for name, (_, content) in self.whole.tree.items():
            if name.startswith("run/"):
                (root / name).write_bytes(content)
                (root / name).chmod(0o600)
        (root / "run/journal.jsonl").write_bytes(journal)
        return root

    def soak(self, root, command, *more):
        done = scenes.run([SOAK, command, "--path", "run", *more], root)
        return injection.Outcome(done.returncode, done.stdout, done.stderr, [])


class Cut(JournalCase):
    def cuts(self):
        size = len(self.whole.journal)
        if injection.LONG:
            return range(size)
        borders = [sum(map(len, self.whole.lines[:n])) for n in range(len(self.whole.lines))]
        return sorted({n for border in borders for n in (border - 1, border, border + 1) if n >= 0} | set(range(size - LAST_BYTES, size)))

    def runtime_at(self, size):
        """The runtime file as a kill would have left it beside these records; at an open intent, one of the two that it can be."""
        kept = [record for record in scenes.records(self.whole.journal[:size]) if record["type"].startswith("apply_")]
        if not kept:
            return scenes.canonical(SCENE.start)
        renamed = kept[-1]["type"] == "apply_outcome" or size % 2 == 0
        return self.runtimes[kept[-1]["body"]["state_hash" if renamed else "old_hash"]]

    def problems_of_a_cut(self, size):
        root = self.folder(self.whole.journal[:size])
        (root / "run/runtime_overrides.json").write_bytes(self.runtime_at(size))
        try:
            complete = self.whole.journal[:size].count(b"\n")
            found = self.soak(root, "fsck", "--json")
            said = json.loads(found.stdout)
            wrong = [] if found.code == (0 if size == len(self.whole.journal) else 1) else [f"fsck: exit {found.code}"]
            if complete and said.get("records") != complete:
                wrong.append(f"fsck counts {said.get('records')} records of {complete}: {said}")
            torn = any("half there" in finding["problem"] for finding in said.get("findings", []))
            if torn != (size > 0 and not self.whole.journal[:size].endswith(b"\n")):
                wrong.append(f"fsck: torn {torn}")
            return wrong + (scenes.judge_resumed(SCENE, root) if size else self.problems_without_a_journal(root))
        finally:
            shutil.rmtree(root)

    def problems_without_a_journal(self, root):
        done = scenes.run(SCENE.command("--resume"), root)
        told = "without a journal, which nothing can resume" in done.stderr
        return [] if done.returncode == 1 and told else [f"artifacts without a journal: exit {done.returncode} {done.stderr}"]

    def test_runtime_that_does_not_go_with_the_records_left_is_told_as_another_hands(self):
        """The end of the journal is lost, and the runtime file knows of it: no kill does that, and nothing is made up for it."""
        for n in range(1, len(self.whole.lines)):
            kept = b"".join(self.whole.lines[:n])
            root = self.folder(kept)
            try:
                done = scenes.run(SCENE.command("--resume"), root)
                self.assertTrue((root / "run/journal.jsonl").read_bytes().startswith(kept), n)
                same = not scenes.difference(scenes.tree(root), self.whole.tree)
                told = ("foreign" in done.stderr or "has changed since" in done.stderr) if done.returncode == 1 else "! foreign_edit" in done.stderr
                self.assertTrue(told or (same and done.returncode == 0), f"{n} records: {done}")
            finally:
                shutil.rmtree(root)

    def test_cut_at_every_byte_resumes_to_the_uninterrupted_bytes(self):
        cuts = self.cuts()
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            wrong = [f"{size} bytes: {problem}" for size, found in zip(cuts, pool.map(self.problems_of_a_cut, cuts)) for problem in found]
        self.assertEqual(wrong, [])
        print(f"{len(cuts)} cuts of a journal of {len(self.whole.journal)} bytes", flush=True)


class Damage(JournalCase):
    def flipped(self, at):
        journal = bytearray(self.whole.journal)
        journal[at] ^= 1 << (at % 7)
        return bytes(journal)

    def places(self):
        """One byte of each record but the last, and of its frame."""
        rng, start = random.Random(2), 0
        for line in self.whole.lines[:-1]:
            yield from (start + rng.randrange(40), start + rng.randrange(40, len(line) - 1))
            start += len(line)

    def problems_of(self, at):
        root = self.folder(self.flipped(at))
        try:
            before = scenes.tree(root)
            line = self.whole.journal[:at].count(b"\n") + 1
            wrong = []
            for name, outcome, codes in (("resume", scenes.run(SCENE.command("--resume"), root), (1,)), ("verify", self.soak(root, "verify"), (1,)),
                                         ("gate", self.soak(root, "gate"), (5,)), ("ledger", self.soak(root, "ledger"), (1,)),
                                         ("fsck", self.soak(root, "fsck"), (1,)), ("fsck --repair", self.soak(root, "fsck", "--repair"), (1,))):
                code = getattr(outcome, "code", getattr(outcome, "returncode", None))
                if code not in codes:
                    wrong.append(f"{name}: exit {code}")
                if f"line {line}" not in outcome.stdout + outcome.stderr or "journal.jsonl" not in outcome.stdout + outcome.stderr:
                    wrong.append(f"{name} does not name the place: {outcome.stdout[-200:]} {outcome.stderr[-200:]}")
            changed = scenes.difference(scenes.tree(root), before)
            return wrong + (["changed: " + changed] if changed else [])
        finally:
            shutil.rmtree(root)

    def test_flipped_bit_is_told_by_every_command_and_repaired_by_none(self):
        places = list(self.places())
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            wrong = [f"byte {at}: {problem}" for at, found in zip(places, pool.map(self.problems_of, places)) for problem in found]
        self.assertEqual(wrong, [])

    def test_record_that_is_gone_or_there_twice_is_told(self):
        for name, lines in (("gone", self.whole.lines[:5] + self.whole.lines[6:]), ("twice", self.whole.lines[:6] + self.whole.lines[5:])):
            with self.subTest(name):
                root = self.folder(b"".join(lines))
                self.addCleanup(shutil.rmtree, root)
                done = scenes.run(SCENE.command("--resume"), root)
                self.assertEqual(done.returncode, 1)
                self.assertIn("stands where", done.stderr)
                self.assertEqual((root / "run/journal.jsonl").read_bytes(), b"".join(lines))

    def test_file_that_is_no_journal_is_left_as_it_is(self):
        for content in (b"shopping: milk\n", os.urandom(5000), b"\0" * 4096):
            root = self.folder(content)
            self.addCleanup(shutil.rmtree, root)
            for command in ([*SCENE.command("--resume")], [SOAK, "fsck", "--path", "run", "--repair"]):
                done = scenes.run(command, root)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn("journal.jsonl", done.stdout + done.stderr)
                self.assertEqual((root / "run/journal.jsonl").read_bytes(), content, command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
