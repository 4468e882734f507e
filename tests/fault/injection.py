"""Faults put into a program's system calls with strace: kills, errors, lies, delays.

The trap of false green: an injection that never fired looks like a program that stood it. So a point is run by `inject`, which
says from strace's log whether the fault happened ("INJECTED" behind the call, or "killed by SIGKILL"), and a sweep counts no other.
"""
import collections
import dataclasses
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
LONG = bool(os.environ.get("SOAK_FAULT_LONG"))
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EINTR", "ENOMEM", "EMFILE", "EIO+")  # +: from then on, as of a disk that has died
WORKERS = 2
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


def strace_or_skip():
    """Skips, visibly, where strace is missing or may not trace (a container without SYS_PTRACE)."""
    if shutil.which("strace") is None:
        raise unittest.SkipTest("left out: strace is not installed")
    with tempfile.NamedTemporaryFile() as log:
        if subprocess.run(["strace", "-o", log.name, "true"], capture_output=True).returncode != 0:
            raise unittest.SkipTest("left out: strace may not trace here (a container needs --cap-add SYS_PTRACE)")


def root_or_skip(what):
    if os.geteuid() != 0:
        raise unittest.SkipTest(f"left out: {what} needs the superuser")


def as_nobody_or_skip():
    """What to put before a command so that it runs without rights; only the superuser can."""
    prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    if subprocess.run([*prefix, SOAK, "--version"], capture_output=True).returncode != 0:
        raise unittest.SkipTest("left out: cannot give rights up, or the program lies where nobody else may run it")
    return prefix


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault: the call, which of its occurrences, and what happens ("signal=SIGKILL", "error=EIO", "retval=0", ...)."""
    call: str
    occurrence: int
    what: str  # with a + behind it: it happens at every later occurrence too
    may_crash: bool = False  # by what is not ours: the loader without memory, the C library that takes brk's error for an address

    def __str__(self):
        return f"{self.call}#{self.occurrence}:{self.what}"

    @property
    def kills(self):
        return self.what == "signal=SIGKILL"


@dataclasses.dataclass
class Outcome:
    code: int  # negative: died of that signal
    stdout: str
    stderr: str
    log: list  # strace's lines
    proven: bool = True


def run_traced(command, cwd, options):
    descriptor, log = tempfile.mkstemp(prefix="soak-strace-")
    os.close(descriptor)
    try:
        done = subprocess.run(["strace", "-f", "-o", log, *options, *command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()
    finally:
        os.unlink(log)
    return Outcome(done.returncode, done.stdout, done.stderr, lines)


def inject(command, cwd, *faults, also=()):
    """Runs the command with the faults; `proven` says whether every one of them happened. `also`: further calls for the log."""
    names = ",".join(sorted({fault.call for fault in faults} | set(also)))
    options = ["-e", f"trace={names}"]
    if not any("signal=" in fault.what for fault in faults):
        options.append("--seccomp-bpf")  # twice as fast; signals are silently not delivered with it
    for fault in faults:
        lasting = "+" if fault.what.endswith("+") else ""
        options += ["-e", f"inject={fault.call}:{fault.what.rstrip('+')}:when={fault.occurrence}{lasting}"]
    outcome = run_traced(command, cwd, options)
    injected = sum("(INJECTED)" in line or "(DELAYED)" in line for line in outcome.log)
    killed = any("killed by SIGKILL" in line for line in outcome.log)
    wanted_kills = sum(fault.kills for fault in faults)
    outcome.proven = injected >= len(faults) - wanted_kills and (not wanted_kills or (killed and outcome.code == -signal.SIGKILL))
    return outcome


def until_proven(attempt):
    """(outcome, what is wrong) of `attempt`, made twice where nothing happened: the number of some calls (locks, memory) may differ by one
    between two runs."""
    outcome, wrong = attempt()
    return (outcome, wrong) if outcome.proven or wrong else attempt()


def unasked_death(outcome, *faults):
    """What is wrong where a signal ended the program that no fault sent: a failing call must end in an error that is told."""
    asked = any(fault.kills for fault in faults) and outcome.code == -signal.SIGKILL
    return [] if outcome.code >= 0 or asked or any(fault.may_crash for fault in faults) else [f"ended by signal {-outcome.code}"]


def clean_run(command, cwd):
    """Every system call of a run without faults, in order, as strace's lines."""
    outcome = run_traced(command, cwd, [])
    assert outcome.code == 0, outcome
    return [line for line in outcome.log if CALL.match(line)]


def calls_of(scene):
    """A clean run of what `scene` prepares in a folder of its own, as the tracer's lines."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="soak-fault-"))
    try:
        scene.prepare(root)
        return clean_run(scene.command(), root)
    finally:
        shutil.rmtree(root)


def program_from(lines, file):
    """Where the loader's calls end: the first that opens `file`, one of ours."""
    return next(i for i, line in enumerate(lines) if "openat(" in line and f'{file}"' in line)


def one_in_turn(points):
    """Of the errors at each call one, another at each next call."""
    at = collections.defaultdict(list)
    for point in points:
        at[point.call, point.occurrence].append(point)
    return [each[n % len(each)] for n, each in enumerate(at.values())]


def occurrences(lines):
    """How often each call is made: what `when=` counts."""
    return collections.Counter(CALL.match(line).group(1) for line in lines)


def kill_points(lines):
    """A kill at the entry of every call but execve (before which there is no program of ours)."""
    return [Fault(call, n, "signal=SIGKILL") for call, count in occurrences(lines).items() if call != "execve" for n in range(1, count + 1)]


FAILING = re.compile(r"open|stat|read|write|sync|rename|chown|chmod|flock|close|unlink|getdents|getrandom|lseek|fcntl|link|mkdir|truncate")


def error_points(lines, program_from):
    """Every error at every call that has to do with files, and no memory at every call that asks for some. Calls before the line
    `program_from` are the loader's: they know nothing of the file, and one error stands for all but in the long mode."""
    points = []
    of_loader = occurrences(lines[:program_from])
    for call, count in occurrences(lines).items():
        for_memory = call in ("mmap", "brk", "mprotect")
        errors = ERRORS if FAILING.search(call) else ("ENOMEM", "ENOMEM+") if for_memory else ()
        if call == "write":  # a lasting one would silence the message too
            errors = ERRORS[:-1]
        points += [Fault(call, n, f"error={error}", call == "brk" or (for_memory and n <= of_loader[call])) for n in range(1, count + 1)
                   for error in (errors if LONG or n > of_loader[call] else errors[:1])]
    return points


def run_plain(command, cwd, **options):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, **options)
    return Outcome(done.returncode, done.stdout, done.stderr, [])


def run_with_faulty_calls(fault, command, cwd):
    """A fault of faulty_calls.cc; the outcome's log has a line for each time that it happened."""
    library = os.environ.get("SOAK_FAULTY_CALLS_LIBRARY")
    if not library:
        raise unittest.SkipTest("left out: SOAK_FAULTY_CALLS_LIBRARY names no library")
    with tempfile.TemporaryDirectory() as scratch:
        told = pathlib.Path(scratch) / "told"
        outcome = run_plain(command, cwd, env={**os.environ, "LD_PRELOAD": library, "SOAK_FAULTY_CALLS": fault, "SOAK_FAULTY_CALLS_TELL": str(told)})
        outcome.log = told.read_text().splitlines() if told.exists() else []
    outcome.proven = bool(outcome.log)
    return outcome
