"""Negative controls: a suite that passes without a step of the protocol proves nothing about it.

leave_out.py takes one step out of the protocol's source, CMakeLists.txt links the result into a program of its own, and here the
tests that are to notice run against it, and must fail. They pass with the real program, or this folder's other tests would be red.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import unittest

import injection
import leave_out

MUTANTS = os.environ.get("SOAK_MUTANTS")
HERE = pathlib.Path(__file__).parent
ORDER = "apply_protocol_test.Steps.test_every_step_is_taken_and_in_this_order"
STEPS, RACES, FILES = "apply_protocol_test.Steps.", "apply_protocol_test.OtherWriters.", "apply_protocol_test.KindsOfFiles."
SWEEP, CALLS, WRITERS, POWER = "apply_sweep_test.Sweep.", "apply_sweep_test.FaultyCalls.", "apply_writers_test.Writers.", "apply_disk_test.PowerCut."
KILLS = SWEEP + "test_kill_at_every_call_leaves_the_old_or_the_new_file_and_a_clean_next_apply"
ERRORS = SWEEP + "test_every_error_at_every_call_is_told_for_what_it_is"
LIES = SWEEP + "test_system_that_lies_is_found_out_by_the_read_back"

# Each of these tests must fail without the step.
NOTICED_BY = {
    "file_fsync": [ORDER],
    "folder_fsync": [ORDER],
    "lock": [ORDER, RACES + "test_second_writer_waits_for_the_first_and_neither_update_is_lost",
             RACES + "test_stopped_holder_that_is_killed_lets_the_waiting_one_on", WRITERS + "test_compare_and_swap_loses_no_count"],
    "random_name": [STEPS + "test_temp_names_cannot_be_foretold"],
    "exclusive_temp": [ORDER, STEPS + "test_temp_whose_name_is_taken_is_not_written_through"],
    "read_back": [STEPS + "test_bytes_that_are_not_the_ones_written_are_an_unknown_outcome", LIES],
    "hash_compare": [RACES + "test_change_between_the_read_and_the_lock_is_seen_and_kept",
                     RACES + "test_change_between_the_read_and_the_lock_is_a_conflict_for_who_expects_a_hash",
                     WRITERS + "test_writers_of_different_parameters_make_one_chain"],
    "hard_link_refusal": [FILES + "test_hard_linked_file_is_refused"],
    "link_resolution": [FILES + "test_symbolic_link_stays_one_and_its_target_is_replaced_where_it_stands"],
    "stale_temps": [FILES + "test_temp_of_a_killed_writer_is_gone_after_the_next_apply_even_where_it_had_its_new_owner", KILLS],
    "owner": [ORDER],
    "mode": [ORDER, FILES + "test_mode_is_kept_whatever_the_umask_and_a_new_file_is_for_its_owner_alone"],
    "private_new_file": [ORDER, FILES + "test_mode_is_kept_whatever_the_umask_and_a_new_file_is_for_its_owner_alone"],
    "checked_close": [STEPS + "test_close_that_fails_is_not_an_apply"],
    "removal_after_an_error": [ERRORS],
    "look_after_a_failed_rename": [CALLS + "test_rename_that_fails_once_it_is_done_is_never_told_as_not_applied"],
    "unknown_outcome": [STEPS + "test_folder_that_cannot_be_made_durable_is_an_unknown_outcome", ERRORS],
    "durable_no_op": [STEPS + "test_nothing_to_do_is_said_only_of_what_the_disk_has"],
    "atomic_rename": [ORDER, KILLS],
}
# Only a power cut shows what durability is for, and only where a disk may be mounted. ext4 writes a replaced file's bytes out by
# itself before a rename, so that the file's own fsync is missed for a new file there, and for any on XFS.
POWER_CUTS = {
    "file_fsync": [POWER + "test_acknowledged_new_file_survives_on_ext4", POWER + "test_acknowledged_change_survives_on_xfs"],
    "folder_fsync": [POWER + "test_acknowledged_change_survives_on_ext4", POWER + "test_acknowledged_new_file_survives_on_ext4",
                     POWER + "test_acknowledged_change_survives_on_xfs", POWER + "test_acknowledged_new_file_survives_on_xfs"],
    "durable_no_op": [POWER + "test_what_nothing_was_to_do_about_survives_on_ext4", POWER + "test_what_nothing_was_to_do_about_survives_on_xfs"],
}


def verdict(step, test):
    """"failed" by an assertion, "passed", "skipped", or "broke": an error of the test itself notices nothing."""
    environment = {**os.environ, "SOAK_PROGRAM": f"{MUTANTS}/soak_without_{step}", "SOAK_FAULT_SCENARIO": "file"}
    environment.pop("SOAK_FAULT_LONG", None)
    try:
        done = subprocess.run([sys.executable, "-m", "unittest", test], cwd=HERE, env=environment, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        return "broke: it never ended"
    last = done.stderr.strip().splitlines()[-1]
    if re.match(r"FAILED \(failures=", last):
        return "failed"
    return "skipped" if "skipped=" in last else "passed" if last == "OK" else "broke: " + done.stderr


class Controls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not MUTANTS:
            raise unittest.SkipTest("left out: SOAK_MUTANTS names no folder with programs that lack a step")
        injection.strace_or_skip()

    def assert_noticed(self, table, skipped_is=()):
        pairs = [(step, test) for step, tests in table.items() for test in tests]
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            verdicts = list(pool.map(lambda pair: verdict(*pair), pairs))
        if skipped_is and "skipped" in verdicts:
            self.skipTest("left out: " + skipped_is)
        unnoticed = [f"without {step}, {test} {verdict}" for (step, test), verdict in zip(pairs, verdicts) if verdict != "failed"]
        self.assertEqual(unnoticed, [])
        print(f"{len(pairs)} controls failed as they must", flush=True)

    def test_each_step_has_a_program_without_it_and_a_test_that_is_to_notice(self):
        self.assertEqual(set(NOTICED_BY), set(leave_out.STEPS))
        for step in leave_out.STEPS:
            self.assertTrue(os.access(f"{MUTANTS}/soak_without_{step}", os.X_OK), step)

    def test_tests_fail_without_each_step(self):
        self.assert_noticed(NOTICED_BY)

    def test_power_cut_loses_an_acknowledged_apply_without_each_fsync(self):
        injection.root_or_skip("a loop mount")
        self.assert_noticed(POWER_CUTS, skipped_is="no loop mounts, or no mkfs, here")

    def test_unchanged_program_is_not_accused(self):
        """The same way of judging, on the real program: a control of the controls."""
        real = injection.SOAK
        done = subprocess.run([sys.executable, "-m", "unittest", ORDER, CALLS + "test_rename_that_fails_once_it_is_done_is_never_told_as_not_applied"],
                              cwd=HERE, env={**os.environ, "SOAK_PROGRAM": real}, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
