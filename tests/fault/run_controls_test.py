"""Negative controls of the journal: without one of its steps, the tests that are to notice must fail (see apply_controls_test.py)."""
import concurrent.futures
import unittest

import apply_controls_test as controls
import injection
import leave_out

NOTICED_BY = {
    "journal_fdatasync": ["run_protocol_test.Order.test_record_is_durable_before_what_rests_on_it"],
    "journal_from_disk": ["run_protocol_test.Order.test_resume_goes_on_from_what_the_disk_holds"],
    "journal_cut": ["run_journal_test.Cut.test_cut_at_every_byte_resumes_to_the_uninterrupted_bytes"],
}
FAILING = "io_errors_test.Run.test_record_that_the_disk_did_not_take_is_not_gone_on_from_on_"
POWER = "run_disk_test.PowerCut.test_iterations_that_were_told_survive_on_"


class Controls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not controls.MUTANTS:
            raise unittest.SkipTest("left out: SOAK_MUTANTS names no folder with programs that lack a step")
        injection.strace_or_skip()

    def test_tests_fail_without_each_step_of_the_journal(self):
        self.assertEqual(set(NOTICED_BY), set(leave_out.JOURNAL_STEPS))
        pairs = [(step, test) for step, tests in NOTICED_BY.items() for test in tests]
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            verdicts = list(pool.map(lambda pair: controls.verdict(*pair), pairs))
        self.assertEqual([(pair, verdict) for pair, verdict in zip(pairs, verdicts) if verdict != "failed"], [])

    def assert_both_fail(self, step, test, what):
        injection.root_or_skip(what)
        verdicts = [controls.verdict(step, test + kind) for kind in ("ext4", "xfs")]
        if "skipped" in verdicts:
            self.skipTest(f"left out: {what}, or mkfs, is not to be had here")
        self.assertEqual(verdicts, ["failed", "failed"])

    def test_power_cut_loses_told_iterations_without_the_fdatasync(self):
        self.assert_both_fail("journal_fdatasync", POWER, "a loop mount")

    def test_failing_disk_loses_told_iterations_of_a_resume_that_trusts_the_memory(self):
        self.assert_both_fail("journal_from_disk", FAILING, "a disk in user space")


if __name__ == "__main__":
    unittest.main(verbosity=2)
