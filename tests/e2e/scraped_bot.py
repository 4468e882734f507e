"""A target behind a Prometheus endpoint: `scraped_bot.py PORTFILE [FAULT]`; the fault comes with the second change of the runtime file."""
import hashlib
import http.server
import json
import os
import sys
import threading
import time

RUNTIME = os.environ.get("SOAK_RUNTIME_OVERRIDES") or sys.argv[3]
PORT_FILE = sys.argv[1]
FAULT = sys.argv[2] if len(sys.argv) > 2 else "healthy"
state = {"values": {"min_interval_ms": 7, "tail_age_ms": 77}, "hash": "", "version": None, "changes": -1, "torn": False, "silent": False}


def watch():
    while True:
        try:
            status = os.stat(RUNTIME)
            if state["version"] != (status.st_ino, status.st_mtime_ns):
                with open(RUNTIME, "rb") as file:
                    data = file.read()
                state["version"] = (status.st_ino, status.st_mtime_ns)
                state["changes"] += 1
                if state["changes"] == 2 and FAULT != "healthy":
                    state[FAULT] = True
                if not state.get("ignored"):
                    state["values"] = {**state["values"], **json.loads(data).get("engine", {})}
                    state["hash"] = hashlib.sha256(data).hexdigest()
        except FileNotFoundError:
            pass
        time.sleep(0.01)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if state["silent"]:
            time.sleep(60)
        lines = ["# TYPE bot_net_bps gauge", "bot_net_bps 2.5", "bot_started_seconds 1700000000", 'bot_runtime_info{sha256="%s"} 1' % state["hash"]]
        lines += ['bot_setting{name="%s"} %s' % item for item in state["values"].items()]
        text = "\n".join(lines) + "\n"
        body = ("<html>oops</html>" if state["torn"] else text).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


threading.Thread(target=watch, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(open(PORT_FILE).read())), Handler)
server.serve_forever()
