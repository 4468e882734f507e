"""`soak run --scrape`: a Prometheus endpoint as a target, whole, faulty and silent."""
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import external_test as e

BOT = [sys.executable, str(pathlib.Path(__file__).with_name("scraped_bot.py"))]
PLAN = {i: {"min_interval_ms": 60 + i, "tail_age_ms": 500 + 10 * i} for i in range(1, 5)}
MAP = {"kpis": {"net_bps": "bot_net_bps"}, "instance_id": "bot_started_seconds", "state_hash": {"metric": "bot_runtime_info", "label": "sha256"},
       "params": {name: {"metric": "bot_setting", "labels": {"name": name}} for name in ("min_interval_ms", "tail_age_ms")}}


class Refusing(http.server.BaseHTTPRequestHandler):
    """No endpoint: each path is another way not to be one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, headers, body = {
            "/missing": (404, {}, b""),
            "/moved": (302, {"Location": "/metrics"}, b""),
            "/packed": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"),
            "/large": (200, {}, b"#" * ((16 << 20) + 1)),
        }[self.path]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            pass  # it need not read on to the end

    def log_message(self, *_):
        pass


class Scraped(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.scratch = e.Scratch(self.root, PLAN)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.root / "port").write_text(str(self.port))
        (self.root / "map.json").write_text(json.dumps(MAP))

    def run_bot(self, *fault, url=None, **more):
        url = url or f"http://127.0.0.1:{self.port}/metrics"
        return self.scratch.run([*BOT, "port", *fault], "--scrape", url, "--map", "map.json", **more)

    def test_an_endpoint_verifies_whole(self):
        done = self.run_bot()
        self.assertEqual(done.returncode, 0, done.stderr)
        code, result = self.scratch.judge("verify", "--strict")
        self.assertEqual((code, result["full_apply_count"], result["faults"]), (0, 4, []), result)
        summary = json.loads((self.root / "run/ITER_SUMMARY_3.json").read_text())
        self.assertEqual(summary["summary"]["net_bps"], 2.5)
        self.assertEqual(summary["target"]["instance_id"], "1700000000.0")

    def test_a_change_that_is_not_taken_is_ignored(self):
        self.run_bot("ignored")
        code, result = self.scratch.judge("verify")
        self.assertEqual((code, {f["kind"] for f in result["faults"]}), (1, {"ignored"}), result["faults"])

    def test_an_answer_that_is_not_of_the_format_is_torn(self):
        done = self.run_bot("torn")
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertEqual([f["kind"] for f in self.scratch.judge("verify")[1]["faults"]], ["torn_report"])

    def test_an_endpoint_that_does_not_answer_is_hung(self):
        done = self.run_bot("silent", iterations=9)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("hung", {f["kind"] for f in self.scratch.judge("verify")[1]["faults"]})

    def why_there_is_no_first_report(self, url):
        command = self.scratch.command([], "--scrape", url, "--map", "map.json", "--ready-s", "0.5", "--overwrite")
        done = subprocess.run(command[:-1], cwd=self.root, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertIn("no first report", done.stderr)
        return done.stderr

    def test_where_nobody_listens_the_first_report_is_missed(self):
        why = self.why_there_is_no_first_report(f"http://127.0.0.1:{self.port}/")
        self.assertIn(f"nobody takes the connection at 127.0.0.1, port {self.port}", why)

    def test_an_answer_that_is_none_is_named(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path, problem in {"missing": "HTTP status 404", "moved": "HTTP status 302: it has moved to /metrics", "packed": "packed (gzip)",
                              "large": "larger than 16777216 bytes"}.items():
            with self.subTest(path):
                url = f"http://127.0.0.1:{server.server_port}/{path}"
                why = self.why_there_is_no_first_report(url)
                self.assertIn(f"{url}: ", why)
                self.assertIn(problem, why)

    def test_a_map_that_names_an_unknown_parameter_is_refused(self):
        (self.root / "map.json").write_text(json.dumps({"params": {"min_intervall": "x"}}))
        done = self.run_bot()
        self.assertEqual(done.returncode, 1)
        self.assertIn("min_intervall", done.stderr)
        self.assertFalse((self.root / "run").exists())


if __name__ == "__main__":
    unittest.main()
