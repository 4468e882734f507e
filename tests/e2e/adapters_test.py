"""The adapters of third-party programs, by the contract of a target alone: a runtime file in, reports out."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["SOAK_PROGRAM"]).parent
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class AdapterCase(unittest.TestCase):
    """An adapter in a folder of its own, begun with the runtime that its folder in targets/ ships."""

    name = ""

    def start(self, *options):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.runtime, self.report = (pathlib.Path(scratch.name) / file for file in ("runtime.json", "report.json"))
        self.runtime.write_bytes((SOURCE / "targets" / self.name / "start.json").read_bytes())
        environment = {**os.environ, "SOAK_RUNTIME_OVERRIDES": str(self.runtime), "SOAK_REPORT": str(self.report)}
        self.process = subprocess.Popen([BUILD / "targets" / f"soak-target-{self.name}", *options], env=environment, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.errors = self.process.communicate(timeout=20)[1]

    def give(self, **settings):
        fresh = self.runtime.with_suffix(".new")
        fresh.write_text(json.dumps({self.name: settings}))
        fresh.rename(self.runtime)

    def wait_for(self, condition, what):
        """The first report that meets the condition."""
        until = time.monotonic() + 20
        report = None
        while time.monotonic() < until:
            if self.report.exists():
                report = json.loads(self.report.read_text())
                if condition(report):
                    return report
            time.sleep(0.02)
        self.fail(f"{what}: {report}")

    def in_effect(self, name, value):
        return self.wait_for(lambda report: report["effective"]["params"][self.name][name] == value, f"{name} never was {value}")


class Redis(AdapterCase):
    name = "redis"

    def test_a_larger_memory_is_read_back_and_more_keys_are_hit(self):
        self.start("--keys", "5000")
        self.give(maxmemory=1 << 20)
        self.in_effect("maxmemory", 1 << 20)
        small = self.wait_for(lambda report: report["seq"] > 15 and report["kpis"]["hit_ratio"], "no hits")["kpis"]["hit_ratio"]
        self.give(maxmemory=64 << 20)
        self.in_effect("maxmemory", 64 << 20)
        self.wait_for(lambda report: (report["kpis"]["hit_ratio"] or 0) > small + 0.05, "the hit ratio did not follow")

    def test_what_is_not_on_the_list_is_never_sent(self):
        self.start()
        self.give(port=1, hz=600, **{"maxmemory-policy": "allkeys-lfu"})
        report = self.in_effect("maxmemory-policy", "allkeys-lfu")
        self.assertEqual(report["effective"]["params"]["redis"]["hz"], 10)
        self.stop()
        self.assertIn("port: is not on the list", self.errors)
        self.assertIn("hz: must be a whole number from 1 to 500", self.errors)

    def test_the_instance_is_the_servers_own_and_nothing_is_left_of_it(self):
        self.start()
        first = self.wait_for(lambda report: report["seq"] > 2, "no report")["effective"]["instance_id"]
        self.stop()
        self.assertEqual(self.process.returncode, 0, self.errors)
        self.start()
        self.assertNotEqual(self.wait_for(lambda report: True, "no report")["effective"]["instance_id"], first)


class Haproxy(AdapterCase):
    name = "haproxy"

    def test_weights_are_read_back_and_the_servers_shares_are_evidence_on_them(self):
        self.start()
        self.give(weight_s1=20, weight_s3=2, maxconn=600)
        report = self.wait_for(lambda report: report["effective"]["params"]["haproxy"]["weight_s3"] == 2 and "evidence" in report, "no evidence")
        self.assertEqual(report["effective"]["params"]["haproxy"], {"maxconn": 600, "weight_s1": 20, "weight_s2": 10, "weight_s3": 2})
        self.assertEqual(report["evidence"], {"weight_s1": {"equals": 20}, "weight_s2": {"equals": 10}, "weight_s3": {"equals": 2}})
        self.assertAlmostEqual(report["kpis"]["share_s1"], 20 / 32, delta=0.02)

    def test_a_word_for_a_number_is_refused(self):
        self.start()
        self.give(maxconn="abc", weight_s1=30)
        self.assertEqual(self.in_effect("weight_s1", 30)["effective"]["params"]["haproxy"]["maxconn"], 1000)

    def test_a_word_that_is_sent_all_the_same_is_found_by_reading_back(self):
        self.start("--unchecked")
        self.give(maxconn="abc")
        self.in_effect("maxconn", 0)


if __name__ == "__main__":
    unittest.main()
