#!/usr/bin/env python3
"""How long `soak --version` takes, against a program that does nothing."""
import benchlib

build, _ = benchlib.arguments()
soak, nothing = benchlib.interleaved(51, lambda: benchlib.run(build / "soak", "--version")[0], lambda: benchlib.run("/bin/true")[0])
benchlib.report({"what": "`soak --version`", "value": soak * 1000, "unit": "ms", "floor": nothing * 1000,
                 "floor_is": "`/bin/true`", "limit": 10, "limit_of": "value"})
