"""The metrics as Prometheus' own tools read them: promtool, a real server that scrapes a real soak, the rules, an alert that
reaches Alertmanager, and every query of the dashboard."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

SOAK = os.environ["SOAK_PROGRAM"]
HERE = pathlib.Path(__file__).resolve().parent
PACKAGING = HERE.parent.parent / "packaging"
BOT = [sys.executable, str(HERE / "faulty_bot.py"), "ignored", "--on", "12"]  # late enough for Prometheus to have seen a time without it


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def eventually(what, within_s, ask):
    """The first true answer of `ask`; what came instead, where there was none in time."""
    deadline, last = time.monotonic() + within_s, None
    while time.monotonic() < deadline:
        try:
            last = ask()
            if last:
                return last
        except OSError as error:
            last = error
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {within_s} s, last: {last}")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class WithPrometheus(unittest.TestCase):
    """A soak whose target ignores its twelfth change, watched by a Prometheus that tells an Alertmanager; on loopback, for all tests."""

    @classmethod
    def setUpClass(cls):
        for tool in ("prometheus", "promtool", "prometheus-alertmanager"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"left out: {tool} is not installed")
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.root = pathlib.Path(cls.place.name)
        cls.soak_port, cls.prometheus_port, cls.alertmanager_port = free_port(), free_port(), free_port()
        cls.start_soak()
        cls.start_alertmanager()
        cls.start_prometheus()
        eventually("the run's first two changes", 60, lambda: cls.query("soak_proposals_applied_total >= 2"))

    @classmethod
    def start(cls, name, *command):
        log = open(cls.root / f"{name}.log", "w")
        process = subprocess.Popen(command, cwd=cls.root, stdout=log, stderr=log)

        def end():
            process.terminate()
            process.wait(20)
            log.close()

        cls.addClassCleanup(end)

    @classmethod
    def start_soak(cls):
        plan = [{"iteration": i, "proposed_deltas": {"min_interval_ms": 50 + i}} for i in range(2, 400, 2)]
        (cls.root / "plan.jsonl").write_text("".join(json.dumps(line) + "\n" for line in plan))
        (cls.root / "start.json").write_text(json.dumps({"engine": {"min_interval_ms": 50}, "tuner": {"velocity_cap": 10000}}))
        (cls.root / "profile.json").write_text(json.dumps(
            {"name": "bot", "kpis": [{"name": "net_bps", "judged": True, "direction": "at_least", "threshold": 1}]}))
        cls.start("soak", SOAK, "run", "--iterations", "400", "--iteration-s", "0.8", "--settle-s", "0.3", "--tuner", "plan:plan.jsonl",
                  "--overrides", "start.json", "--out", "run", "--metrics-listen", f"127.0.0.1:{cls.soak_port}", "--", *BOT)

    @classmethod
    def start_alertmanager(cls):
        (cls.root / "alertmanager.yml").write_text("route: {receiver: nobody, group_wait: 0s}\nreceivers: [{name: nobody}]\n")
        cls.start("alertmanager", "prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=alerts",
                  f"--web.listen-address=127.0.0.1:{cls.alertmanager_port}", "--cluster.listen-address=")

    @classmethod
    def start_prometheus(cls):
        config = (PACKAGING / "prometheus" / "prometheus.yml").read_text()  # the example, faster and with the ports of this test
        config = config.replace("15s", "1s").replace("127.0.0.1:9093", f"127.0.0.1:{cls.alertmanager_port}")
        config = config.replace("127.0.0.1:8484", f"127.0.0.1:{cls.soak_port}")
        (cls.root / "prometheus.yml").write_text(config)
        shutil.copy(PACKAGING / "prometheus" / "soak.rules.yml", cls.root)
        cls.start("prometheus", "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                  f"--web.listen-address=127.0.0.1:{cls.prometheus_port}")

    @classmethod
    def query(cls, expression):
        answer = json.loads(get(f"http://127.0.0.1:{cls.prometheus_port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def test_metrics_are_what_promtool_wants_them_to_be(self):
        text = get(f"http://127.0.0.1:{self.soak_port}/metrics")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_rules_are_valid_and_tested(self):
        for what in (["check", "rules", "soak.rules.yml"], ["test", "rules", "soak.rules_test.yml"]):
            done = subprocess.run(["promtool", *what], cwd=PACKAGING / "prometheus", capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_metric_of_the_documentation_is_scraped_and_no_other(self):
        document = (HERE.parent.parent / "docs" / "metrics.md").read_text()
        documented = set(re.findall(r"`(soak_[a-z_]+)`", document))
        scraped = {series["metric"]["__name__"] for series in self.query('{__name__=~"soak_.*"}')}
        bases = {re.sub(r"_(bucket|sum|count)$", "", name) if name.startswith("soak_apply_duration") else name for name in scraped}
        old = {name for name in bases if re.fullmatch(r"soak_(delta_.*|kpi_.*_mean|guards_.*_count|verdict_pass_count|freeze_ready|anomalies_count)", name)}
        self.assertEqual(bases - old, {name for name in documented if name not in old})
        self.assertEqual(len(old), 16)

    def test_proposed_applied_and_effective_values_are_told_apart(self):
        def told():
            return {kind: self.query(f'soak_parameter_{kind}{{parameter="min_interval_ms"}}') for kind in ("proposed", "applied", "effective")}
        values = eventually("the three gauges", 20, lambda: (lambda found: all(found.values()) and found)(told()))
        self.assertEqual({series["metric"]["run"] for found in values.values() for series in found}, {values["applied"][0]["metric"]["run"]})

    def test_every_query_of_the_dashboard_returns_data(self):
        dashboard = json.loads((PACKAGING / "grafana" / "soak.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        queries += [note["expr"] for note in dashboard["annotations"]["list"]]
        self.assertGreater(len(queries), 15)
        for query in queries:
            expression = query.replace("$__rate_interval", "30s").replace("$__interval", "30s").replace("$run", ".*")
            eventually(f"data for {query}", 60, lambda: self.query(expression))

    def test_fault_is_an_alert_at_alertmanager(self):
        def alert():
            alerts = json.loads(get(f"http://127.0.0.1:{self.alertmanager_port}/api/v2/alerts"))
            return [a for a in alerts if a["labels"]["alertname"] == "SoakDeliveryFault"]
        [found] = eventually("the alert", 60, alert)
        self.assertEqual(found["labels"]["kind"], "ignored")
        self.assertIn("delivery fault ignored", found["annotations"]["summary"])


if __name__ == "__main__":
    unittest.main()
