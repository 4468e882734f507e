#!/usr/bin/env python3
"""How long `soak --version` takes, against a program that does nothing."""
import benchlib

build, _ = benchlib.arguments()
soak, nothing = benchlib.interleaved(51, lambda: benchlib.wall(build / "soak", "--version"), lambda: benchlib.wall("/bin/true"))
benchlib.report({"what": "`soak --version`", "value": soak * 1000, "unit": "ms", "floor": nothing * 1000,
                 "floor_is": "`/bin/true`", "limit": 10, "limit_of": "value"})
