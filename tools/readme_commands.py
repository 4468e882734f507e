#!/usr/bin/env python3
"""Prints the commands of the README's quick start, one a line, so that CI runs what a newcomer is told to type."""
import pathlib
import re
import sys

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
block = re.search(r"^## Quick start\n.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
commands = [line.split("#")[0].strip() for line in block[1].splitlines()] if block else []
if commands != ["./dev soak", "./dev test"]:
    sys.exit(f"{sys.argv[1]}: the quick start must be ./dev soak and ./dev test, and is {commands}")
print("\n".join(commands))
