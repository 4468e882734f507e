"""Where a gate's result goes beside stdout: GitHub's log and summary, GitLab's report, JUnit, a chat room."""
import http.server
import json
import os
import threading
import unittest
import xml.etree.ElementTree

import run_case

SECRET = "T0KEN-that-nobody-may-see"


class Room(http.server.ThreadingHTTPServer):
    """A chat service on loopback that refuses the first `refusals` messages."""

    def __init__(self, refusals=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusals, self.messages = refusals, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hooks/{SECRET}?chat_id=7"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(503 if len(self.server.messages) <= self.server.refusals else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class PublishCase(run_case.RunCase):
    def gate(self, *arguments, environment=None, expect=1, folder="run"):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
        return self.soak("gate", "--path", folder, *arguments, expect=expect, env={**clean, **(environment or {})})


class CiServices(PublishCase):
    def test_on_github_reasons_are_annotations_and_the_result_is_added_to_the_jobs_summary(self):
        summary = self.root / "summary.md"
        summary.write_text("before\n")
        done = self.gate("--json", environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
        reasons = json.loads(done.stdout)["reasons"]  # stdout stays one document
        errors = [line for line in done.stderr.splitlines() if line.startswith("::error ")]
        self.assertGreaterEqual(len(errors), len(reasons))
        self.assertTrue(summary.read_text().startswith("before\n# Soak gate: FAIL\n"))

    def test_elsewhere_there_are_neither(self):
        self.assertNotIn("::error", self.gate().stderr)

    def test_summary_that_cannot_be_written_is_a_warning_and_changes_no_verdict(self):
        done = self.gate(environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/nowhere/summary"})
        self.assertIn("soak: warning: /nowhere/summary", done.stderr)

    def test_gitlabs_report_and_junit_are_written(self):
        self.gate("--gitlab", "quality.json", "--junit", "junit.xml")
        issues = json.loads((self.root / "quality.json").read_text())
        for issue in issues:
            self.assertEqual(set(issue), {"description", "check_name", "fingerprint", "severity", "location"})
            self.assertTrue((self.root / issue["location"]["path"]).exists())
        suite = xml.etree.ElementTree.parse(self.root / "junit.xml").getroot()
        self.assertEqual(len(suite.findall(".//failure")), len([i for i in issues if i["severity"] != "minor"]))

    def test_report_that_cannot_be_written_is_no_judgement(self):
        self.assertIn("/nowhere/q.json", self.gate("--gitlab", "/nowhere/q.json", expect=5).stderr)


class Chat(PublishCase):
    def notify(self, room, service="slack", expect=1, folder="run"):
        self.addCleanup(room.server_close)
        self.addCleanup(room.shutdown)
        (self.root / "url").write_text(room.url + "\n")
        done = self.gate("--notify", service, "--webhook-url-file", "url", expect=expect, folder=folder)
        for text in (done.stdout, done.stderr):
            self.assertNotIn(SECRET, text)
        for path in (self.root / "run").iterdir():
            if path.is_file():
                self.assertNotIn(SECRET, path.read_text(), path)
        return done

    def test_message_names_verdict_and_reasons(self):
        for service in ("slack", "telegram"):
            room = Room()
            self.notify(room, service)
            [(path, kind, body)] = room.messages
            self.assertEqual((path, kind), (f"/hooks/{SECRET}?chat_id=7", "application/json"))
            self.assertIn("soak gate: FAIL for run", body["text"])

    def test_service_that_refuses_at_first_is_asked_again(self):
        room = Room(refusals=2)
        done = self.notify(room)
        self.assertEqual(len(room.messages), 3)
        self.assertNotIn("warning", done.stderr)

    def test_service_that_never_takes_it_is_a_warning_and_changes_no_verdict(self):
        done = self.notify(Room(refusals=1000))
        self.assertIn("soak: warning: url: the message was not taken", done.stderr)
        self.assertIn("503", done.stderr)

    def test_nobody_is_told_of_a_pass(self):
        self.make_run("passing", 24)
        room = Room()
        self.notify(room, expect=0, folder="passing")
        self.assertEqual(room.messages, [])

    def test_file_without_an_address_is_named(self):
        for text in ("", "ftp://x\n", f"http://x/{SECRET} y\n"):
            (self.root / "url").write_text(text)
            done = self.gate("--notify", "slack", "--webhook-url-file", "url")
            self.assertIn("soak: warning: url: its first line is no http or https address", done.stderr)
            self.assertNotIn(SECRET, done.stderr)

    def test_service_and_address_need_each_other(self):
        self.gate("--notify", "slack", expect=2)
        self.gate("--webhook-url-file", "url", expect=2)
        self.gate("--notify", "pigeon", "--webhook-url-file", "url", expect=2)


if __name__ == "__main__":
    unittest.main()
