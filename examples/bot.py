"""A target for soak in 60 lines: `soak run --iterations 5 --iteration-s 10 --tuner plan:FILE -- python3 examples/bot.py`.

It re-reads its overrides when they change, works by them, and says in each report what it really used and what it measured.
"""
import hashlib
import json
import os
import signal
import time
import uuid

RUNTIME, REPORT = os.environ["SOAK_RUNTIME_OVERRIDES"], os.environ["SOAK_REPORT"]
REPORT_EVERY_S = min(1.0, float(os.environ.get("SOAK_ITERATION_S", "10")) / 10)
INSTANCE = uuid.uuid4().hex  # another one after each start
DEFAULTS = {"min_interval_ms": 20, "base_spread_bps": 1.0}
running = True


def stop(*_):
    global running
    running = False  # here a bot cancels its orders


def load():
    """The values to use, and the hash of exactly the bytes that they come from."""
    with open(RUNTIME, "rb") as file:
        data = file.read()
    overrides = json.loads(data)
    found = {name: value for section in overrides.values() if isinstance(section, dict) for name, value in section.items()}
    return {name: found.get(name, default) for name, default in DEFAULTS.items()}, hashlib.sha256(data).hexdigest()


def write(report):
    """Whole or not at all: another file, renamed into place."""
    with open(REPORT + ".new", "w") as file:
        json.dump(report, file, allow_nan=False)
    os.replace(REPORT + ".new", REPORT)


signal.signal(signal.SIGTERM, stop)
version, seq, last_quote, shortest_ms, quotes = None, 0, None, None, 0
next_report = time.monotonic()
while running:
    now = os.stat(RUNTIME)
    if version != (now.st_ino, now.st_mtime_ns):
        version = (now.st_ino, now.st_mtime_ns)
        params, state_hash = load()
        shortest_ms, last_quote = None, None  # measured under these values, not under the old ones
    if last_quote is None or time.monotonic() - last_quote >= params["min_interval_ms"] / 1000:
        quote = time.monotonic()  # the work: here a bot sends its quotes
        if last_quote is not None:
            shortest_ms = min(shortest_ms or 1e9, (quote - last_quote) * 1000)
        last_quote, quotes = quote, quotes + 1
    if time.monotonic() >= next_report:
        next_report, seq = time.monotonic() + REPORT_EVERY_S, seq + 1
        evidence = {"min_interval_ms": {"at_least": shortest_ms}} if shortest_ms else {}
        write({"seq": seq, "totals": {"net_bps": 2.0 + params["base_spread_bps"] / 10, "quotes": quotes}, "evidence": evidence,
               "effective": {"state_hash": state_hash, "params": params, "instance_id": INSTANCE}})
    time.sleep(0.002)
