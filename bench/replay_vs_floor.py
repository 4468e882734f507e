#!/usr/bin/env python3
"""Replay against the bare books, on the synthetic feed of the reference counts. No figure for an engine that fails them."""
import json
import os
import pathlib
import sys

import benchlib

# hftbacktest's submits, cancels and fills at each interval (risk-averse, no partial fill, cancelall).
COUNTS = {100: (48862, 30262, 18928), 10: (488630, 482781, 10560)}
LIMITS = {100: 1 / 0.40, 10: 1 / 0.25}

build, scratch = benchlib.arguments()
feed = scratch / "walk.bin"
benchlib.run(build / "soak", "feed", "synth", "--model", "random-walk-l2", "--rows", 3_000_000, "--seed", 20240611,
             "--format", "hftbacktest", "--out", feed)
core = max(os.sched_getaffinity(0))
results = []
for interval, counts in COUNTS.items():
    replayed = json.loads(benchlib.run(build / "soak", "replay", "--feed", feed, "--interval-ms", interval, "--json")[1])
    if (replayed["submits"], replayed["cancels"], replayed["fills"]) != counts:
        raise SystemExit(f"replay at {interval} ms does not give the reference counts: no figure")
    ns = json.loads(benchlib.run("taskset", "-c", core, build / "bench" / "replay_and_floor", feed, 0.1, 0.001, interval, 7)[1])
    results.append({"what": f"replay, a row, decisions each {interval} ms", "value": ns["risk-averse"], "unit": "ns",
                    "floor": ns["bare"], "floor_is": "two bare books from compact rows", "limit": LIMITS[interval], "limit_of": "ratio"})
    results.append({"what": f"replay and conversion, a row, {interval} ms", "value": ns["risk-averse"] + ns["convert"], "unit": "ns",
                    "floor": ns["rows_64"], "floor_is": "two books from 64-byte rows", "limit": 2, "limit_of": "ratio"})
    slowest = max((name for name in ns if "prob" in name), key=ns.get)
    results.append({"what": f"the slowest queue model ({slowest}), a row, {interval} ms", "value": ns[slowest], "unit": "ns",
                    "floor": ns["risk-averse"], "floor_is": "risk-averse", "limit": 2, "limit_of": "ratio"})
recordings = pathlib.Path(os.environ.get("SOAK_DATA_DIR") or pathlib.Path(__file__).resolve().parents[2] / "shared" / "data")
recorded = sorted((recordings / "binance").glob("*.gz"))
if not recorded:
    print(f"left out: replay of recorded data; there is none in {recordings} (set SOAK_DATA_DIR)", file=sys.stderr)
for interval in COUNTS if recorded else ():
    feed = scratch / "recorded.feed"
    if not feed.exists():
        benchlib.run(build / "soak", "feed", "import", "--format", "binance-raw", *recorded, "--out", feed)
    ns = json.loads(benchlib.run("taskset", "-c", core, build / "bench" / "replay_and_floor", feed, 0, 0, interval, 21)[1])
    results.append({"what": f"replay of recorded BTCUSDT, a row, {interval} ms", "value": ns["risk-averse"], "unit": "ns",
                    "floor": ns["bare"], "floor_is": "two bare books from compact rows"})
benchlib.report(*results)
