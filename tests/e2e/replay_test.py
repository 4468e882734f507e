"""`soak feed synth`, `soak feed stats` and `soak replay` from outside."""
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
ROWS = 50_000


class ReplayCase(unittest.TestCase):
    """A synthetic feed in "walk.bin"; one for all tests of the class."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        cls.synth(cls.root / "walk.bin")

    @staticmethod
    def synth(path, seed=3):
        subprocess.run([SOAK, "feed", "synth", "--model", "random-walk-l2", "--rows", str(ROWS), "--seed", str(seed),
                        "--format", "hftbacktest", "--out", path], check=True, capture_output=True)

    def soak(self, *arguments, expect=0):
        done = subprocess.run([SOAK, *map(str, arguments)], cwd=self.root, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done

    def replay(self, *options):
        return json.loads(self.soak("replay", "--feed", "walk.bin", "--json", *options).stdout)

    def refusal(self, *options, expect=1, feed="walk.bin"):
        return self.soak("replay", "--feed", feed, *options, expect=expect).stderr


class Synth(ReplayCase):
    def test_same_seed_same_bytes(self):
        self.synth(self.root / "again.bin")
        self.synth(self.root / "other.bin", seed=4)
        walk, again, other = ((self.root / name).read_bytes() for name in ("walk.bin", "again.bin", "other.bin"))
        self.assertEqual(hashlib.sha256(walk).digest(), hashlib.sha256(again).digest())
        self.assertNotEqual(walk, other)
        self.assertEqual(len(walk) % 64, 0)
        self.assertLessEqual(ROWS - 4, len(walk) // 64)

    def test_leaves_nothing_where_it_cannot_write(self):
        self.soak("feed", "synth", "--model", "random-walk-l2", "--rows", 100, "--seed", 1, "--format", "hftbacktest",
                  "--out", "none/x.bin", expect=1)
        self.assertFalse((self.root / "none").exists())

    def test_random_walk_replays_alike_from_both_formats(self):
        self.soak("feed", "synth", "--model", "random-walk-l2", "--rows", ROWS, "--seed", 3, "--format", "feed", "--out", "walk.feed")
        rows, feed = (json.loads(self.soak("replay", "--feed", name, "--json").stdout) for name in ("walk.bin", "walk.feed"))
        for name in ("rows", "intervals", "submits", "cancels", "fills", "position", "balance", "fee"):
            self.assertEqual(rows[name], feed[name], name)
        self.assertGreater(rows["fills"], 0)

    def test_market_is_fit_for_a_soak_and_a_soak_runs_on_it(self):
        self.soak("feed", "synth", "--model", "market", "--seconds", 600, "--seed", 5, "--format", "feed", "--out", "market.feed")
        self.soak("feed", "check", "market.feed", "--window-s", 200)
        self.soak("run", "--iterations", 3, "--iteration-s", 200, "--auto-tune", "--feed", "market.feed", "--out", "run", "--quiet")
        fills = json.loads((self.root / "run/EDGE_REPORT.json").read_text())["totals"]["fills"]
        self.assertGreater(fills["maker_count"], 0)


class Replay(ReplayCase):
    def test_tells_what_it_did_and_how_long_it_took(self):
        result = self.replay()
        for name in ("rows", "intervals", "submits", "cancels", "fills", "position", "balance", "fee", "equity", "seconds",
                     "rows_per_s", "convert_s", "load_s"):
            self.assertIn(name, result)
        self.assertGreater(result["fills"], 0)
        self.assertEqual(result["rows"], (self.root / "walk.bin").stat().st_size // 64)
        mid = 20_000  # near enough for a few base units
        self.assertAlmostEqual(result["equity"], result["balance"] + result["position"] * mid - result["fee"], delta=abs(result["position"]) * 50 + 1)

    def test_same_input_same_counts(self):
        timed = ("seconds", "rows_per_s", "convert_s", "load_s")
        first, second = ({k: v for k, v in self.replay("--mode", "diff").items() if k not in timed} for _ in range(2))
        self.assertEqual(first, second)

    def test_a_table_of_constant_latency_is_the_constant(self):
        (self.root / "latency.csv").write_text("sent_ns,exchange_ns,received_ns\n0,2000000,4000000\n1000000000000,1000002000000,1000004000000\n")
        constant, table = self.replay(), self.replay("--latency-table", "latency.csv")
        self.assertEqual([constant[k] for k in ("submits", "cancels", "fills")], [table[k] for k in ("submits", "cancels", "fills")])

    def test_an_exchange_of_finite_rate_lets_requests_wait(self):
        counts = ("intervals", "submits", "cancels", "fills", "position", "balance", "fee")
        for mode in ("cancelall", "diff"):
            constant, fast = self.replay("--mode", mode), self.replay("--mode", mode, "--service-rate-per-s", "1e9")
            self.assertEqual([constant[k] for k in counts], [fast[k] for k in counts])
            self.assertNotIn("wait_ms_mean", constant)
        slow, slower = (self.replay("--mode", "diff", "--interval-ms", "20", "--service-rate-per-s", rate) for rate in (1000, 250))
        self.assertGreater(slower["wait_ms_mean"], slow["wait_ms_mean"])
        self.assertGreater(slower["wait_ms_max"], 4)
        self.assertIn("--service-rate-per-s", self.refusal("--service-rate-per-s", "40"))
        self.assertTrue(self.refusal("--service-rate-per-s", "0", expect=2))

    def test_fee_tiers_take_the_place_of_the_flat_fee(self):
        flat = self.replay()
        (self.root / "tiers.json").write_text('[{"from_amount":0,"maker_rate":-0.00005,"taker_rate":0.0004}]')
        self.assertEqual(flat["fee"], self.replay("--fee-tiers", "tiers.json")["fee"])
        (self.root / "tiers.json").write_text('[{"from_amount":0,"maker_rate":-0.00005,"taker_rate":0.0004},'
                                              '{"from_amount":10000,"maker_rate":-0.0001,"taker_rate":0.0003}]')
        self.assertLess(self.replay("--fee-tiers", "tiers.json")["fee"], flat["fee"])

    def test_slower_orders_are_other_orders(self):
        self.assertNotEqual(self.replay()["cancels"], self.replay("--order-latency-us", "40000,40000")["cancels"])

    def test_options_that_make_no_sense_are_refused(self):
        self.assertIn("round trip", self.refusal("--interval-ms", "1"))
        self.assertIn("at least a lot", self.refusal("--qty", "0.0001"))
        for wrong in (("--queue", "best"), ("--mode", "x"), ("--exchange", "x"), ("--order-latency-us", "5"),
                      ("--order-latency-us", "-1,5"), ("--format", "csv"), ("--interval-ms", "nan")):
            self.assertTrue(self.refusal(*wrong, expect=2))

    def test_bad_feeds_are_named(self):
        self.assertIn("none.bin", self.refusal(feed="none.bin"))
        (self.root / "torn.bin").write_bytes((self.root / "walk.bin").read_bytes()[:1000])
        self.assertIn("torn.bin", self.refusal(feed="torn.bin"))
        self.assertIn("not a .feed file", self.refusal("--format", "feed"))
        self.assertIn("tick", self.refusal("--tick", "0.3"))


if __name__ == "__main__":
    unittest.main()
