"""An honest bot that some values of min_interval_ms are bad for: from 200 on its edge is gone, at 300 it dies, and 400 it does not take."""
import hashlib
import json
import os
import sys
import time
import uuid

RUNTIME, REPORT = os.environ["SOAK_RUNTIME_OVERRIDES"], os.environ["SOAK_REPORT"]
INSTANCE = uuid.uuid4().hex
GONE, DEADLY, REFUSED = 200, 300, 400
seq, interval_ms = 0, None
while True:
    with open(RUNTIME, "rb") as file:
        data = file.read()
    wanted = json.loads(data)["engine"]["min_interval_ms"]
    if wanted == DEADLY:
        sys.exit("min_interval_ms 300: cannot go on")
    if wanted != REFUSED:
        interval_ms = wanted
    seq += 1
    report = {"seq": seq, "totals": {"net_bps": -5.0 if interval_ms >= GONE else 4.0},
              "effective": {"state_hash": hashlib.sha256(data).hexdigest(), "params": {"min_interval_ms": interval_ms}, "instance_id": INSTANCE}}
    with open(REPORT + ".new", "w") as file:
        json.dump(report, file)
    os.replace(REPORT + ".new", REPORT)
    time.sleep(0.05)
