"""soak serve from outside: who is let in, and how it ends."""
import json
import pathlib
import signal
import tempfile
import time
import unittest

from served import ROOT, Events, Server, soak, validate

OPENAPI = json.loads((ROOT / "docs/openapi.json").read_text())


class Token(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.file = self.root / "token"
        self.file.write_text("correct-horse-battery\n")
        self.file.chmod(0o600)

    def test_token_by_header_by_address_and_by_cookie(self):
        with Server(self.root, "--token-file", str(self.file)) as server_with_hint:
            server = server_with_hint
            self.assertEqual(server.get("/api/v1/runs").status, 401)
            validate(server.get("/api/v1/runs").json(), OPENAPI["components"]["schemas"]["Error"], OPENAPI)
            for path in "/", "/healthz", "/metrics", "/nowhere", "/api/v1/events":
                self.assertEqual(server.get(path).status, 401, path)
            for wrong in "Bearer wrong", "Bearer", "Bearer correct-horse-batter", "Bearer correct-horse-battery-", "Basic correct-horse-battery":
                self.assertEqual(server.get("/api/v1/runs", Authorization=wrong).status, 401, wrong)
            self.assertEqual(server.get("/api/v1/runs", Authorization="Bearer correct-horse-battery").status, 200)
            self.assertEqual(server.get("/api/v1/runs", Authorization="Bearer correct-horse-battery", Host="other.example").status, 200)
            self.assertEqual(server.get("/?token=wrong").status, 401)
            self.assertEqual(server.get("/api/v1/runs?token=correct-horse-battery").status, 401)
            opened = server.get("/?token=correct-horse-battery")
            self.assertEqual((opened.status, opened.headers["Location"]), (302, "/"))
            cookie = opened.headers["Set-Cookie"]
            self.assertIn("; HttpOnly; SameSite=Strict", cookie)
            self.assertNotIn("correct-horse", cookie)
            cookie = cookie.split(";")[0]
            self.assertEqual(server.get("/api/v1/runs", Cookie=f"a=b; {cookie}; c").status, 200)
            self.assertEqual(server.get("/api/v1/runs", Cookie=cookie + "0").status, 401)

    def refused(self, code, text, *arguments):
        done = soak("serve", "--path", str(self.root), "--listen", "127.0.0.1:0", *arguments, cwd=self.root, expect=code)
        self.assertIn(text, done.stderr)
        self.assertNotIn("correct-horse", done.stderr)

    def test_token_file_that_others_read_or_that_holds_little_is_refused(self):
        self.file.chmod(0o644)
        self.refused(1, "can be read by others", "--token-file", str(self.file))
        self.file.chmod(0o600)
        self.file.write_text("short\n")
        self.refused(1, "at least 16 visible ASCII characters", "--token-file", str(self.file))
        self.refused(1, "No such file", "--token-file", "nowhere")

    def test_other_address_than_loopback_needs_a_token(self):
        done = soak("serve", "--path", ".", "--listen", "0.0.0.0:0", cwd=self.root, expect=2)
        self.assertIn("needs --token-file", done.stderr)
        for wrong in "example.org:80", "127.0.0.1", "127.0.0.1:99999":
            soak("serve", "--path", ".", "--listen", wrong, cwd=self.root, expect=2)


class End(unittest.TestCase):
    def test_ends_cleanly_on_both_signals_with_streams_open(self):
        with tempfile.TemporaryDirectory() as root:
            for number in signal.SIGINT, signal.SIGTERM:
                server = Server(root)
                stream = Events(server, "/api/v1/events")
                begin = time.monotonic()
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(60), 0)
                self.assertLess(time.monotonic() - begin, 20)
                server.process.communicate()
                stream.close()

    def test_missing_folder_and_a_taken_port_are_errors(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertIn("nowhere", soak("serve", "--path", "nowhere", "--listen", "127.0.0.1:0", cwd=root, expect=1).stderr)
            with Server(root) as server:
                done = soak("serve", "--path", root, "--listen", f"127.0.0.1:{server.port}", cwd=root, expect=1)
                self.assertIn("another program listens", done.stderr)


if __name__ == "__main__":
    unittest.main()
