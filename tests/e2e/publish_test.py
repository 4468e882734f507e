"""Where a gate's result goes beside stdout: GitHub's log and summary, GitLab's report, JUnit, a chat room."""
import http.server
import json
import os
import shutil
import threading
import unittest
import xml.etree.ElementTree

import run_case

SECRET = "T0KEN-that-nobody-may-see"


class Room(http.server.ThreadingHTTPServer):
    """A chat service on loopback that refuses the first `refusals` messages."""

    def __init__(self, refusals=0, answer=200):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.refusals, self.messages = refusals, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hooks/{SECRET}?chat_id=7"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(503 if len(self.server.messages) <= self.server.refusals else self.server.answer)
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

    def test_report_that_cannot_be_written_is_no_judgement_and_the_others_are_written(self):
        (self.root / "j.xml").unlink(missing_ok=True)
        self.assertIn("/nowhere/q.html", self.gate("--html", "/nowhere/q.html", "--junit", "j.xml", expect=5).stderr)
        self.assertIn("<failure", (self.root / "j.xml").read_text())

    def test_run_that_cannot_be_read_is_told_everywhere_and_no_older_verdict_speaks_for_it(self):
        shutil.copytree(self.root / "run", self.root / "read_not")
        names = {"junit": self.root / "old.xml", "gitlab": self.root / "old.json", "summary": self.root / "old.md"}
        arguments = ["--junit", names["junit"], "--gitlab", names["gitlab"], "--prometheus"]
        environment = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(names["summary"])}
        self.gate(*arguments, folder="read_not")
        self.assertTrue((self.root / "read_not/POST_SOAK_METRICS.prom").exists())
        (self.root / "read_not/journal.jsonl").unlink()
        (self.root / "read_not/ITER_SUMMARY_2.json").write_text("{")
        done = self.gate(*arguments, folder="read_not", expect=5, environment=environment)
        self.assertIn("::error title=soak gate%3A INCONCLUSIVE::could not judge", done.stderr)
        self.assertIn('errors="1"', names["junit"].read_text())
        [issue] = json.loads(names["gitlab"].read_text())
        self.assertEqual((issue["check_name"], issue["severity"]), ("soak/conclusive", "blocker"))
        self.assertIn("# Soak gate: INCONCLUSIVE", names["summary"].read_text())
        self.assertFalse((self.root / "read_not/POST_SOAK_METRICS.prom").exists())

    def test_output_never_takes_the_place_of_a_link_or_of_a_file_of_the_run(self):
        link, target = self.root / "link.xml", self.root / "target.xml"
        target.write_text("before")
        link.symlink_to(target)
        journal = (self.root / "run/journal.jsonl").read_bytes()
        for option in "--junit", "--gitlab", "--html":
            self.assertIn("is a symbolic link", self.gate(option, "link.xml", expect=5).stderr)
            self.assertIn("is a file of the run itself", self.gate(option, "run/journal.jsonl", expect=5).stderr)
            self.assertIn("is a file of the run itself", self.gate(option, "run/../run/./ITER_SUMMARY_1.json", expect=5).stderr)
        self.assertTrue(link.is_symlink())
        self.assertEqual((target.read_text(), (self.root / "run/journal.jsonl").read_bytes()), ("before", journal))
        self.assertIn("is named for two different files", self.gate("--junit", "x.xml", "--gitlab", f"{self.root}/./x.xml", expect=2).stderr)
        link.unlink()

    def test_file_that_is_written_anew_keeps_its_mode(self):
        self.gate("--junit", "mode.xml", "--prometheus")
        files = [self.root / "mode.xml", self.root / "run/POST_SOAK_METRICS.prom"]
        self.assertEqual([file.stat().st_mode & 0o777 for file in files], [0o600, 0o600])
        for file in files:
            file.chmod(0o644)
        self.gate("--junit", "mode.xml", "--prometheus")
        self.assertEqual([file.stat().st_mode & 0o777 for file in files], [0o644, 0o644])

    def test_names_in_a_runs_files_never_begin_a_line(self):
        folder = self.root / "named"
        folder.mkdir()
        for i in 1, 2:
            tuning = {"proposed_deltas": {"a\n::error::x": 5}, "applied": True}
            (folder / f"ITER_SUMMARY_{i}.json").write_text(json.dumps({"iteration": i, "summary": {"net_bps": 3}, "tuning": tuning, "runtime_overrides": {}}))
        (folder / "TUNING_REPORT.json").write_text(json.dumps([{"iteration": 1, "proposed_deltas": {"a\n::error::x": 5}, "applied": True}, {"iteration": 2}]))
        done = self.gate(folder="named")
        self.assertNotRegex(done.stdout, "(?m)^::")
        (self.root / "profile.json").write_text(json.dumps({"name": "x\n::error::y", "kpis": []}))
        self.assertIn("must be one line", self.gate("--kpi-profile", "profile.json", expect=5).stderr)


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

    def test_redirection_is_no_delivery(self):
        self.assertIn("soak: warning: url: the message was not taken: HTTP 302", self.notify(Room(answer=302)).stderr)

    def test_room_is_told_that_a_run_could_not_be_judged(self):
        room = Room()
        (self.root / "torn").mkdir(exist_ok=True)
        (self.root / "torn/ITER_SUMMARY_1.json").write_text("{")
        self.notify(room, expect=5, folder="torn")
        [(_, _, body)] = room.messages
        self.assertIn("soak gate: INCONCLUSIVE for run torn", body["text"])
        self.assertIn("ITER_SUMMARY_1.json", body["text"])

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
