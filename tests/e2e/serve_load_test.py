"""soak serve under load, on loopback: 200 readers of event streams beside polling, slow clients, and clients that mean harm. Nobody gets an
error who should not, and the server's memory stays. SOAK_LONG=1 takes 30 s instead of 5."""
import os
import pathlib
import selectors
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from served import SOAK, Server, soak, soon

LONG = os.environ.get("SOAK_LONG") == "1"
SECONDS = 30 if LONG else 5
STREAMS = 200
GROWTH_KIB_MAX = 32 * 1024


class Readers:
    """Many event streams on one run, read by one thread; slow ones are opened and never read."""

    def __init__(self, server, path, count):
        self.sockets, self.events, self.lost = [], 0, 0
        self.selector = selectors.DefaultSelector()
        self.ending = False
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), 30)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            connection.setblocking(False)
            self.sockets.append(connection)
            self.selector.register(connection, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.ending:
            for key, _ in self.selector.select(0.2):
                part = key.fileobj.recv(65536)
                self.events += part.count(b"event: ")
                if not part:
                    self.lost += 1
                    self.selector.unregister(key.fileobj)

    def close(self):
        self.ending = True
        self.thread.join()
        for connection in self.sockets:
            connection.close()


class Load(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        soak("run", "--iterations", "200", "--mock", "--auto-tune", "--iteration-s", "2", "--quiet", "--out", "soak/long", cwd=self.root)

    def poll(self, server, counts, until):
        connection = server.connect()
        paths = ["/api/v1/runs", "/api/v1/runs/long", "/api/v1/runs/long/series?points=500", "/api/v1/runs/long/ledger?limit=50", "/metrics", "/"]
        while time.monotonic() < until:
            for path in paths:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                counts[answer.status] = counts.get(answer.status, 0) + 1
        connection.close()

    def test_two_hundred_streams_and_polling_leave_memory_as_it_was(self):
        with Server("soak", cwd=self.root) as server:
            run = subprocess.Popen([SOAK, "run", "--iterations", str(4 * SECONDS), "--auto-tune", "--iteration-s", "0.5", "--quiet", "--out", "soak/live",
                                    "--", os.environ["SOAK_EXAMPLE_BOT"]], cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(run.wait)
            self.addCleanup(run.kill)
            self.assertTrue(soon(lambda: server.get("/api/v1/runs/live").status == 200))
            readers = Readers(server, "/api/v1/runs/live/events", STREAMS)
            slow = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(50)]
            for connection in slow:
                connection.sendall(b"GET /api/v1/runs/long/series?points=5000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            counts = {}
            self.poll(server, counts, time.monotonic() + 1)
            before = server.rss_kib()
            until = time.monotonic() + SECONDS
            pollers = [threading.Thread(target=self.poll, args=(server, counts, until)) for _ in range(2)]
            for poller in pollers:
                poller.start()
            highest = before
            while time.monotonic() < until:
                highest = max(highest, server.rss_kib())
                time.sleep(0.2)
            for poller in pollers:
                poller.join()
            readers.close()
            for connection in slow:
                connection.close()
            print(f"{STREAMS} streams, {SECONDS} s: {readers.events} events, answers {counts}, RSS {before} -> {highest} KiB at most")
            self.assertEqual((readers.lost, list(counts)), (0, [200]))
            self.assertGreater(readers.events, STREAMS * SECONDS / 2)
            self.assertLess(highest - before, GROWTH_KIB_MAX)

    def test_clients_that_mean_harm_are_refused_without_harm(self):
        token = self.root / "token"
        token.write_text("0123456789abcdef0123\n")
        token.chmod(0o600)
        with Server("soak", "--token-file", str(token), cwd=self.root) as server:
            good = {"Authorization": "Bearer 0123456789abcdef0123"}
            self.assertEqual(server.get("/healthz", **good).status, 200)
            before = server.rss_kib()
            attacks = [b"GET /%2e%2e/ HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, b"GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n",
                       b"\0" * 20_000, b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1000, b"GET /api/v1/events HTTP/1.1\r\n\r\n"]
            for k in range(600):
                with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
                    try:
                        connection.sendall(attacks[k % len(attacks)])
                        self.assertRegex(connection.recv(12), rb"^HTTP/1.1 4..")
                    except ConnectionError:
                        pass  # it was told, and went on sending
            held = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(700)]  # more than there is room for
            for connection in held:
                connection.close()
            self.assertTrue(soon(lambda: server.get("/healthz", **good).status == 200))
            self.assertLess(server.rss_kib() - before, GROWTH_KIB_MAX)


if __name__ == "__main__":
    unittest.main()
