"""soak status: which runs there are and how far each is."""
import json
import os
import shutil
import subprocess
import time
import unittest

import run_case


class Status(run_case.RunCase):
    def test_run_is_told_by_its_folder_and_by_what_holds_it(self):
        for path in "run", ".":
            self.assertRegex(self.soak("status", "--path", path).stdout, r"(?m)^ended +3 of 3  passed \d +applied +\d of \d +faults 0 .*  (\./)?run$")
        [item] = json.loads(self.soak("status", "--path", "run", "--json").stdout)["runs"]
        self.assertEqual((item["state"], item["iterations"], item["planned"]), ("ended", 3, 3))

    def test_run_in_progress_stands_first_and_a_broken_one_says_what_is_wrong(self):
        (self.root / "many").mkdir()
        self.addCleanup(shutil.rmtree, self.root / "many")
        shutil.copytree(self.root / "run", self.root / "many/broken")
        journal = self.root / "many/broken/journal.jsonl"
        journal.write_bytes(journal.read_bytes().replace(b'"iteration"', b'"iterbtion"', 1))
        bot = subprocess.Popen([run_case.SOAK, "run", "--iterations", "60", "--iteration-s", "0.5", "--quiet", "--out", "many/live", "--", os.environ["SOAK_EXAMPLE_BOT"]],
                               cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 20
            while " of 60 " not in (told := self.soak("status", "--path", "many", expect=1).stdout) and time.monotonic() < end:
                time.sleep(0.1)
            self.assertRegex(told, r"^running .* of 60 .*many/live\n.*many/broken: .*journal")
        finally:
            bot.terminate()
            bot.wait(30)

    def test_no_run_and_no_folder_are_told_apart(self):
        (self.root / "empty").mkdir()
        self.assertEqual(self.soak("status", "--path", "empty").stdout, "no run below empty\n")
        self.assertIn("nowhere", self.soak("status", "--path", "nowhere", expect=1).stderr)


if __name__ == "__main__":
    unittest.main()
