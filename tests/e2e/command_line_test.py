"""What holds for every subcommand from outside: output that cannot be written, readers that go away, usage errors, --config."""
import json
import os
import subprocess
import unittest

import run_case
from run_case import SOAK


class CommandLineCase(run_case.RunCase):
    """The same with a runtime file in "r.json"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root.joinpath("r.json").write_text('{"engine":{"min_interval_ms":60}}')


PRINTING = [
    (["--help"], 1),
    (["--version"], 1),
    (["verify", "--help"], 1),
    (["verify", "--path", "run"], 1),
    (["verify", "--path", "run", "--json"], 1),
    (["analyze", "--path", "run"], 1),
    (["snapshot", "--path", "run"], 1),
    (["gate", "--path", "run"], 5),
    (["gate", "--path", "run", "--json"], 5),
    (["params", "list"], 1),
    (["params", "list", "--json"], 1),
    (["params", "get", "--runtime", "r.json"], 1),
    (["params", "validate", "--runtime", "r.json"], 1),
    (["hash", "r.json"], 1),
    (["apply", "--runtime", "r.json", "--set", "min_interval_ms=60"], 1),
    (["run", "--iterations", "3", "--mock", "--auto-tune", "--out", "run", "--quiet", "--resume"], 1),
]


class Output(CommandLineCase):
    def test_output_that_a_full_disk_refuses_is_an_error_that_says_so(self):
        for arguments, code in PRINTING:
            with open("/dev/full", "w") as full:
                done = self.soak(*arguments, stdout=full, expect=code)
            self.assertIn("cannot write to standard output: No space left on device", done.stderr, arguments)

    def test_reader_that_goes_away_is_an_error_and_not_a_death_by_signal(self):
        for arguments, code in PRINTING:
            reader, writer = os.pipe()
            os.close(reader)
            done = self.soak(*arguments, stdout=writer, expect=code)
            os.close(writer)
            self.assertIn("cannot write to standard output: Broken pipe", done.stderr, arguments)

    def test_closed_descriptors_are_not_given_to_the_files_of_a_run(self):
        command = [SOAK, "run", "--iterations", "3", "--mock", "--auto-tune", "--out"]
        for closed, code in ("2>&-", 0), (">&-", 1), (">&- 2>&-", 1), ("<&- >&- 2>&-", 1):
            folder = "closed" + closed.replace(" ", "").replace(">", "g").replace("<", "l").replace("&", "a")
            done = subprocess.run(["/bin/sh", "-c", f'"$@" {closed}', "sh", *command, folder], cwd=self.root, capture_output=True)
            self.assertEqual(done.returncode, code, closed)
            self.assertEqual((self.root / folder / "journal.jsonl").read_bytes(), (self.root / "run/journal.jsonl").read_bytes(), closed)


WRONG = [
    ["run", "--mock"],
    ["run", "--iterations", "x", "--mock"],
    ["run", "--iterations", "3"],
    ["verify"],
    ["gate", "--nonsense"],
    ["apply", "--runtime", "r.json"],
    ["params", "get"],
    ["--config", "missing.toml", "verify", "--path", "run"],
]


class Usage(CommandLineCase):
    def test_usage_error_is_one_line_on_stderr(self):
        for arguments in WRONG:
            done = self.soak(*arguments, expect=2)
            self.assertEqual(done.stdout, "", arguments)
            self.assertRegex(done.stderr, r"\Asoak: .+; see `soak[a-z ]* --help`\n\Z")

    def test_usage_error_with_json_is_a_document_on_stdout_too(self):
        for arguments in WRONG:
            done = self.soak(*arguments, "--json", expect=2)
            error = json.loads(done.stdout)["error"]
            self.assertEqual(error["code"], "usage")
            self.assertEqual(done.stderr, f"soak: {error['message']}\n")

    def test_unknown_command_is_named_with_the_ones_that_there_are(self):
        error = self.soak("rnu", "--iterations", "3", expect=2).stderr
        self.assertIn('unknown command "rnu"; the commands are run, apply, verify, ledger, promote, analyze, snapshot, gate, report, params, feed, replay, sweep, prove, fsck, status, serve, hash', error)
        error = self.soak("params", "--json", "lst", expect=2).stderr
        self.assertIn('unknown command "lst"; the commands are list, get, set, validate; see `soak params --help`', error)

    def test_missing_command_is_told_what_there_is(self):
        self.assertIn("a command is required: run, apply, ", self.soak(expect=2).stderr)
        self.assertIn("a command is required: import, synth, stats, info, check", self.soak("feed", expect=2).stderr)

    def test_usage_error_names_the_command_whose_help_says_more(self):
        self.assertIn("`soak params get --help`", self.soak("params", "get", expect=2).stderr)


class Config(CommandLineCase):
    def config(self, text):
        (self.root / "soak.toml").write_text(text)
        return ["--config", "soak.toml"]

    def test_config_file_is_read_before_and_after_the_subcommand(self):
        config = self.config('[verify]\npath = "run"\njson = true\n')
        before = self.soak(*config, "verify")
        self.assertIn("full_apply_ratio", json.loads(before.stdout))
        self.assertEqual(self.soak("verify", *config).stdout, before.stdout)
        self.assertEqual(self.soak("verify", "--config=soak.toml", "--strict").stdout.count("(strict)"), 1)

    def test_config_file_is_read_after_a_subcommand_of_a_subcommand(self):
        config = self.config('[params.get]\nruntime = "r.json"\n')
        self.assertEqual(self.soak("params", "get", "min_interval_ms", *config).stdout, "60\n")
        self.assertEqual(self.soak("params", *config, "get", "min_interval_ms").stdout, "60\n")

    def test_command_line_wins_over_the_config_file(self):
        config = self.config('[verify]\npath = "nowhere"\n')
        self.soak("verify", *config, "--path", "run")

    def test_unknown_key_is_refused_in_both_places(self):
        for text in "[verify]\npath = \"run\"\nstrikt = true\n", "[verifi]\npath = \"run\"\n", "path = \"run\"\n":
            config = self.config(text)
            self.soak(*config, "verify", "--path", "run", expect=2)
            self.soak("verify", "--path", "run", *config, expect=2)

    def test_options_of_another_subcommand_are_still_refused(self):
        self.soak("verify", "--path", "run", "--junit", "j.xml", expect=2)
        self.soak("verify", "--path", "run", "gate", expect=2)
        self.soak("hash", "r.json", "verify", expect=2)


if __name__ == "__main__":
    unittest.main()
