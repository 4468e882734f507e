"""A target that can be healthy, or commit each delivery fault once: `faulty_bot.py [FAULT] [options]`.

A fault comes with the K-th change of the runtime file (--on K) that it sees.
"""
import argparse
import hashlib
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
import uuid

parser = argparse.ArgumentParser()
parser.add_argument("fault", nargs="?", default="healthy")
parser.add_argument("--on", type=int, default=2)
parser.add_argument("--every", type=float, default=0.03, help="seconds between reports")
parser.add_argument("--jitter", action="store_true", help="reports at odd moments")
parser.add_argument("--reload-s", type=float, default=0, help="how long an honest reload takes")
parser.add_argument("--fault-s", type=float, default=0.75, help="when after the change a fault in the middle comes")
parser.add_argument("--float32", action="store_true")
parser.add_argument("--sighup", action="store_true", help="re-read on SIGHUP only")
parser.add_argument("--deaf", action="store_true", help="take no notice of SIGTERM")
parser.add_argument("--children", help="start two children, one in another session, and write the three pids to this file")
options = parser.parse_args()

RUNTIME, REPORT = os.environ["SOAK_RUNTIME_OVERRIDES"], os.environ["SOAK_REPORT"]
DEFAULTS = {"min_interval_ms": 7, "tail_age_ms": 77, "base_spread_bps": 0.7, "max_age_ms": 700}


class Bot:
    def __init__(self):
        self.instance = uuid.uuid4().hex
        self.seq = 0
        self.changes = -1  # the first load is none
        self.version = None
        self.hung_up = False
        self.params, self.old, self.hash = dict(DEFAULTS), dict(DEFAULTS), ""
        self.claimed = None  # instead of params
        self.pending = None  # (when, values, hash)
        self.later = None    # (when, what to do)
        self.silent_until = 0
        self.again = False

    def load(self):
        status = os.stat(RUNTIME)
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if version == self.version or (options.sighup and self.version is not None and not self.hung_up):
            return
        self.version, self.hung_up = version, False
        with open(RUNTIME, "rb") as file:
            data = file.read()
        values = dict(DEFAULTS)
        for section in json.loads(data).values():
            if isinstance(section, dict):
                values.update((k, v) for k, v in section.items() if k in DEFAULTS)
        if options.float32:
            values = {k: struct.unpack("f", struct.pack("f", v))[0] for k, v in values.items()}
        self.changes += 1
        delay = options.reload_s if self.changes else 0
        self.pending = (time.monotonic() + delay, values, hashlib.sha256(data).hexdigest())

    def take_pending(self):
        if self.pending is None or time.monotonic() < self.pending[0]:
            return
        _, values, state_hash = self.pending
        self.pending = None
        self.old = self.params
        changed = sorted(k for k in values if values[k] != self.params[k])
        fault = options.fault if self.changes == options.on else "healthy"
        getattr(self, "do_" + fault)(values, state_hash, changed)

    def use(self, values, state_hash):
        self.params, self.hash, self.claimed = values, state_hash, None

    def do_healthy(self, values, state_hash, changed):
        self.use(values, state_hash)

    def do_ignored(self, values, state_hash, changed):
        pass

    def do_half_applied(self, values, state_hash, changed):
        self.use({**self.params, changed[0]: values[changed[0]]}, state_hash)

    def do_wrong_value(self, values, state_hash, changed):
        self.use({**values, changed[0]: values[changed[0]] + 0.5}, state_hash)

    def do_late(self, values, state_hash, changed):
        self.later = (time.monotonic() + options.fault_s, lambda: self.use(values, state_hash))

    def do_rolled_back(self, values, state_hash, changed):
        old, old_hash = self.params, self.hash
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, lambda: self.use(old, old_hash))

    def do_drifted(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, lambda: self.use({**values, "max_age_ms": 701}, state_hash))

    def do_restarted(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.restart)

    def restart(self):
        self.instance, self.seq, self.params = uuid.uuid4().hex, 0, dict(DEFAULTS)
        self.version = None

    def do_stale_report(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.repeat_for_long)

    def repeat_for_long(self):
        self.again = True
        self.later = (time.monotonic() + 2.3, lambda: setattr(self, "again", False))

    def do_torn_report(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.tear)

    def tear(self):
        text = json.dumps(self.report())
        self.put(text[:len(text) // 2])
        time.sleep(60)

    def do_no_effect(self, values, state_hash, changed):
        self.claimed = values  # and works on with the old ones
        self.hash = state_hash

    def do_wrong_hash(self, values, state_hash, changed):
        self.use(values, hashlib.sha256(b"another file").hexdigest())

    def do_foreign_edit(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.edit)

    def do_edited_before_load(self, values, state_hash, changed):
        self.edit()  # and loads that one

    def edit(self):
        with open(RUNTIME) as file:
            runtime = json.load(file)
        runtime["engine"]["tail_age_ms"] = 999
        with open(RUNTIME + ".mine", "w") as file:
            json.dump(runtime, file)
        os.replace(RUNTIME + ".mine", RUNTIME)

    def do_fleeting_edit(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.edit_and_undo)

    def edit_and_undo(self):
        with open(RUNTIME, "rb") as file:
            before = file.read()
        self.edit()
        time.sleep(0.3)
        with open(RUNTIME + ".mine", "wb") as file:
            file.write(before)
        os.replace(RUNTIME + ".mine", RUNTIME)

    def do_crashed(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, self.crash)

    def crash(self):
        print("out of memory", flush=True)
        os._exit(3)

    def do_hung(self, values, state_hash, changed):
        self.use(values, state_hash)
        self.later = (time.monotonic() + options.fault_s, lambda: time.sleep(600))

    def report(self):
        shown = self.claimed or self.params
        effective = {"state_hash": self.hash, "instance_id": self.instance, "params": shown}
        if options.float32:
            effective["precision"] = "float32"
        measured = self.params["min_interval_ms"] * (1 - 1e-8 if options.float32 else 1)
        return {"seq": self.seq, "totals": {"net_bps": 1.0, "risk_ratio": 0.5}, "effective": effective,
                "evidence": {"min_interval_ms": {"at_least": measured + 1e-3}}}

    @staticmethod
    def put(text):
        with open(REPORT + ".new", "w") as file:
            file.write(text)
        os.replace(REPORT + ".new", REPORT)

    def run(self):
        while True:
            self.load()
            self.take_pending()
            if self.later and time.monotonic() >= self.later[0]:
                what, self.later = self.later[1], None
                what()
            if not self.again:
                self.seq += 1
            self.put(json.dumps(self.report()))
            time.sleep(options.every * (random.uniform(0.1, 4) if options.jitter else 1))


bot = Bot()
signal.signal(signal.SIGHUP, lambda *_: setattr(bot, "hung_up", True))
if options.deaf:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if options.children:
    near = subprocess.Popen(["sleep", "120"])
    away = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"],
                            start_new_session=True)
    with open(options.children + ".new", "w") as file:
        json.dump([os.getpid(), near.pid, away.pid], file)
    os.replace(options.children + ".new", options.children)
bot.run()
