"""What the measuring scripts share: interleaved medians, and the form of a result.

A script is called with the build folder and a scratch folder on disk, and prints one JSON list of results, each with
  what, value, unit   the thing measured
  floor, floor_is     the least that the same work costs, measured in the same run (optional; the ratio is made from it)
  limit, limit_of     what it has to keep: "value" or "ratio" (optional)
"""
import json
import pathlib
import statistics
import subprocess
import sys
import time


def arguments():
    """The build folder and the scratch folder."""
    return pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()


def run(*command, exit_codes=(0,)):
    """Seconds from start to end, and stdout. The exit code must be one of `exit_codes`: a figure for a failure is no figure."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in exit_codes:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}: {done.stderr.strip()}")
    return taken, done.stdout


def interleaved(rounds, *measurements):
    """Median of each measurement (functions that return a number), taken in turn so that a slow moment hits all of them. One
    unmeasured round first: everything is warm."""
    taken = [[] for _ in measurements]
    for round_ in range(rounds + 1):
        for values, measure in zip(taken, measurements):
            value = measure()
            if round_:
                values.append(value)
    return [statistics.median(values) for values in taken]


def report(*results):
    print(json.dumps(results))
