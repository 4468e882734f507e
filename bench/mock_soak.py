#!/usr/bin/env python3
"""A tuned 24-iteration mock soak and its strict gate, as `./dev soak` runs them."""
import benchlib

build, scratch = benchlib.arguments()
soak, folder = build / "soak", scratch / "run"


def run():
    return benchlib.run(soak, "run", "--iterations", 24, "--auto-tune", "--mock", "--overwrite", "--out", folder)[0]


def gate():
    return benchlib.run(soak, "gate", "--path", folder, "--strict", "--prometheus")[0]


both, gate_alone = benchlib.interleaved(9, lambda: run() + gate(), gate)
benchlib.report(
    {"what": "24-iteration mock soak and its gate", "value": both, "unit": "s", "limit": 1, "limit_of": "value"},
    {"what": "the gate alone", "value": gate_alone, "unit": "s"})
