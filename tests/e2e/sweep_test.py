"""`soak sweep` from outside: the same rows in any order and with any number of threads, the numbers of `soak run`, and its refusals."""
import csv
import io
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
GRID = {"base_spread_bps": [0.05, 0.1, 0.3], "impact_cap_ratio": [0.1, 0.2], "min_interval_ms": [30, 90]}
SETS = [{"base_spread_bps": spread, "impact_cap_ratio": cap, "min_interval_ms": interval}
        for spread in GRID["base_spread_bps"] for cap in GRID["impact_cap_ratio"] for interval in GRID["min_interval_ms"]]


class SweepCase(unittest.TestCase):
    """A feed of 48 s in "x.feed"; one for all tests of the class."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        for command in (("synth", "--model", "random-walk-l2", "--rows", "60000", "--seed", "3", "--format", "hftbacktest", "--out", "x.bin"),
                        ("import", "--format", "hftbacktest", "x.bin", "--tick", "0.1", "--lot", "0.001", "--out", "x.feed")):
            subprocess.run([SOAK, "feed", *command], cwd=cls.root, check=True, capture_output=True)

    def soak(self, *arguments, expect=0):
        done = subprocess.run([SOAK, *map(str, arguments)], cwd=self.root, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done

    def grid(self, content, name="grid.json"):
        (self.root / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return name

    def sweep(self, content, *options, window_s=10):
        return self.soak("sweep", "--feed", "x.feed", "--grid", self.grid(content), "--window-s", window_s, *options).stdout


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


class Repeats(SweepCase):
    def test_one_thread_and_two_give_the_same_bytes(self):
        one = self.sweep(GRID, "--threads", 1)
        self.assertEqual(len(rows(one)), len(SETS))
        self.assertEqual(self.sweep(GRID, "--threads", 2), one)
        self.sweep(GRID, "--threads", 2, "--out", "x.csv")
        self.assertEqual((self.root / "x.csv").read_text(), one)

    def test_the_grids_order_is_that_of_the_rows_and_changes_none_of_them(self):
        header, *product = self.sweep(GRID).splitlines()
        self.assertEqual(self.sweep(SETS).splitlines(), [header, *product])
        shuffled = random.Random(5).sample(SETS, len(SETS))
        self.assertNotEqual(shuffled, SETS)
        again = self.sweep(shuffled, "--threads", 2)
        self.assertEqual(again.splitlines()[0], header)
        self.assertEqual(set(again.splitlines()[1:]), set(product))
        for wanted, row in zip(shuffled, rows(again)):
            self.assertEqual({name: float(row[name]) for name in wanted}, wanted)

    def test_sets_differ_and_are_filled(self):
        table = rows(self.sweep(GRID))
        self.assertGreater(min(int(row["maker_count"]) for row in table), 0)
        self.assertGreater(len({row["net_bps"] for row in table}), 6)

    def test_another_seed_is_another_venue(self):
        self.assertNotEqual(self.sweep(GRID, "--seed", 2), self.sweep(GRID, "--seed", 1))


class Numbers(SweepCase):
    def report(self, parameters, seed):
        """EDGE_REPORT of one iteration of 30 s with these over the default runtime."""
        self.soak("run", "--feed", "x.feed", "--iterations", 1, "--iteration-s", 30, "--out", "run", "--overwrite", "--quiet")
        (self.root / "runtime.json").write_bytes((self.root / "run" / "runtime_overrides.json").read_bytes())
        for name, value in parameters.items():
            self.soak("apply", "--runtime", "runtime.json", "--set", f"{name}={value}")
        self.soak("run", "--feed", "x.feed", "--iterations", 1, "--iteration-s", 30, "--overrides", "runtime.json", "--seed", seed,
                  "--out", "run", "--overwrite", "--quiet")
        return json.loads((self.root / "run" / "EDGE_REPORT.json").read_bytes())["totals"]

    @staticmethod
    def flat(totals):
        """The table's names for a report's totals (docs/sweep.md)."""
        columns = {name: value for name, value in totals.items() if name not in ("fills", "block_reasons")}
        columns.update(totals["fills"])
        for reason, counted in totals["block_reasons"].items():
            columns.update({f"{reason}_{name}": value for name, value in counted.items()})
        return columns

    def test_a_window_gives_what_a_run_reports_with_the_same_overrides(self):
        sets = [{"base_spread_bps": 0.05, "max_age_ms": 1500}, {"base_spread_bps": 0.3, "concurrency_limit": 4}]
        document = json.loads(self.sweep(sets, "--seed", 11, "--json", window_s=30))
        self.assertEqual((document["windows"], document["sets"], document["seed"]), (1, 2, 11))
        table = rows(self.sweep(sets, "--seed", 11, window_s=30))
        for parameters, row, line in zip(sets, document["rows"], table):
            wanted = self.flat(self.report(parameters, seed=11))
            self.assertGreater(wanted["maker_count"], 0)
            self.assertEqual({name: row[name] for name in wanted}, wanted)
            self.assertEqual({name: row[name] for name in parameters}, parameters)
            self.assertEqual(set(row), set(line))
            for name, value in row.items():  # the same in CSV
                text = ";".join(value) if isinstance(value, list) else "" if value is None else value
                self.assertEqual(line[name] if isinstance(text, str) else float(line[name]), text, name)


class Refusals(SweepCase):
    def refusal(self, content, *options, feed="x.feed", expect=1):
        grid = self.grid(content)
        before = {path.name for path in self.root.iterdir()}
        done = self.soak("sweep", "--feed", feed, "--grid", grid, "--out", "none.csv", *options, expect=expect)
        self.assertEqual({path.name for path in self.root.iterdir()}, before)
        return done

    def test_a_bad_grid_is_named_with_its_parameter_and_leaves_no_file(self):
        many = {"max_age_ms": list(range(1000, 2001)), "tail_age_ms": list(range(1000, 2000))}
        for content, code, parameter in (({"base_spred_bps": [1]}, "unknown_parameter", "base_spred_bps"),
                                         ({"max_age_ms": [1000, 1e9]}, "out_of_bounds", "max_age_ms"),
                                         ([{"max_age_ms": 1000}, {"max_age_ms": "x"}], "invalid_value", "max_age_ms"),
                                         ({"cooldown_iters": [1]}, "invalid_value", "cooldown_iters"),
                                         (many, "limit_exceeded", None), ({}, "invalid_value", None), ("{", "invalid_json", None)):
            error = json.loads(self.refusal(content, "--json").stdout)["error"]
            self.assertEqual((error["code"], error.get("parameter"), error["file"]), (code, parameter, "grid.json"), error)
            self.assertIn("grid.json", self.refusal(content).stderr)

    def test_a_feed_that_is_missing_or_none_is_named_and_leaves_no_file(self):
        self.assertIn("none.feed", self.refusal(GRID, feed="none.feed").stderr)
        self.assertIn("not a .feed file", self.refusal(GRID, feed="x.bin").stderr)
        (self.root / "torn.feed").write_bytes((self.root / "x.feed").read_bytes()[:-100])
        self.assertIn("torn.feed", self.refusal(GRID, feed="torn.feed").stderr)

    def test_a_table_that_was_there_stays_where_the_sweep_fails(self):
        (self.root / "old.csv").write_text("old\n")
        self.soak("sweep", "--feed", "x.feed", "--grid", self.grid({"x": [1]}), "--out", "old.csv", expect=1)
        self.assertEqual((self.root / "old.csv").read_text(), "old\n")
        (self.root / "old.csv").unlink()

    def test_options_that_make_no_sense_are_usage_errors(self):
        for wrong in (("--threads", "0"), ("--threads", "2000"), ("--window-s", "0"), ("--window-s", "nan"), ("--seed", "-1")):
            self.refusal(GRID, *wrong, expect=2)
        self.soak("sweep", "--feed", "x.feed", expect=2)


if __name__ == "__main__":
    unittest.main()
