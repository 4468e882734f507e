#!/usr/bin/env python3
"""Five lines on a gated run, for ./dev soak: `soak_summary.py FOLDER GATE_EXIT_CODE LOG`."""
import json
import pathlib
import re
import sys

GATE_WORDS = {0: "PASSED", 1: "FAILED", 5: "COULD NOT JUDGE"}


def load(path, parse):
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def metrics_in(text):
    return {name: float(value) for name, value in re.findall(r"^(\w+)(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)}


def summary(folder, gate_exit, log):
    snapshot = load(folder / "POST_SOAK_SNAPSHOT.json", json.loads)
    iterations = load(folder / "TUNING_REPORT.json", json.loads).get("summary", {}).get("count", "?")
    metrics = load(folder / "POST_SOAK_METRICS.prom", metrics_in)
    number = lambda name, form: format(metrics[name], form) if name in metrics else "?"
    return [
        f"Soak: {iterations} iterations of the simulated market maker, tuned; the tuner proposed changes after "
        f"{number('soak_delta_proposed_count', '.0f')} of them.",
        f"Delivery: {number('soak_delta_full_apply_count', '.0f')} proven in effect, ratio "
        f"{number('soak_delta_full_apply_ratio', '.3f')}; {number('soak_delta_fail_count', '.0f')} failed, "
        f"{number('soak_delta_signature_stuck_count', '.0f')} signatures stuck.",
        f"KPIs, mean of the last 8: net {number('soak_kpi_net_bps_mean', '.2f')} bps, risk {number('soak_kpi_risk_ratio_mean', '.3f')}, "
        f"maker share {number('soak_kpi_maker_taker_mean', '.3f')}, p95 latency {number('soak_kpi_latency_p95_mean', '.0f')} ms; "
        f"{snapshot.get('pass_count_last8', '?')} of 8 pass.",
        f"Gate (strict): {GATE_WORDS.get(gate_exit, 'ERROR')}, verdict {snapshot.get('verdict', '?')}.",
        f"Look at: {folder}/POST_SOAK_AUDIT.md, RECOMMENDATIONS.md and POST_SOAK_METRICS.prom there; what was printed: {log}",
    ]


if __name__ == "__main__":
    print("\n".join(summary(pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
