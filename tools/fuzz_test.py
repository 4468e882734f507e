"""Tests of what fuzz.py makes of libFuzzer's output."""
import pathlib
import stat
import tempfile
import unittest

import fuzz

ENDED = """#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
#77\tNEW    cov: 123 ft: 200 corp: 9/90b lim: 4 exec/s: 0 rss: 31Mb L: 9/9 MS: 1 CrossOver-
Done 5000 runs in 3 second(s)
stat::number_of_executed_units: 5000
stat::average_exec_per_sec:     1666
stat::new_units_added:          42
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              55
"""
BROKE = """#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
does not hold: a report is an object
==7== ERROR: libFuzzer: deadly signal
artifact_prefix='x/'; Test unit written to x/crash-abc
SUMMARY: libFuzzer: deadly signal
"""


class FuzzTest(unittest.TestCase):
    def test_a_line_has_the_figures_of_a_fuzzer_that_held(self):
        line = fuzz.line_of("json", ENDED, 0)
        for figure in ("5000 runs", "1666/s", "42 new inputs", "55 MB", "coverage 123"):
            self.assertIn(figure, line)
        self.assertNotIn("FAILED", line)

    def test_a_broken_property_is_named_and_its_input_found(self):
        self.assertIn("FAILED: does not hold: a report is an object", fuzz.line_of("report", BROKE, 77))
        self.assertEqual(fuzz.input_of(BROKE), "x/crash-abc")

    def test_an_end_without_a_word_is_a_failure_too(self):
        self.assertIn("FAILED: ended with exit code -1", fuzz.line_of("report", "", -1))

    def test_usage(self):
        self.assertEqual(fuzz.main([]), 2)
        self.assertEqual(fuzz.main(["build", "0"]), 2)

    def test_a_fuzzer_that_fails_fails_the_run(self):
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            (build / "fuzz").mkdir()
            for name, code in (("good", 0), ("bad", 77)):
                program = build / "fuzz" / f"{name}_fuzz"
                program.write_text(f"#!/bin/sh\necho 'does not hold: x' >&2\nexit {code}\n")
                program.chmod(program.stat().st_mode | stat.S_IXUSR)
            self.assertEqual(fuzz.main([folder, "1", "good"]), 0)
            self.assertEqual(fuzz.main([folder, "1"]), 1)
            self.assertEqual(fuzz.main([folder, "1", "absent"]), 2)


if __name__ == "__main__":
    unittest.main()
