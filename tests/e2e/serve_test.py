"""soak serve from outside: every route of docs/openapi.json on real runs, each answer held against its schema; access; the end."""
import base64
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from served import ROOT, SOAK, Events, Server, soak, soon, validate

OPENAPI = json.loads((ROOT / "docs/openapi.json").read_text())
SECURITY = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def write_old_run(folder):
    """Artifacts as the old Python tool left them: percentages, no journal, no skip reasons, a list for a report."""
    folder.mkdir(parents=True)
    report = []
    for i in range(12):
        summary = {"iteration": i, "summary": {"risk_ratio": 33.0, "maker_taker_ratio": 90.0, "net_bps": 2.9, "p95_latency_ms": 200 + i,
                                               "runtime_utc": f"2025-01-01T0{i % 10}:00:00Z"},
                   "config": {"base_spread_bps": 1.0 + i / 10}, "tuning": {"deltas": {"base_spread_bps": 1.1 + i / 10}, "applied": i % 3 != 0,
                                                                           "cooldown_active": i % 3 == 0}}
        (folder / f"ITER_SUMMARY_{i}.json").write_text(json.dumps(summary))
        report.append({"iteration": i, "suggested_deltas": {"base_spread_bps": 1.1 + i / 10}, "applied": i % 3 != 0})
    (folder / "TUNING_REPORT.json").write_text(json.dumps(report))


class ServeCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.root = pathlib.Path(scratch.name)
        runs = cls.root / "artifacts/soak/runs"
        for seed in "1", "2":
            soak("run", "--iterations", "24", "--mock", "--auto-tune", "--seed", seed, "--iteration-s", "60", "--quiet", cwd=cls.root)
        cls.first, cls.second = sorted(path.name for path in runs.iterdir())
        write_old_run(runs / "old")
        shutil.copytree(runs / cls.first, runs / "torn")
        journal = (runs / "torn/journal.jsonl").read_bytes()
        (runs / "torn/journal.jsonl").write_bytes(journal[:-100])
        (runs / "empty").mkdir()
        (runs / "empty/journal.jsonl").write_bytes(b"")
        shutil.copytree(runs / cls.first, runs / "damaged")
        (runs / "damaged/journal.jsonl").write_bytes(journal.replace(b'"seq":9,', b'"seq":8,', 1))
        shutil.copytree(runs / cls.first, runs / "edited")
        edited = runs / "edited/ITER_SUMMARY_3.json"
        edited.write_text(edited.read_text().replace('"net_bps":', '"net_bps":1', 1))
        (runs / "not a run").mkdir()
        (runs / "strange näme").symlink_to(cls.first)
        shutil.copytree(runs / "old", cls.root / "artifacts/soak/deep/a/b" / "old")
        server = Server("artifacts/soak", cwd=cls.root)
        cls.addClassCleanup(lambda: server.__exit__(None, None, None))
        cls.server = server
        cls.ids = ["damaged", "edited", "empty", "old", "torn", cls.first, cls.second]

    def checked(self, path, template=None, status=200, method="GET"):
        """The answer to `path`, which must be as the document says of `template`."""
        answer = self.server.get(path, method)
        self.assertEqual(answer.status, status, (path, answer.body))
        for name, value in SECURITY.items():
            self.assertEqual(answer.headers[name], value, path)
        described = OPENAPI["paths"][template or path]["get"]["responses"][str(status)]["content"]
        (content_type, content), = described.items()
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], content_type.split(";")[0], path)
        if content_type == "application/json":
            validate(answer.json(), content["schema"], OPENAPI)
        return answer

    def verdicts(self):
        runs = self.checked("/api/v1/runs").json()["runs"]
        return {run["id"]: run["verdict"] for run in runs} if all(run["verdict"] for run in runs) else None


class Documented(ServeCase):
    def test_list_names_each_run_once_newest_first(self):
        soon(self.verdicts)
        runs = self.checked("/api/v1/runs").json()
        ids = [run["id"] for run in runs["runs"]]
        self.assertEqual(sorted(ids), sorted(self.ids))
        self.assertEqual(runs["total"], len(ids))
        by_id = {run["id"]: run for run in runs["runs"]}
        self.assertEqual({name: by_id[name]["state"] for name in ("old", "torn", self.first)}, {"old": "foreign", "torn": "ended", self.first: "ended"})
        self.assertEqual((by_id[self.first]["iterations"], by_id[self.first]["planned"], by_id[self.first]["duration_s"]), (24, 24, 1440))
        self.assertEqual((by_id["torn"]["iterations"], by_id["empty"]["iterations"], by_id["old"]["iterations"]), (23, 0, 12))
        self.assertIsNotNone(by_id["damaged"]["error"])
        self.assertEqual(by_id["edited"]["verdict"], "INCONCLUSIVE")
        self.assertEqual(by_id["old"]["started_utc"], None)
        started = [run["started_utc"] or "" for run in runs["runs"]]
        self.assertEqual(started, sorted(started, reverse=True))

    def test_list_is_searched_and_paged(self):
        soon(self.verdicts)
        self.assertEqual([run["id"] for run in self.checked("/api/v1/runs?q=TORN", "/api/v1/runs").json()["runs"]], ["torn"])
        page = self.checked("/api/v1/runs?limit=2&offset=1", "/api/v1/runs").json()
        self.assertEqual(len(page["runs"]), 2)
        self.assertGreaterEqual(page["total"], 7)
        self.checked("/api/v1/runs?limit=0", "/api/v1/runs", 400)

    def test_every_run_has_every_document(self):
        for run in self.ids:
            for rest in "", "/series", "/ledger":
                self.checked(f"/api/v1/runs/{run}{rest}", "/api/v1/runs/{run}" + rest)

    def test_run_agrees_with_the_gate(self):
        said = json.loads(soak("gate", "--path", f"artifacts/soak/runs/{self.first}", "--json", cwd=self.root).stdout)
        run = self.checked(f"/api/v1/runs/{self.first}", "/api/v1/runs/{run}").json()
        self.assertEqual(run["gate"]["verdict"], said["verdict"])
        self.assertEqual(run["item"]["verdict"], said["verdict"])
        self.assertEqual([check["name"] for check in run["gate"]["checks"]], [check["name"] for check in said["checks"]])
        self.assertEqual(run["delivery"]["full_apply_count"], said["delivery"]["full_apply_count"])
        self.assertEqual(run["health"]["reports"], 24)

    def test_series_holds_what_the_summaries_hold(self):
        summaries = [json.loads((self.root / f"artifacts/soak/runs/{self.first}/ITER_SUMMARY_{i}.json").read_text()) for i in range(1, 25)]
        series = self.checked(f"/api/v1/runs/{self.first}/series", "/api/v1/runs/{run}/series").json()
        self.assertEqual(series["iteration"], list(range(1, 25)))
        self.assertEqual(series["utc"], [one["summary"]["runtime_utc"] for one in summaries])
        for kpi in "net_bps", "risk_ratio":
            for column in "mean", "min", "max":
                self.assertEqual(series["kpis"][kpi][column], [one["summary"][kpi] for one in summaries])
        steps = series["parameters"]["base_spread_bps"]
        self.assertEqual(steps["effective"], [one["runtime_overrides"]["risk"]["base_spread_bps"] for one in summaries])
        self.assertEqual(steps["proposed"], [one["tuning"]["proposed_deltas"].get("base_spread_bps") for one in summaries])
        self.assertEqual(series["guards"]["freeze"], [int(one["tuning"]["freeze_triggered"]) for one in summaries])

    def test_series_is_thinned(self):
        whole = self.checked(f"/api/v1/runs/{self.first}/series", "/api/v1/runs/{run}/series").json()
        thin = self.checked(f"/api/v1/runs/{self.first}/series?from=2&to=22&points=5", "/api/v1/runs/{run}/series").json()
        self.assertEqual((thin["from"], thin["to"], thin["per_point"], thin["iteration"]), (2, 22, 5, [6, 11, 16, 21, 22]))
        values = whole["kpis"]["net_bps"]["mean"][1:6]
        self.assertAlmostEqual(thin["kpis"]["net_bps"]["mean"][0], sum(values) / 5)
        self.assertEqual((thin["kpis"]["net_bps"]["min"][0], thin["kpis"]["net_bps"]["max"][0]), (min(values), max(values)))
        self.assertEqual(thin["parameters"]["base_spread_bps"]["effective"][0], whole["parameters"]["base_spread_bps"]["effective"][5])
        self.assertEqual(thin["guards"]["freeze"][1], sum(whole["guards"]["freeze"][6:11]))
        self.checked(f"/api/v1/runs/{self.first}/series?from=9&to=2", "/api/v1/runs/{run}/series", 400)
        self.assertEqual(self.checked(f"/api/v1/runs/{self.first}/series?from=999", "/api/v1/runs/{run}/series").json()["iteration"], [])

    def test_ledger_is_that_of_the_command_newest_first(self):
        said = json.loads(soak("ledger", "--path", f"artifacts/soak/runs/{self.first}", "--json", cwd=self.root).stdout)
        ledger = self.checked(f"/api/v1/runs/{self.first}/ledger?limit=1000", "/api/v1/runs/{run}/ledger").json()
        self.assertEqual((ledger["total"], ledger["proven"]), (said["count"], said["proven_count"]))
        self.assertEqual([entry["proposed"] for entry in ledger["entries"]], [entry["proposed"] for entry in reversed(said["entries"])])
        proven = self.checked(f"/api/v1/runs/{self.first}/ledger?stage=proven&q=tail_age_ms&limit=1", "/api/v1/runs/{run}/ledger").json()
        self.assertEqual({entry["parameter"] for entry in proven["entries"]}, {"tail_age_ms"})
        self.assertEqual(len(proven["entries"]), 1)

    def test_comparison_of_a_run_with_itself_and_with_another(self):
        same = self.checked(f"/api/v1/compare?a={self.first}&b={self.first}", "/api/v1/compare").json()
        self.assertEqual({kpi["verdict"] for kpi in same["kpis"] if kpi["a"]["count"] > 1}, {"same"})
        self.assertEqual(same["parameters"], [])
        other = self.checked(f"/api/v1/compare?a={self.first}&b={self.second}", "/api/v1/compare").json()
        net = next(kpi for kpi in other["kpis"] if kpi["kpi"] == "net_bps")
        self.assertAlmostEqual(net["difference"], net["b"]["mean"] - net["a"]["mean"])
        self.assertLess(net["interval"][0], net["interval"][1])
        self.assertEqual(other["warmup"], 0)
        self.checked(f"/api/v1/compare?a={self.first}&b=empty", "/api/v1/compare")
        self.checked(f"/api/v1/compare?a={self.first}", "/api/v1/compare", 400)
        self.checked(f"/api/v1/compare?a={self.first}&b=nobody", "/api/v1/compare", 404)

    def test_the_rest_of_the_document(self):
        self.assertEqual(self.checked("/api/v1/openapi.json").json(), OPENAPI)
        self.assertEqual(self.checked("/healthz").body, b"ok\n")
        metrics = self.checked("/metrics").body.decode()
        self.assertIn("# TYPE soak_iterations_total counter\n", metrics)
        for path in "/series", "/ledger", "/events", "":
            self.checked("/api/v1/runs/nobody" + path, "/api/v1/runs/{run}" + path, 404)

    def test_what_is_not_in_the_document_is_not_there(self):
        for path in "/api", "/api/v1", "/api/v1/runs/", "/api/v2/runs", "/api/v1/runs/x/y", "/journal.jsonl", "/artifacts", "/index.htm", "//":
            self.assertEqual(self.server.get(path).status, 404, path)

    def test_policy_allows_the_page_its_own_scripts_and_styles_alone(self):
        page = self.server.get("/")
        inline = re.findall(r"<(script|style)[^>]*>(.*?)</\1>", page.body.decode(), re.DOTALL)
        hashes = {kind: [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for which, text in inline if which == kind] for kind in ("script", "style")}
        policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
        self.assertEqual(policy, {"default-src": "'none'", "script-src": " ".join(hashes["script"]), "style-src": " ".join(hashes["style"]), "img-src": "data:",
                                  "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"})
        self.assertEqual(policy, dict(part.strip().split(" ", 1) for part in self.server.get("/api/v1/runs").headers["Content-Security-Policy"].split(";")))

    def test_page_is_compressed_and_cached(self):
        page = self.server.get("/")
        self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertNotIn("unsafe", page.headers["Content-Security-Policy"])
        packed = self.server.get("/", Accept_Encoding="br, gzip;q=0.5")
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), page.body)
        self.assertIsNone(self.server.get("/", Accept_Encoding="gzip;q=0").headers["Content-Encoding"])
        again = self.server.get("/", If_None_Match=page.headers["ETag"])
        self.assertEqual((again.status, again.body), (304, b""))
        head = self.server.get("/", "HEAD")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(page.body))))


class Hostile(ServeCase):
    def raw(self, text):
        with socket.create_connection(("127.0.0.1", self.server.port), 20) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer

    def test_traversal_and_other_methods_and_bodies_are_refused(self):
        for target in b"/../../etc/passwd", b"/%2e%2e/etc/passwd", b"/api/v1/runs/..%2f..%2fetc", b"/a%00b", b"/api/v1/runs/%2e%2e/series":
            self.assertRegex(self.raw(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"), rb"^HTTP/1.1 400 ", target)
        self.assertRegex(self.raw(b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"), rb"^HTTP/1.1 405 ")
        self.assertRegex(self.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"), rb"^HTTP/1.1 413 ")
        self.assertRegex(self.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000 + b"\r\n\r\n"), rb"^HTTP/1.1 431 ")
        self.assertEqual(self.server.get("/healthz").status, 200)

    def test_foreign_host_is_refused(self):
        for host in "attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", "localhost.attacker.example", "":
            self.assertEqual(self.server.get("/api/v1/runs", Host=host).status, 403, host)
        for host in "localhost", "LOCALHOST:1234", "127.0.0.1:8484", "[::1]:9", "soak.localhost":
            self.assertEqual(self.server.get("/api/v1/runs", Host=host).status, 200, host)
        self.assertRegex(self.raw(b"GET /healthz HTTP/1.1\r\n\r\n"), rb"^HTTP/1.1 403 ")


class Live(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        (self.root / "artifacts/soak").mkdir(parents=True)

    def start_bot_run(self, iterations, *options, log=("--quiet",)):
        """A run of a bot that takes real time, with 1 s an iteration."""
        bot = os.environ["SOAK_EXAMPLE_BOT"]
        return subprocess.Popen([SOAK, "run", "--iterations", str(iterations), "--auto-tune", "--iteration-s", "1", "--out", "artifacts/soak/live",
                                 *log, *options, "--", bot], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_run_in_progress_is_followed_to_its_end(self):
        with Server("artifacts/soak", cwd=self.root) as server:
            listed = Events(server, "/api/v1/events")
            self.assertEqual(server.get("/metrics").body, b"# no run yet\n")
            run = self.start_bot_run(6)
            self.assertEqual(listed.next(), ("runs", {}))
            self.assertTrue(soon(lambda: server.get("/api/v1/runs/live").status == 200))
            soon(lambda: server.get("/api/v1/runs/live").json()["item"]["state"] == "running")
            document = server.get("/api/v1/runs/live").json()
            validate(document, OPENAPI["components"]["schemas"]["Run"], OPENAPI)
            self.assertEqual((document["item"]["state"], document["item"]["verdict"]), ("running", None))
            events = Events(server, "/api/v1/runs/live/events")
            seen = []
            while ("state", {"state": "ended"}) not in seen:
                seen.append(events.next())
            self.assertIn("iteration", [name for name, _ in seen])
            self.assertEqual([data for name, data in seen if name == "iteration"][-1]["iteration"], 6)
            run.communicate(timeout=60)
            document = server.get("/api/v1/runs/live").json()
            self.assertEqual((document["item"]["state"], document["item"]["iterations"]), ("ended", 6))
            self.assertIsNotNone(document["gate"])
            events.close()
            listed.close()

    def test_watching_changes_no_byte_and_locks_nothing(self):
        soak("run", "--iterations", "6", "--mock", "--auto-tune", "--quiet", "--out", "artifacts/soak/one", cwd=self.root)
        folder = self.root / "artifacts/soak/one"
        before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        with Server("artifacts/soak", cwd=self.root) as server:
            for path in "", "/series", "/ledger":
                self.assertEqual(server.get("/api/v1/runs/one" + path).status, 200)
            soak("run", "--iterations", "6", "--mock", "--auto-tune", "--quiet", "--out", "artifacts/soak/one", "--resume", cwd=self.root)
        self.assertEqual({path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}, before)

    def test_run_serves_itself_and_goes_on_without(self):
        run = self.start_bot_run(2, "--serve", "127.0.0.1:0", log=())
        line = next(line for line in run.stderr if "warning" not in line)
        self.assertRegex(line, r"soak: serving on http://127\.0\.0\.1:\d+/")
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 0)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = soak("run", "--iterations", "2", "--mock", "--quiet", "--serve", f"127.0.0.1:{taken.getsockname()[1]}", cwd=self.root)
        self.assertIn("warning: the run goes on without its page: another program listens", done.stderr)

    def test_run_with_page_and_metrics_on_one_address_opens_it_once_and_quiet_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        done = soak("run", "--iterations", "2", "--mock", "--quiet", "--serve", address, "--metrics-listen", address, cwd=self.root)
        self.assertEqual(done.stderr, "")

    def test_first_answer_of_a_run_that_has_ended_is_judged_as_ended(self):
        run = self.start_bot_run(3)
        with Server("artifacts/soak", cwd=self.root) as server:
            document = {}
            self.assertTrue(soon(lambda: server.get("/api/v1/runs/live").status == 200))
            while document.get("item", {}).get("state") != "ended":
                document = server.get("/api/v1/runs/live").json()
            checks = {check["name"]: check["status"] for check in document["gate"]["checks"]}
            self.assertEqual(checks["run_length"], "passed")
        run.communicate(timeout=60)

    def test_run_that_is_killed_gets_a_verdict_in_the_list(self):
        run = self.start_bot_run(60)
        with Server("artifacts/soak", cwd=self.root) as server:
            soon(lambda: server.get("/api/v1/runs/live").status == 200 and server.get("/api/v1/runs/live").json()["gate"])
            run.kill()
            run.communicate(timeout=60)
            listed = lambda: server.get("/api/v1/runs").json()["runs"][0]
            self.assertTrue(soon(lambda: listed()["state"] == "ended" and listed()["verdict"] is not None), listed())

    def test_run_that_is_deleted_is_gone_though_its_page_is_open_and_is_seen_when_it_comes_back(self):
        for name in "one", "two":
            soak("run", "--iterations", "3", "--mock", "--quiet", "--out", f"artifacts/soak/{name}", cwd=self.root)
        with Server("artifacts/soak", cwd=self.root) as server:
            ids = lambda: sorted(run["id"] for run in server.get("/api/v1/runs").json()["runs"])
            self.assertEqual(ids(), ["one", "two"])
            events = Events(server, "/api/v1/runs/two/events")
            shutil.move(self.root / "artifacts/soak/two", self.root / "kept")
            self.assertTrue(soon(lambda: ids() == ["one"]))
            self.assertNotIn(b'run="two"', server.get("/metrics").body)
            self.assertEqual(events.next(), ("runs", {}))
            shutil.move(self.root / "kept", self.root / "artifacts/soak/two")
            self.assertTrue(soon(lambda: ids() == ["one", "two"]))
            self.assertEqual(events.next(), ("runs", {}))
            events.close()

    def test_overwritten_run_starts_over(self):
        with Server("artifacts/soak", cwd=self.root) as server:
            for iterations in 6, 4:
                soak("run", "--iterations", str(iterations), "--mock", "--quiet", "--out", "artifacts/soak/one", "--overwrite", cwd=self.root)
                self.assertTrue(soon(lambda: len(server.get("/api/v1/runs/one/series").json().get("iteration", [])) == iterations))


if __name__ == "__main__":
    unittest.main()
