#!/usr/bin/env python3
"""One tracked apply against write + fsync + rename + fsync of the folder, 600 bytes, in turn in one process."""
import json

import benchlib

build, scratch = benchlib.arguments()
measured = json.loads(benchlib.run(build / "bench" / "apply_and_floor", scratch, 2000)[1])
benchlib.report(*({"what": f"one tracked apply, {rank} of 2,000", "value": measured["apply_us"][rank], "unit": "µs", "floor": measured["floor_us"][rank],
                   "floor_is": "write, fsync, rename, fsync of the folder; 600 bytes", "limit": limit, "limit_of": "ratio"}
                  for rank, limit in (("p50", 1.5), ("p99", 2))))
