#!/usr/bin/env python3
"""`soak verify` on 10,000 iterations of the old tool's form, against opening, reading and closing the same files; warm."""
import hashlib
import json

import benchlib

ITERATIONS = 10_000


def state_hash(runtime):
    return hashlib.sha256(json.dumps(runtime, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_old_run(folder):
    """Each third proposal is held by a guard, every other one is in effect in the next iteration. Returns how many were made."""
    folder.mkdir()
    runtime = {"engine": {"concurrency_limit": 10, "min_interval_ms": 60, "replace_rate_per_min": 300, "tail_age_ms": 600},
               "risk": {"base_spread_bps": 0.2, "impact_cap_ratio": 0.1, "max_delta_ratio": 0.14}}
    entries = []
    for i in range(1, ITERATIONS + 1):
        in_effect, signature, held, last = json.loads(json.dumps(runtime)), state_hash(runtime), i % 3 == 0, i == ITERATIONS
        proposed = {} if last else {"min_interval_ms": 60 + i % 7, "base_spread_bps": round(0.2 + i % 5 / 100, 2)}
        reason = {"cooldown": True, "velocity": False, "oscillation": False, "freeze": False, "no_op": False,
                  "note": "cooldown 1 iters left"} if held and proposed else None
        if proposed and not held:
            runtime["engine"]["min_interval_ms"] = proposed["min_interval_ms"]
            runtime["risk"]["base_spread_bps"] = proposed["base_spread_bps"]
        tuning = {"applied": bool(proposed) and not held, "proposed_deltas": proposed, "deltas": proposed, "skip_reason": reason,
                  "changed_keys": sorted(proposed) if proposed and not held else [], "cooldown_active": held}
        summary = {"risk_ratio": 0.33, "maker_taker_ratio": 0.937, "net_bps": 3.38 + i % 10 / 100, "p95_latency_ms": 305.6,
                   "runtime_utc": f"2026-01-01T{i // 60 % 24:02}:{i % 60:02}:00Z", "state_hash": signature}
        text = json.dumps({"iteration": i, "summary": summary, "tuning": tuning, "runtime_overrides": in_effect})
        (folder / f"ITER_SUMMARY_{i}.json").write_text(text, encoding="utf-8")
        entries.append({"iteration": i, "proposed_deltas": proposed, "applied": tuning["applied"], "signature": signature,
                        "skip_reason": reason, "cooldown_active": held})
    (folder / "TUNING_REPORT.json").write_text(json.dumps({"iterations": entries}), encoding="utf-8")
    return ITERATIONS - 1


build, scratch = benchlib.arguments()
run_folder = scratch / "old_run"
made = write_old_run(run_folder)
found = json.loads(benchlib.output(build / "soak", "verify", "--path", run_folder, "--json"))
counted = found["full_apply_count"], found["partial_ok_count"], found["fail_count"], found["proposed_count"]
if counted != (made - made // 3, made // 3, 0, made):
    raise SystemExit(f"verify counts {counted} on a folder with {made} proposals: its speed means nothing")
verify, floor = benchlib.interleaved(
    9, lambda: benchlib.wall(build / "soak", "verify", "--path", run_folder, "--json"),
    lambda: json.loads(benchlib.output(build / "bench" / "read_all", run_folder))["seconds"])
benchlib.report({"what": f"`soak verify`, {ITERATIONS:,} iterations of the old form, from start to exit", "value": verify * 1000,
                 "unit": "ms", "floor": floor * 1000, "floor_is": "open, read and close the same files", "limit": 3,
                 "limit_of": "ratio"})
