#!/usr/bin/env python3
"""`soak verify` on 10,000 iterations of the old tool's form, against opening, reading and closing the same files; warm."""
import json
import pathlib
import sys

import benchlib

ITERATIONS = 10_000

build, scratch = benchlib.arguments()
soak, folder = build / "soak", scratch / "old_run"
benchlib.run(sys.executable, pathlib.Path(__file__).with_name("make_old_run.py"), folder, ITERATIONS)


def verify():
    """With a third of the proposals held, the ratio is below 0.90 and the right exit code is 1."""
    return benchlib.run(soak, "verify", "--path", folder, "--json", exit_codes=(1,))


def read_all():
    return json.loads(benchlib.run(build / "bench" / "read_all", folder)[1])["seconds"]


# Every third proposal is held, all others are delivered, and the last iteration proposes nothing (make_old_run.py).
proposed = ITERATIONS - 1
expected = proposed - proposed // 3, proposed // 3, 0, proposed
found = json.loads(verify()[1])
counted = tuple(found[name] for name in ("full_apply_count", "partial_ok_count", "fail_count", "proposed_count"))
if counted != expected:
    sys.exit(f"verify counts {counted} where {expected} are in the folder: its speed means nothing")

taken, floor = benchlib.interleaved(9, lambda: verify()[0], read_all)
benchlib.report({"what": f"`soak verify`, {ITERATIONS:,} iterations of the old form, from start to exit", "value": taken * 1000,
                 "unit": "ms", "floor": floor * 1000, "floor_is": "open, read and close the same files", "limit": 3,
                 "limit_of": "ratio"})
