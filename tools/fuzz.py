#!/usr/bin/env python3
"""Runs the fuzzers of a build on clang's libFuzzer, one after the other: tools/fuzz.py BUILD SECONDS [NAME...].

One line a fuzzer. What it finds new stays in BUILD/corpus/NAME, for the next call; an input that breaks a property, crashes, hangs or
takes too much memory goes to BUILD/found/NAME, and the line says how to run it again. The committed corpus in fuzz/corpus is only read.
Exits 1 where any fuzzer failed.
"""
import pathlib
import re
import subprocess
import sys

INPUT_BYTES_MAX = 1 << 16
INPUT_SECONDS_MAX = 10
MEMORY_MB_MAX = 2048
GRACE_SECONDS = 60  # to read the corpus, and to end


def command_of(build, corpus, name, seconds):
    kept, found = build / "corpus" / name, build / "found" / name
    for folder in (kept, found):
        folder.mkdir(parents=True, exist_ok=True)
    return [str(build / "fuzz" / f"{name}_fuzz"), f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS_MAX}",
            f"-rss_limit_mb={MEMORY_MB_MAX}", f"-max_len={INPUT_BYTES_MAX}", f"-artifact_prefix={found}/",
            "-print_final_stats=1", str(kept), str(corpus / name)]


def figures_of(log):
    """What libFuzzer said at its end; a figure that it did not come to say is None."""
    def last(pattern):
        found = re.findall(pattern, log)
        return int(found[-1]) if found else None
    return {"runs": last(r"stat::number_of_executed_units:\s*(\d+)"),
            "per_second": last(r"stat::average_exec_per_sec:\s*(\d+)"),
            "coverage": last(r"\bcov: (\d+)"),
            "new": last(r"stat::new_units_added:\s*(\d+)"),
            "memory_mb": last(r"stat::peak_rss_mb:\s*(\d+)")}


def problem_of(log, exit_code):
    """One line of what went wrong, or nothing."""
    if exit_code == 0:
        return None
    for pattern in (r"does not hold: .*", r"SUMMARY: .*", r"ERROR: .*", r".*: error: .*"):
        found = re.search(pattern, log)
        if found:
            return found.group(0)[:300]
    return f"ended with exit code {exit_code}"


def input_of(log):
    found = re.findall(r"Test unit written to (\S+)", log)
    return found[-1] if found else None


def line_of(name, log, exit_code):
    text = "{:<16}".format(name)
    figures = figures_of(log)
    if figures["runs"] is not None:
        text += " {runs:>9} runs  {per_second:>6}/s  {new:>5} new inputs  {memory_mb:>5} MB".format(**figures)
    if figures["coverage"] is not None:
        text += "  coverage {coverage}".format(**figures)
    problem = problem_of(log, exit_code)
    if problem:
        text += f"  FAILED: {problem}"
    return text


def run(build, corpus, name, seconds):
    command = command_of(build, corpus, name, seconds)
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=seconds + GRACE_SECONDS)
        log, exit_code = done.stderr.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as late:
        log, exit_code = (late.stderr or b"").decode(errors="replace"), -1
    (build / "found" / name / "log").write_text(log)
    print(line_of(name, log, exit_code), flush=True)
    if exit_code == 0:
        return True
    culprit = input_of(log)
    again = f"{command[0]} {culprit}" if culprit else " ".join(command)
    print(f"  again: {again}\n  all that it said: {build / 'found' / name / 'log'}", flush=True)
    return False


def main(arguments):
    if len(arguments) < 2 or not arguments[1].isdigit() or int(arguments[1]) < 1:
        print("usage: tools/fuzz.py BUILD SECONDS [NAME...]", file=sys.stderr)
        return 2
    build, seconds = pathlib.Path(arguments[0]), int(arguments[1])
    corpus = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus"
    built = sorted(path.name.removesuffix("_fuzz") for path in (build / "fuzz").glob("*_fuzz") if path.is_file())
    wanted = arguments[2:] or built
    unknown = [name for name in wanted if name not in built]
    if unknown or not built:
        print(f"fuzz: no such fuzzer: {', '.join(unknown) or '(none is built)'}; there are {', '.join(built)}", file=sys.stderr)
        return 2
    failed = [name for name in wanted if not run(build, corpus, name, seconds)]
    print(f"fuzz: {len(failed)} of {len(wanted)} failed: {', '.join(failed)}" if failed else f"fuzz: all {len(wanted)} held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
