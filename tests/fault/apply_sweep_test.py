"""`soak apply` killed at every system call, and given every error at every call: nothing torn, nothing lost, nothing falsely told.

The calls are those of a clean run of the same scenario. SOAK_FAULT_LONG=1 sweeps five more scenarios: over 2,000 kills in all.
"""
import concurrent.futures
import os
import resource
import signal
import unittest

import apply_oracle as oracle
import injection
from injection import SOAK, Fault

SCENARIOS = oracle.SHORT + (oracle.MORE if injection.LONG else oracle.MORE[:2])
ONLY = os.environ.get("SOAK_FAULT_SCENARIO")  # the negative controls need but one
KILLS_MIN, ERRORS_MIN = 200, 400  # for each scenario: an apply makes over 200 calls


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        injection.strace_or_skip()
        wanted = [s for s in SCENARIOS if ONLY in (None, s.name)]
        cls.scenarios = [s for s in wanted if s.owner is None or os.geteuid() == 0]
        for scenario in wanted:
            if scenario not in cls.scenarios:
                print(f"left out: the scenario {scenario.name} needs the superuser", flush=True)
        cls.calls = {s.name: injection.calls_of(s) for s in cls.scenarios}

    def sweep(self, points, lies=False):
        """Every (scenario, fault...) in turn; returns how many were proven: all of them, or the test fails."""
        def one(point):
            scenario, *faults = point
            def run(command, cwd):
                return injection.inject(command, cwd, *faults)
            def attempt():
                outcome, wrong = oracle.judge_point(scenario, run, lies)
                return outcome, injection.unasked_death(outcome, *faults) + wrong
            outcome, wrong = injection.until_proven(attempt)
            return outcome.proven, [f"{scenario.name}, {' + '.join(map(str, faults))}: {w} (exit {outcome.code})" for w in wrong]
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            results = list(pool.map(one, points))
        wrong = [w for _, found in results for w in found]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(points)} points")
        missed = [str(point[1]) for point, (proven, _) in zip(points, results) if not proven]
        self.assertEqual(missed, [], "the fault never happened")
        return len(points)

    def test_kill_at_every_call_leaves_the_old_or_the_new_file_and_a_clean_next_apply(self):
        proven = self.sweep([(s, fault) for s in self.scenarios for fault in injection.kill_points(self.calls[s.name])])
        print(f"{proven} kills proven", flush=True)
        self.assertGreaterEqual(proven, KILLS_MIN * len(self.scenarios))

    def test_every_error_at_every_call_is_told_for_what_it_is(self):
        proven = self.sweep([(s, fault) for s in self.scenarios for fault in injection.error_points(self.calls[s.name], injection.program_from(self.calls[s.name], "r.json"))])
        print(f"{proven} errors proven", flush=True)
        self.assertGreaterEqual(proven, ERRORS_MIN * len(self.scenarios))

    def test_second_error_while_a_failed_rename_is_looked_into_is_never_taken_for_not_applied_wrongly(self):
        failed = Fault("renameat", 1, "error=EIO")
        points = []
        for scenario in self.scenarios:
            counts = injection.occurrences(self.calls[scenario.name])
            # the last of each are those of the look at the file (newfstatat's very last is that of standard output)
            second = [("openat", counts["openat"]), ("newfstatat", counts["newfstatat"] - 2), ("newfstatat", counts["newfstatat"] - 1)]
            if scenario.old is not None:
                second += [("read", counts["read"] - 1), ("read", counts["read"])]
                points += [(scenario, failed, Fault(call, n, "error=EIO")) for call, n in second]
            points += [(scenario, failed, Fault(*second[0], "error=EIO"))]
        self.sweep(points)

    def test_system_that_lies_is_found_out_by_the_read_back(self):
        points = []
        for scenario in self.scenarios:
            counts = injection.occurrences(self.calls[scenario.name])
            size = len(scenario.new)
            points += [(scenario, Fault("write", 1, f"retval={n}")) for n in (0, 1, size - 1, size)]
            points += [(scenario, Fault("renameat", 1, "retval=0"))]
            points += [(scenario, Fault("read", n, f"retval={len(scenario.old or scenario.new)}"))
                       for n in range(counts["read"] - (3 if scenario.old else 1), counts["read"] + 1)]
            points += [(scenario, Fault(call, 1, "retval=0")) for call in ("flock", "fsync")]
        self.sweep(points, lies=True)

    def test_fault_that_never_happens_is_not_counted(self):
        for what in ("signal=SIGKILL", "error=EIO"):
            outcome, wrong = oracle.judge_point(self.scenarios[0], lambda command, cwd: injection.inject(command, cwd, Fault("fsync", 99, what)))
            self.assertEqual((outcome.proven, outcome.code, wrong), (False, 0, []))

    def test_slow_calls_change_nothing(self):
        self.sweep([(s, Fault(call, 1, "delay_enter=100000")) for s in self.scenarios for call in ("write", "fsync", "renameat", "flock")])

    def test_descriptor_whose_fsync_failed_is_never_fsynced_again_and_never_renamed(self):
        for scenario in self.scenarios:
            def run(command, cwd):
                return injection.inject(command, cwd, Fault("fsync", 1, "error=EIO"), also=("renameat", "fdatasync"))
            outcome, wrong = oracle.judge_point(scenario, run)
            self.assertEqual((outcome.proven, outcome.code, wrong), (True, 1, []), scenario.name)
            calls = [line for line in outcome.log if injection.CALL.match(line)]
            self.assertEqual(len(calls), 1, calls)
            self.assertIn("INJECTED", calls[0])


class Memory(unittest.TestCase):
    def test_too_little_memory_is_told_wherever_it_runs_out(self):
        """Of a runtime of many values, which the JSON library lets go of one by one."""
        scenario, codes = oracle.Many(), set()
        for limit_kib in range(16_000, 26_000, 100):
            def limit():
                resource.setrlimit(resource.RLIMIT_AS, (limit_kib << 10, limit_kib << 10))
            if injection.run_plain([SOAK, "--version"], "/", preexec_fn=limit).code != 0:
                continue  # not even enough for the loader
            outcome, wrong = oracle.judge_point(scenario, lambda command, cwd: injection.run_plain(command, cwd, preexec_fn=limit))
            self.assertEqual(wrong, [], (limit_kib, outcome))
            self.assertIn(outcome.code, (0, 1, oracle.UNKNOWN), (limit_kib, outcome.stderr))
            codes.add(outcome.code)
        self.assertIn(0, codes, "it was never enough")
        self.assertGreater(len(codes), 1, "it was always enough")


class FaultyCalls(unittest.TestCase):
    def test_few_bytes_at_a_time_with_interruptions_between_still_make_the_whole_file(self):
        for scenario in [*oracle.SHORT, oracle.StaleTemps()]:
            outcome, wrong = oracle.judge_point(scenario, lambda command, cwd: injection.run_with_faulty_calls("short_writes", command, cwd))
            self.assertEqual((outcome.code, wrong), (0, []), scenario.name)
            self.assertGreaterEqual(len(outcome.log), len(scenario.new) // 7 - 1, "no write was shortened")

    def test_rename_that_fails_once_it_is_done_is_never_told_as_not_applied(self):
        for scenario in oracle.SHORT:
            outcome, wrong = oracle.judge_point(scenario, lambda command, cwd: injection.run_with_faulty_calls("rename_and_fail", command, cwd))
            self.assertEqual((outcome.proven, outcome.code, wrong), (True, oracle.UNKNOWN, []), scenario.name)

    def test_file_size_limit_in_the_middle_of_the_bytes_leaves_the_old_file(self):
        for handling in (signal.SIG_IGN, signal.SIG_DFL):
            def limit():
                signal.signal(signal.SIGXFSZ, handling)
                resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
            for scenario in oracle.SHORT:
                outcome, wrong = oracle.judge_point(scenario, lambda command, cwd: injection.run_plain(command, cwd, preexec_fn=limit))
                self.assertEqual((outcome.code, wrong), (1, []), (scenario.name, handling))
                self.assertIn("File too large", outcome.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
