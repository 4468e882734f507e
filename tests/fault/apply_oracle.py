"""Judges what a fault during `soak apply` left behind, with nothing but Python's own hash and JSON.

What must hold at every point: the file is exactly the old bytes or exactly the new ones; what was acknowledged is in place; an error
other than "unknown outcome" means the old bytes; an unknown outcome says what to do; nothing else in the folder is touched; the next
apply works and leaves no temp behind.
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

from injection import SOAK

TEMP = re.compile(r"^\.r\.json\.tmp-[0-9a-f]{16}$")
OLD = b'{"engine":{"min_interval_ms":60},"mine":[1,2]}'
NEW = b'{"engine":{"min_interval_ms":70},"mine":[1,2]}'
NEXT = b'{"engine":{"min_interval_ms":80},"mine":[1,2]}'
SET = ["--set", "min_interval_ms=70"]
NOT_APPLIED = (1, 3, 6, 127)  # 127: the loader gave up before there was a program
UNKNOWN = 4
NOBODY = 65534


def digest(content):
    return "absent" if content is None else hashlib.sha256(content).hexdigest()


class Scenario:
    """A file about to be changed. `old` is None where there is none; bytes are as `soak` has to write them: canonical JSON."""
    name = "file"
    old, new, next = OLD, NEW, NEXT
    mode = 0o640
    owner = None
    arguments = SET
    next_arguments = ["--set", "min_interval_ms=80"]

    def prepare(self, root):
        if self.old is not None:
            self.real(root).write_bytes(self.old)
            self.real(root).chmod(self.mode)
            if self.owner is not None:
                os.chown(self.real(root), self.owner, self.owner)

    def real(self, root):
        return root / "r.json"

    def command(self):
        return [SOAK, "apply", "--runtime", "r.json", *self.arguments, "--json"]


class Absent(Scenario):
    name, old, mode = "no file", None, 0o600
    new, next = b'{"engine":{"min_interval_ms":70}}', b'{"engine":{"min_interval_ms":80}}'


class Linked(Scenario):
    name = "symbolic link"

    def real(self, root):
        return root / "real" / "r.json"

    def prepare(self, root):
        (root / "real").mkdir()
        super().prepare(root)
        (root / "r.json").symlink_to("real/r.json")


class StaleTemps(Scenario):
    name = "stale temps"

    def prepare(self, root):
        super().prepare(root)
        for digit in "0f":
            (root / (".r.json.tmp-" + 16 * digit)).write_bytes(b'{"half')


class OtherOwner(Scenario):
    name, owner = "file of another owner", NOBODY


class Expected(Scenario):
    name = "expected hash"
    arguments = [*SET, "--expect-hash", digest(OLD)]


class Large(Scenario):
    name = "large file"
    old, new, next = (b'{"engine":{"min_interval_ms":%d},"mine":"%s"}' % (n, 300_000 * b"x") for n in (60, 70, 80))


class Many(Scenario):
    name = "many values"
    old, new, next = (json.dumps({"engine": {"min_interval_ms": n}, "mine": ["x" * 100] * 5000}, separators=(",", ":")).encode() for n in (60, 70, 80))


class NewKey(Scenario):
    name = "new section"
    arguments = ["--set", "base_spread_bps=0.25"]
    next_arguments = [*arguments, *Scenario.next_arguments]
    new, next = (b'{"engine":{"min_interval_ms":%d},"mine":[1,2],"risk":{"base_spread_bps":0.25}}' % n for n in (60, 80))


class DeltasFile(Scenario):
    name = "deltas from a file"
    arguments = ["--deltas", "deltas.json"]

    def prepare(self, root):
        super().prepare(root)
        (root / "deltas.json").write_text('{"min_interval_ms": 70}')


class EmptyObject(Scenario):
    name, old = "empty object", b"{}"
    new, next = Absent.new, Absent.next


SHORT = [Scenario(), Absent(), Linked()]
MORE = [StaleTemps(), OtherOwner(), Expected(), Large(), NewKey(), DeltasFile(), EmptyObject()]


def content(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def others(root, real):
    """Everything in the folder but the file itself, the lock and temps: what no apply may touch."""
    seen = {}
    for path in sorted(root.rglob("*")):
        if path == real or TEMP.match(path.name) or path.name == ".r.json.lock":
            continue
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        seen[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, what)
    return seen


def temps(root):
    return [path for path in root.rglob(".r.json.tmp-*") if TEMP.match(path.name)]


def acknowledgement(outcome):
    """The result that a caller would have read, or None."""
    try:
        result = json.loads(outcome.stdout)
    except json.JSONDecodeError:
        return None
    return result if result.get("applied") else None


def judge_outcome(scenario, outcome, now, lies=False):
    """`lies`: the kernel claimed what it had not done, so bytes of neither version may be in place; but only where that is said."""
    wrong = []
    old, new = digest(scenario.old), digest(scenario.new)
    if digest(now) not in (old, new) and not (lies and outcome.code == UNKNOWN):
        wrong.append(f"torn: {now[:80] if now is not None else None}")
    told = acknowledgement(outcome)
    if outcome.code == 0 and not told:
        wrong.append("exit 0 without a result on stdout")
    if told and (digest(now) != new or told["state_hash"] != new):
        wrong.append("acknowledged, and not in place")
    if outcome.code == 0 and digest(now) != new:
        wrong.append("exit 0 with the old bytes")
    if outcome.code in NOT_APPLIED and digest(now) != old:
        wrong.append(f"exit {outcome.code} says not applied, and the new bytes are in place")
    if outcome.code == UNKNOWN and "read the file again" not in outcome.stderr and "applied, but the result could not be printed" not in outcome.stderr:
        wrong.append("an unknown outcome that does not say what to do: " + outcome.stderr)
    if outcome.code > 0 and outcome.code not in (*NOT_APPLIED, UNKNOWN):
        wrong.append(f"exit {outcome.code}")
    return wrong


def judge_next(scenario, root):
    """The next apply, undisturbed."""
    done = subprocess.run([SOAK, "apply", "--runtime", "r.json", *scenario.next_arguments, "--json"], cwd=root, capture_output=True, text=True,
                          timeout=60)
    wrong = []
    if done.returncode != 0 or content(scenario.real(root)) != scenario.next:
        return [f"the next apply fails: exit {done.returncode} {done.stderr}"]
    if temps(root):
        wrong.append(f"a temp stays after the next apply: {temps(root)}")
    status = scenario.real(root).stat()
    if stat.S_IMODE(status.st_mode) != scenario.mode or (scenario.owner is not None and (status.st_uid, status.st_gid) != (scenario.owner,) * 2):
        wrong.append(f"mode or owner changed: {status}")
    return wrong


def judge_point(scenario, run, lies=False):
    """Runs `run(command, cwd)` in a folder of its own; returns its outcome and what is wrong with it."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="soak-fault-"))
    try:
        (root / "neighbour.json").write_bytes(b"mine")
        (root / ".r.json.tmp-mine").write_bytes(b"only resembles a temp")
        scenario.prepare(root)
        before = others(root, scenario.real(root))
        outcome = run(scenario.command(), root)
        wrong = judge_outcome(scenario, outcome, content(scenario.real(root)), lies)
        if outcome.code > 0 and outcome.code != 127 and not lies and temps(root) and not isinstance(scenario, StaleTemps):
            wrong.append("an error that is told leaves a temp behind")
        if not lies or not wrong and digest(content(scenario.real(root))) in (digest(scenario.old), digest(scenario.new)):
            wrong += judge_next(scenario, root)
        if others(root, scenario.real(root)) != before:
            wrong.append(f"another file was touched: {before} -> {others(root, scenario.real(root))}")
        return outcome, wrong
    finally:
        shutil.rmtree(root)
