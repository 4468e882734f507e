"""A mock run for the tests of this folder, and the judge of what a fault leaves of it.

A mock run is a function of its options, so an uninterrupted one says what every other must come to, to the byte. What must hold at
every point: the journal is a beginning of that run's; an iteration that was told of on stderr is in it; an artifact that is there is
whole; exit 0 means that nothing is missing; and `--resume` ends with the same folder: names, modes, links and bytes.
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

ROOT = "artifacts/soak"
NAMED = re.compile(r"^soak: (artifacts|run|plan\.jsonl|start\.json|cannot write to standard output|not enough memory)\b")
TOLD = re.compile(r"^\[(\d+)/\d+\]", re.MULTILINE)
ERROR_CODES = (1, 4)  # told; 4: an apply whose outcome is unknown until the next start
INTERRUPTED = 130
LOADER_GAVE_UP = 127  # before there was a program


class Scene:
    """Three applies, the second of them bad and rolled back."""
    name = "applies and a rollback"
    plan = {1: {"min_interval_ms": 80}, 2: {"base_spread_bps": 0.05}, 4: {"min_interval_ms": 90}}
    start = {"tuner": {"oscillation_window": 0, "velocity_cap": 1e9, "cooldown_iters": 0}}
    arguments = ["--iterations", "5", "--iteration-s", "20", "--tuner", "plan:plan.jsonl", "--overrides", "start.json", "--rollback"]

    def prepare(self, root):
        (root / "plan.jsonl").write_text("".join(json.dumps({"iteration": i, "proposed_deltas": d}) + "\n" for i, d in self.plan.items()))
        (root / "start.json").write_text(json.dumps(self.start))

    def command(self, *more):
        return [SOAK, "run", "--mock", *self.arguments, *more]


class Tuned(Scene):
    """The built-in tuner on 40 iterations: what an interrupted night looks like."""
    name = "40 iterations tuned by the rules"
    arguments = ["--iterations", "40", "--iteration-s", "20", "--auto-tune"]


class Elsewhere(Scene):
    name = "a folder of its own"
    arguments = [*Scene.arguments, "--out", "run"]


class Tidied(Scene):
    """Over what killed runs have left: their temps have to go, and nothing else."""
    name = "temps of killed runs"

    def prepare(self, root):
        super().prepare(root)
        run = root / ROOT / "runs" / uninterrupted(Scene()).run_id
        run.mkdir(parents=True)
        for name in ("ITER_SUMMARY_1.json.tmp", "TUNING_REPORT.json.tmp", ".runtime_overrides.json.tmp-"):
            (run / (name + 16 * "0")).write_text('{"half')
        (root / ROOT / (".latest.tmp-" + 16 * "0")).symlink_to("runs/gone")


class BrokenOff(Scene):
    """A run that was killed between the rename of its third change and the record of it, in the midst of a record; to be resumed."""
    name = "broken off at an open intent"

    def prepare(self, root):
        super().prepare(root)
        whole = uninterrupted(Scene())
        run = root / whole.run_folder
        run.mkdir(parents=True)
        intent = [n for n, line in enumerate(whole.lines) if b'"type":"apply_intent"' in line][-1]
        kept = b"".join(whole.lines[:intent + 1])
        (run / "journal.jsonl").write_bytes(kept + whole.lines[intent + 1][:70])
        (run / "runtime_overrides.json").write_bytes(runtimes_of(Scene())[records(kept)[-1]["body"]["state_hash"]])
        for name in ("journal.jsonl", "runtime_overrides.json"):
            (run / name).chmod(0o600)

    def command(self, *more):
        return super().command(*more) if "--resume" in more else super().command("--resume", *more)


def tree(root):
    """Everything below a folder: kind, mode and content."""
    seen = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(status.st_mode) else None
        seen[str(path.relative_to(root))] = (stat.filemode(status.st_mode), what)
    return seen


def difference(found, expected):
    """What differs, short enough to be read."""
    missing, more = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    other = [f"{name}: {found[name]!r:.200} is not {expected[name]!r:.200}" for name in sorted(found.keys() & expected.keys())
             if found[name] != expected[name]]
    return "; ".join([f"missing: {missing}"] * bool(missing) + [f"left behind: {more}"] * bool(more) + other)


class Whole:
    """What an uninterrupted run left."""

    def __init__(self, scene):
        with tempfile.TemporaryDirectory(prefix="soak-whole-") as folder:
            root = pathlib.Path(folder)
            scene.prepare(root)
            done = run(scene.command(), root)
            assert done.returncode == 0, done
            self.tree = tree(root)
            self.run_folder = journal_of(root).parent.relative_to(root)
            self.journal = journal_of(root).read_bytes()
        self.run_id = self.run_folder.name
        self.lines = self.journal.splitlines(keepends=True)


WHOLE = {}


def uninterrupted(scene):
    if scene.name not in WHOLE:
        WHOLE[scene.name] = Whole(scene)
    return WHOLE[scene.name]


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def runtimes_of(scene):
    """State hash → bytes of every runtime that a scene's run goes through."""
    sections = {"min_interval_ms": "engine", "base_spread_bps": "risk"}
    runtime, seen = json.loads(json.dumps(scene.start)), {}
    for record in records(uninterrupted(scene).journal):
        body = record["body"]
        if record["type"] == "run_header":
            seen[body["runtime_hash"]] = canonical(runtime)
        elif record["type"] == "apply_intent":
            if "runtime" in body:
                runtime = body["runtime"]
            else:
                for name, value in body["proposed_deltas"].items():
                    runtime.setdefault(sections[name], {})[name] = value
            seen[body["state_hash"]] = canonical(runtime)
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in seen.items()), seen
    return seen


def run(command, cwd, **options):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **options)


def journal_of(root):
    """The journal of the one run below a folder; a path that does not exist where there is none yet."""
    return next(root.rglob("journal.jsonl"), root / "no journal")


def records(journal):
    return [json.loads(line)["record"] for line in journal.splitlines(keepends=True) if line.endswith(b"\n")]


def iterations_in(journal):
    return [record["body"]["iteration"] for record in records(journal) if record["type"] == "iteration"]


def judge_journal(whole, root, stderr, blank_tail=False):
    """`blank_tail`: a disk that failed and was then cut off may give zeros behind what it has."""
    path = journal_of(root)
    journal = path.read_bytes() if path.exists() else b""
    if blank_tail:
        journal = journal.rstrip(b"\0")
    wrong = []
    if not whole.journal.startswith(journal):
        wrong.append(f"the journal is no beginning of the uninterrupted one: {journal[-300:]!r}")
        return wrong
    told, kept = [int(n) for n in TOLD.findall(stderr)], iterations_in(journal)
    if told and told[-1] > len(kept):
        wrong.append(f"iteration {told[-1]} was told, and the journal holds {kept}")
    if kept != list(range(1, len(kept) + 1)):
        wrong.append(f"iterations in the journal: {kept}")
    return wrong


def judge_artifacts(whole, root):
    """As a reader finds them at any moment: whole, and a summary is what it will always be."""
    wrong = []
    for name, (_, content) in tree(root).items():
        base = pathlib.PurePath(name).name
        if content is None or not base.endswith(".json") or base.startswith("."):
            continue
        if base.startswith("ITER_SUMMARY_") and whole.tree.get(name, (None, None))[1] != content:
            wrong.append(f"{name} is not the one of the uninterrupted run")
        try:
            json.loads(content)
        except ValueError:
            wrong.append(f"{name} is torn: {content[:80]!r}")
    return wrong


def judge_code(whole, root, outcome):
    code, told = outcome.code, outcome.stderr
    if code < 0 or code in (LOADER_GAVE_UP, INTERRUPTED):
        return []
    if code == 0:
        problem = difference(tree(root), whole.tree)
        return ["exit 0, and " + problem] if problem else []
    if code not in ERROR_CODES:
        return [f"exit {code}: {told}"]
    last = told.strip().splitlines()[-1] if told.strip() else ""
    return [] if NAMED.match(last) else [f"exit {code} that names no file: {told[-200:]!r}"]


def judge_resumed(scene, root):
    whole = uninterrupted(scene)
    done = run(scene.command("--resume"), root)
    if done.returncode != 0:
        return [f"--resume: exit {done.returncode}: {done.stderr[-500:]}"]
    problem = difference(tree(root), whole.tree)
    return ["after --resume: " + problem] if problem else []


def judge_point(scene, disturb):
    """Disturbs a run by `disturb(command, cwd)`, which returns an Outcome, in a folder of its own; says what is wrong with what is left."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="soak-fault-"))
    try:
        scene.prepare(root)
        outcome = disturb(scene.command(), root)
        wrong = judge_left(scene, root, outcome)
        return outcome, wrong + judge_resumed(scene, root)
    finally:
        shutil.rmtree(root)


def judge_left(scene, root, outcome):
    whole = uninterrupted(scene)
    return judge_journal(whole, root, outcome.stderr) + judge_artifacts(whole, root) + judge_code(whole, root, outcome)
