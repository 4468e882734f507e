#!/usr/bin/env python3
"""Writes an artifact folder of the old tool's form, for measuring readers: make_old_run.py FOLDER [ITERATIONS [SEED]].

Each ITER_SUMMARY is about 1 KB; TUNING_REPORT.json has one entry an iteration. Every third proposal is held by a guard, every other
one is in effect in the next iteration. Same seed, same bytes.
"""
import hashlib
import json
import pathlib
import random
import sys

STEPS = {"base_spread_bps": 0.01, "impact_cap_ratio": 0.01, "max_delta_ratio": 0.01, "replace_rate_per_min": 5, "concurrency_limit": 1,
         "tail_age_ms": 5, "min_interval_ms": 5}
START = {"engine": {"concurrency_limit": 40, "min_interval_ms": 500, "replace_rate_per_min": 300, "tail_age_ms": 600},
         "risk": {"base_spread_bps": 0.5, "impact_cap_ratio": 0.25, "max_delta_ratio": 0.5}}


def state_hash(runtime):
    return hashlib.sha256(json.dumps(runtime, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def section_of(name):
    return "engine" if name in START["engine"] else "risk"


def propose(generator, runtime):
    """Two parameters, each one step up or down and within a band, so that a long run does not wander off."""
    proposed = {}
    for name in generator.sample(sorted(STEPS), 2):
        value = runtime[section_of(name)][name]
        start = START[section_of(name)][name]
        up = value < start * 0.8 or (value < start * 1.2 and generator.random() < 0.5)
        proposed[name] = round(value + (STEPS[name] if up else -STEPS[name]), 4)
    return proposed


def main():
    folder = pathlib.Path(sys.argv[1])
    iterations = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    generator = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    folder.mkdir(parents=True)
    runtime = json.loads(json.dumps(START))
    entries = []
    for i in range(1, iterations + 1):
        in_effect, signature, held = json.loads(json.dumps(runtime)), state_hash(runtime), i % 3 == 0
        proposed = {} if i == iterations else propose(generator, runtime)
        applied = bool(proposed) and not held
        reason = None
        if proposed and held:
            reason = {"cooldown": True, "velocity": False, "oscillation": False, "freeze": False, "no_op": False,
                      "note": "cooldown 1 iters left"}
        if applied:
            for name, value in proposed.items():
                runtime[section_of(name)][name] = value
        changed = sorted(proposed) if applied else []
        tuning = {"applied": applied, "proposed_deltas": proposed, "deltas": proposed, "skip_reason": reason, "changed_keys": changed,
                  "state_hash": state_hash(runtime), "old_hash": signature, "cooldown_active": held}
        summary = {"risk_ratio": round(generator.uniform(0.2, 0.4), 3), "maker_taker_ratio": round(generator.uniform(0.85, 0.95), 3),
                   "net_bps": round(generator.uniform(2.7, 4), 2), "p95_latency_ms": round(generator.uniform(200, 340), 1),
                   "runtime_utc": f"2026-01-{1 + i // 1440 % 28:02}T{i // 60 % 24:02}:{i % 60:02}:00Z", "state_hash": signature}
        document = {"iteration": i, "summary": summary, "tuning": tuning, "runtime_overrides": in_effect}
        (folder / f"ITER_SUMMARY_{i}.json").write_text(json.dumps(document), encoding="utf-8")
        entries.append({"iteration": i, "proposed_deltas": proposed, "applied": applied, "signature": signature, "skip_reason": reason,
                        "cooldown_active": held, "velocity_violation": False, "oscillation_detected": False, "freeze_triggered": False,
                        "changed_keys": changed, "state_hash": tuning["state_hash"]})
    (folder / "TUNING_REPORT.json").write_text(json.dumps({"iterations": entries}), encoding="utf-8")


main()
