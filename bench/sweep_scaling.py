#!/usr/bin/env python3
"""What a second thread and a second process bring to a sweep, and what a set pays in each window before its rows. No figure for a
sweep whose threads give other bytes."""
import concurrent.futures
import csv
import io
import json
import os
import sys
import time

import benchlib

SETS = [{"base_spread_bps": 0.05 + 0.05 * (k % 3), "min_interval_ms": 30 * (1 + k // 3)} for k in range(6)]
ROUNDS = 7

build, scratch = benchlib.arguments()
soak = build / "soak"


def make_feed(rows):
    """The feed's path, and the seconds that it spans."""
    events, feed = scratch / f"{rows}.bin", scratch / f"{rows}.feed"
    benchlib.run(soak, "feed", "synth", "--model", "random-walk-l2", "--rows", rows, "--seed", 3, "--format", "hftbacktest", "--out", events)
    benchlib.run(soak, "feed", "import", "--format", "hftbacktest", events, "--tick", 0.1, "--lot", 0.001, "--out", feed)
    events.unlink()
    info = json.loads(benchlib.run(soak, "feed", "info", "--json", feed)[1])
    return feed, info["span_s"]


def make_grid(name, sets):
    path = scratch / name
    path.write_text(json.dumps(sets), encoding="utf-8")
    return path


def sweep(feed, grid, window_s, threads):
    return benchlib.run(soak, "sweep", "--feed", feed, "--grid", grid, "--window-s", window_s, "--threads", threads)


def scaling():
    """(a) one process with two threads; (b) two processes with one thread each, at once."""
    feed, _ = make_feed(400_000)
    grid = make_grid("sets.json", SETS)
    tables = [sweep(feed, grid, 30, threads)[1] for threads in (1, 2)]
    if tables[0] != tables[1] or min(int(row["maker_count"]) for row in csv.DictReader(io.StringIO(tables[0]))) == 0:
        raise SystemExit("a sweep with two threads gives other rows than with one, or sets that never trade: no figure")

    def both():
        start = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for process in [pool.submit(sweep, feed, grid, 30, 1) for _ in range(2)]:
                process.result()
        return time.perf_counter() - start

    one, threads, processes = benchlib.interleaved(ROUNDS, lambda: sweep(feed, grid, 30, 1)[0], lambda: sweep(feed, grid, 30, 2)[0], both)
    return [{"what": f"sweep of {len(SETS)} sets over 400,000 rows, 2 threads", "value": threads, "unit": "s",
             "floor": one / 2, "floor_is": "half of what one thread takes"},
            {"what": f"sweep of {len(SETS)} sets over 400,000 rows, 2 processes at once, one thread each", "value": processes, "unit": "s",
             "floor": one, "floor_is": "one process alone"}]


def set_up():
    """(c) By subtraction, so that start and loading fall out: twice the sets less once the sets is what the sets cost; what they cost
    over windows of two lengths, which hold the same rows in many pieces and in few, gives the costs of a window and of a row. The first
    decision counts as set-up; answers never come in the short ones."""
    rows = 60_000
    feed, span_s = make_feed(rows)
    once, twice = make_grid("once.json", SETS), make_grid("twice.json", SETS + SETS)
    lengths = (0.002, 5)
    windows = [json.loads(benchlib.run(soak, "sweep", "--feed", feed, "--grid", make_grid("one.json", SETS[:1]), "--window-s", length,
                                       "--json")[1])["windows"] for length in lengths]
    covered = [rows * count * length / span_s for count, length in zip(windows, lengths)]
    short, short_2, long, long_2 = benchlib.interleaved(
        ROUNDS, *(lambda g=grid, l=length: sweep(feed, g, l, 1)[0] for length in lengths for grid in (once, twice)))
    a_set = [(short_2 - short) / len(SETS), (long_2 - long) / len(SETS)]
    per_window, per_row = solve(windows, covered, a_set)
    return [{"what": "sweep, set-up of a window for a set", "value": per_window * 1e6, "unit": "µs",
             "floor": per_row * 1e6, "floor_is": "a row of the feed for a set; the ratio is in rows"}]


def solve(windows, rows, seconds):
    """The costs of a window and of a row from two measurements: seconds = windows × a + rows × b."""
    determinant = windows[0] * rows[1] - windows[1] * rows[0]
    return ((seconds[0] * rows[1] - seconds[1] * rows[0]) / determinant, (windows[0] * seconds[1] - windows[1] * seconds[0]) / determinant)


cores = len(os.sched_getaffinity(0))
if cores < 2:
    print("left out: two threads and two processes of a sweep, on one core", file=sys.stderr)
benchlib.report(*(scaling() if cores >= 2 else ()), *set_up())
