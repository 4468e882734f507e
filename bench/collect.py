#!/usr/bin/env python3
"""Runs every measurement and writes bench/RESULTS.md: `collect.py BUILD_FOLDER`. Exits 1 where a limit is not kept, and writes nothing
where a measurement fails: a figure that was not measured does not stand in the file."""
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def first_line(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout.strip()


def machine(scratch):
    cpu = dict(line.split(":", 1) for line in first_line("lscpu").splitlines() if ":" in line)
    memory_kb = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    filesystem = first_line("findmnt", "-n", "-o", "FSTYPE", "-T", scratch)
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (f"{cpu['Model name'].strip()}, {cpu['CPU(s)'].strip()} cores, {memory_kb / 2**20:.0f} GiB of memory, kernel {platform.release()}, "
            f"{system}, {filesystem}")


def scripted(build, scratch):
    for script in sorted(HERE.glob("*.py")):
        if not re.search("^import benchlib", script.read_text(encoding="utf-8"), re.MULTILINE):
            continue  # a helper of a measurement
        print(f"measuring: {script.name}", file=sys.stderr)
        folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        run = subprocess.run([sys.executable, script, build, folder], capture_output=True, text=True, check=False)
        print(run.stderr, end="", file=sys.stderr)
        if run.returncode:
            sys.exit(f"{script.name}: {run.stderr.strip()}")
        for result in json.loads(run.stdout):
            yield script.name, result


def programs(build):
    for source in sorted(HERE.glob("*_bench.cc")):
        print(f"measuring: {source.name}", file=sys.stderr)
        run = first_line(build / "bench" / source.stem, "--benchmark_format=json", "--benchmark_repetitions=5",
                         "--benchmark_report_aggregates_only=true")
        for entry in json.loads(run)["benchmarks"]:
            if entry.get("aggregate_name") == "median":
                yield source.name, entry


def kept(result):
    """None where nothing has to be kept."""
    if "limit" not in result:
        return None
    measured = result["value"] if result["limit_of"] == "value" else result["value"] / result["floor"]
    return measured <= result["limit"]


def figure(value):
    """Three digits that count, never in powers of ten."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


def scripted_row(script, result):
    floor = f"{figure(result['floor'])} {result['unit']} ({result['floor_is']})" if "floor" in result else "—"
    ratio = f"{result['value'] / result['floor']:.2f}×" if "floor" in result else "—"
    unit = result["unit"] if result.get("limit_of") == "value" else "×"
    limit = f"≤ {result['limit']:g} {unit}: {'kept' if kept(result) else '**not kept**'}" if "limit" in result else "—"
    return f"| {result['what']} ([{script}]({script})) | {figure(result['value'])} {result['unit']} | {floor} | {ratio} | {limit} |"


def program_row(source, entry):
    rate = f"{entry['bytes_per_second'] / 1e6:.0f} MB/s" if "bytes_per_second" in entry else "—"
    return f"| {entry['run_name']} ([{source}]({source})) | {figure(entry['real_time'])} {entry['time_unit']} | {rate} |"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(dir=build, prefix="bench-") as scratch:
        where, load = machine(scratch), os.getloadavg()[0]
        results, entries = list(scripted(build, scratch)), list(programs(build))
    lines = ["# Results", "", f"Written by `./dev bench` on: {where}. Load average at the start: {load:.1f}.", "",
             "Each figure and its floor were measured in turn in the same run; medians. [README.md](README.md) says how.", "",
             "| what | measured | floor | ratio | limit |", "|---|---|---|---|---|", *(scripted_row(*pair) for pair in results), ""]
    if entries:
        lines += ["| micro-benchmark | median of 5 | rate |", "|---|---|---|", *(program_row(*pair) for pair in entries), ""]
    (HERE / "RESULTS.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))
    return 1 if any(kept(result) is False for _, result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
