"""Eight processes that change one file at the same time: no update is lost, and every win is one link of one chain of hashes.

SOAK_FAULT_LONG=1: 1,000 applies a writer instead of 150 or 50.
"""
import collections
import concurrent.futures
import json
import pathlib
import random
import signal
import subprocess
import tempfile
import time
import unittest

import apply_oracle as oracle
import injection
from injection import SOAK

WRITERS = 8
APPLIES = 1000 if injection.LONG else 150
SWAPS = 1000 if injection.LONG else 50


def parameters(count):
    """Numeric parameters of the registry, except max_age_ms, which the victims of kills write."""
    listed = json.loads(subprocess.run([SOAK, "params", "list", "--json"], capture_output=True, text=True, check=True).stdout)
    return [row["name"] for row in listed if row["type"] in ("integer", "number") and row["name"] != "max_age_ms"][:count]


class WritersCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.file = self.root / "r.json"

    def apply(self, *arguments):
        """(exit code, result or error) of one apply."""
        done = subprocess.run([SOAK, "apply", "--runtime", "r.json", *arguments, "--json"], cwd=self.root, capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout)

    def in_parallel(self, writer):
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            return list(pool.map(writer, range(WRITERS)))

    def assert_one_chain(self, start, results):
        """Every result's old hash is the state hash of exactly one other; from `start` the chain passes through all of them."""
        following = collections.defaultdict(list)
        for result in results:
            following[result["old_hash"]].append(result["state_hash"])
        branches = {old: states for old, states in following.items() if len(states) > 1}
        self.assertEqual(branches, {}, "two writers both replaced the same state: an update was lost")
        length, state = 0, start
        while state in following:
            state = following.pop(state)[0]
            length += 1
        self.assertEqual(length, len(results), "wins that are not in the chain")
        self.assertEqual(state, oracle.digest(self.file.read_bytes()), "the chain does not end in what is in place")


EMPTY = oracle.digest(b"{}")  # the hash that an apply reports for a file that does not exist


class Writers(WritersCase):
    def test_writers_of_different_parameters_make_one_chain(self):
        names = parameters(WRITERS)
        self.assertEqual(len(names), WRITERS)

        def writer(number):
            return [self.apply("--set", f"{names[number]}={value}") for value in range(1, APPLIES + 1)]
        made = [result for results in self.in_parallel(writer) for result in results]
        self.assertEqual([result for code, result in made if code != 0], [])
        self.assert_one_chain(EMPTY, [result for _, result in made])
        values = [value for section in json.loads(self.file.read_bytes()).values() for value in section.values()]
        self.assertEqual(values, WRITERS * [APPLIES])

    def test_writers_of_the_same_parameter_make_one_chain(self):
        # Each value is written once, so that no state comes twice.
        def writer(number):
            return [self.apply("--set", f"min_interval_ms={1 + number + WRITERS * value}") for value in range(APPLIES)]
        made = [result for results in self.in_parallel(writer) for result in results]
        self.assertEqual([result for code, result in made if code != 0], [])
        self.assert_one_chain(EMPTY, [result for _, result in made])

    def test_compare_and_swap_loses_no_count(self):
        self.file.write_bytes(b'{"engine":{"max_age_ms":0}}')
        start = oracle.digest(self.file.read_bytes())

        def writer(_):
            wins, conflicts, others = [], 0, []
            while len(wins) < SWAPS:
                seen = self.file.read_bytes()
                count = json.loads(seen)["engine"]["max_age_ms"]
                code, result = self.apply("--set", f"max_age_ms={count + 1}", "--expect-hash", oracle.digest(seen))
                if code == 0:
                    wins.append(result)
                elif code == 6:
                    conflicts += 1
                else:
                    others.append(result)
                    break
            return wins, conflicts, others
        results = self.in_parallel(writer)
        self.assertEqual([other for _, _, others in results for other in others], [])
        wins = [win for made, _, _ in results for win in made]
        conflicts = sum(count for _, count, _ in results)
        print(f"{len(wins)} wins, {conflicts} conflicts", flush=True)
        self.assertGreater(conflicts, 0, "nobody ever met anybody: this proves nothing")
        self.assert_one_chain(start, wins)
        self.assertEqual(json.loads(self.file.read_bytes())["engine"]["max_age_ms"], WRITERS * SWAPS)

    def test_writers_that_are_killed_at_random_moments_lose_nobody_elses_update(self):
        """A killed apply may or may not be in place; everybody who got an answer is, and the file is never torn."""
        names = parameters(WRITERS // 2)
        rng = random.Random(1)
        delays = [[rng.uniform(0, 0.04) for _ in range(APPLIES)] for _ in range(WRITERS // 2)]

        def victim(number):
            killed = 0
            for value, delay in enumerate(delays[number], 1):
                process = subprocess.Popen([SOAK, "apply", "--runtime", "r.json", "--set", f"max_age_ms={value * WRITERS + number}", "--json"],
                                           cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(delay)
                process.kill()
                killed += process.wait() == -signal.SIGKILL
            return killed

        def writer(number):
            if number >= WRITERS // 2:
                return victim(number - WRITERS // 2)
            return [self.apply("--set", f"{names[number]}={value}") for value in range(1, APPLIES + 1)]
        results = self.in_parallel(writer)
        self.assertGreater(sum(results[WRITERS // 2:]), APPLIES // 2, "hardly anybody was killed")
        for made in results[:WRITERS // 2]:
            self.assertEqual([result for code, result in made if code != 0], [])
        now = {name: value for section in json.loads(self.file.read_bytes()).values() for name, value in section.items()}
        self.assertEqual({name: now[name] for name in names}, dict.fromkeys(names, APPLIES))
        self.assertEqual(self.apply("--set", "max_age_ms=1")[0], 0)
        self.assertEqual(oracle.temps(self.root), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
