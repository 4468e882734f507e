"""The steps of the apply protocol, one by one: their order in the system calls, and what each is there for.

apply_controls_test.py takes each step out of the program and expects a test of this folder to fail.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import tempfile
import time
import unittest

import apply_oracle as oracle
import injection
from injection import SOAK, Fault

LOCK_WAIT_S = 10  # soak's own limit


class ProtocolCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.file = self.root / "r.json"
        self.file.write_bytes(oracle.OLD)

    def apply(self, *arguments, expect=0, program=(SOAK,), runtime="r.json"):
        done = subprocess.run([*program, "apply", "--runtime", runtime, *arguments, "--json"], cwd=self.root, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, expect, (arguments, done.stdout, done.stderr))
        return done

    def command(self, *arguments):
        return [SOAK, "apply", "--runtime", "r.json", *arguments, "--json"]

    def wait_for(self, what, seconds=10):
        deadline = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), deadline, "it never happened")
            time.sleep(0.005)

    def end(self, process):
        """strace and what it traces, stopped or not."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def held(self, what, *arguments, call="fsync", occurrence=1):
        """An apply that a signal meets during a call; returns strace's process and the pid of the program."""
        log = self.root / "strace.log"
        process = subprocess.Popen(["strace", "-f", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:signal={what}:when={occurrence}",
                                    *self.command(*arguments)], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        self.addCleanup(self.end, process)
        self.wait_for(lambda: log.exists() and re.search(f"(stopped|killed) by {what}", log.read_text()))
        return process, int(log.read_text().split()[0])

    def stopped_before_the_lock(self, *arguments):
        """An apply that has read the file, has opened the lock's file, and does not get to lock it."""
        lines = injection.clean_run(self.command(*arguments), self.root)
        until = next(i for i, line in enumerate(lines) if ".r.json.lock" in line) + 1
        self.file.write_bytes(oracle.OLD)
        return self.held("SIGSTOP", *arguments, call="openat", occurrence=injection.occurrences(lines[:until])["openat"])

    def go_on(self, process, pid):
        """Lets a stopped apply go on to its end; returns its exit code."""
        os.kill(pid, signal.SIGCONT)
        process.communicate(timeout=60)
        return process.returncode

    def start(self, *arguments, runtime="r.json"):
        process = subprocess.Popen([SOAK, "apply", "--runtime", runtime, *arguments, "--json"], cwd=self.root, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    def both_updates_are_kept(self, runtime):
        """One apply is stopped with its temp written; a second one, started meanwhile, has to wait for it."""
        first, pid = self.held("SIGSTOP", *oracle.SET)
        second = self.start("--set", "base_spread_bps=0.25", runtime=runtime)
        with contextlib.suppress(subprocess.TimeoutExpired):
            second.wait(0.5)
        self.assertEqual(self.go_on(first, pid), 0)
        second.communicate(timeout=60)
        self.assertEqual(second.returncode, 0)
        now = json.loads(self.file.read_bytes())
        self.assertEqual((now["engine"]["min_interval_ms"], now.get("risk")), (70, {"base_spread_bps": 0.25}))


STEPS = [
    ("opens the folder", r'openat\(AT_FDCWD, "\.", O_RDONLY\|O_CLOEXEC\|O_DIRECTORY\) = (?P<folder>\d+)'),
    ("opens the lock", r'openat\(AT_FDCWD, "\./\.r\.json\.lock", .*O_CREAT.*\) = (?P<lock>\d+)'),
    ("locks", r"flock\(%(lock)s, LOCK_EX"),
    ("looks for stale temps", r"getdents64\("),
    ("opens the file under the lock, following nothing", r'openat\(%(folder)s, "r\.json", O_RDONLY.*O_NOFOLLOW.*\) = (?P<old>\d+)'),
    ("reads it", r"read\(%(old)s, "),
    ("creates a temp of a random name, exclusively, for the owner alone",
     r'openat\(%(folder)s, "(?P<temp>\.r\.json\.tmp-[0-9a-f]{16})", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\|O_CLOEXEC, 0600\) = (?P<new>\d+)'),
    ("gives it the owner", r"fchown\(%(new)s, "),
    ("gives it the mode", r"fchmod\(%(new)s, 0640\)"),
    ("writes", r"write\(%(new)s, .*, \d+\) = \d+"),
    ("makes the file durable", r"fsync\(%(new)s\) += 0"),
    ("closes it", r"close\(%(new)s\) += 0"),
    ("renames", r'renameat\(%(folder)s, "%(temp)s", %(folder)s, "r\.json"\) = 0'),
    ("makes the folder durable", r"fsync\(%(folder)s\) += 0"),
    ("opens what is in place now", r'openat\(%(folder)s, "r\.json", O_RDONLY.*O_NOFOLLOW.*\) = (?P<again>\d+)'),
    ("reads it back to the end", r'read\(%(again)s, "", '),
    ("unlocks last", r"close\(%(lock)s\) "),
    ("acknowledges", r"write\(1, "),
]


class Steps(ProtocolCase):
    def test_every_step_is_taken_and_in_this_order(self):
        injection.strace_or_skip()
        self.file.chmod(0o640)
        lines = injection.clean_run(self.command(*oracle.SET), self.root)
        known, at = {}, 0
        for step, pattern in STEPS:
            expression = re.compile(pattern % {name: re.escape(value) for name, value in known.items()} if "%(" in pattern else pattern)
            found = next(((i, m) for i in range(at, len(lines)) if (m := expression.search(lines[i]))), None)
            self.assertIsNotNone(found, f"the program never {step} (after line {at} of {len(lines)})")
            at = found[0] + 1
            known.update(found[1].groupdict())

    def test_nothing_to_do_is_said_only_of_what_the_disk_has(self):
        """Of a writer that was killed behind its rename, or an editor: bytes that are there to be read, and may not last."""
        injection.strace_or_skip()
        already = self.command("--set", "min_interval_ms=60")
        for occurrence in (1, 2):  # the file, its folder
            failed = injection.inject(already, self.root, Fault("fsync", occurrence, "error=EIO"))
            self.assertTrue(failed.proven, f"fsync {occurrence} is never made")
            self.assertEqual(failed.code, oracle.UNKNOWN, failed)
            self.assertIn("read the file again", failed.stderr)
            self.assertEqual(self.file.read_bytes(), oracle.OLD)
        self.assertEqual(injection.run_plain(already, self.root).code, 0)

    def test_temp_names_cannot_be_foretold(self):
        injection.strace_or_skip()
        names = set()
        for value in range(5):
            lines = injection.clean_run(self.command("--set", f"min_interval_ms={70 + value}"), self.root)
            names |= set(re.findall(r'"(\.r\.json\.tmp-[^"]*)", O_WRONLY', "\n".join(lines)))
        self.assertEqual(len(names), 5, names)

    def test_links_under_the_names_of_earlier_temps_are_not_written_through(self):
        injection.strace_or_skip()
        victim = self.root / "victim"
        victim.write_bytes(b"mine")
        for value in range(3):
            lines = injection.clean_run(self.command("--set", f"min_interval_ms={70 + value}"), self.root)
            for name in re.findall(r'"(\.r\.json\.tmp-[^"]*)", O_WRONLY', "\n".join(lines)):
                (self.root / name).symlink_to("victim")
        self.assertEqual(victim.read_bytes(), b"mine")

    def test_temp_whose_name_is_taken_is_not_written_through(self):
        """Without a random source the name can be foretold; that it must not exist yet still protects who owns it."""
        injection.strace_or_skip()
        victim = self.root / "victim"
        victim.write_bytes(b"mine")
        (self.root / ".r.json.tmp-0000000000000000").symlink_to("victim")
        outcome = injection.inject(self.command(*oracle.SET), self.root, Fault("getrandom", 2, "error=ENOSYS"))
        self.assertTrue(outcome.proven)
        self.assertEqual((outcome.code, self.file.read_bytes(), victim.read_bytes()), (1, oracle.OLD, b"mine"))

    def test_bytes_that_are_not_the_ones_written_are_an_unknown_outcome(self):
        injection.strace_or_skip()
        outcome = injection.inject(self.command(*oracle.SET), self.root, Fault("write", 1, f"retval={len(oracle.NEW)}"))
        self.assertTrue(outcome.proven)
        self.assertEqual(outcome.code, oracle.UNKNOWN, outcome)
        self.assertIn("read the file again", outcome.stderr)

    def test_folder_that_cannot_be_made_durable_is_an_unknown_outcome(self):
        injection.strace_or_skip()
        outcome = injection.inject(self.command(*oracle.SET), self.root, Fault("fsync", 2, "error=EIO"))
        self.assertTrue(outcome.proven)
        self.assertEqual((outcome.code, self.file.read_bytes()), (oracle.UNKNOWN, oracle.NEW), outcome)

    def test_close_that_fails_is_not_an_apply(self):
        injection.strace_or_skip()
        lines = injection.clean_run(self.command(*oracle.SET), self.root)
        before = lines[:next(i for i, line in enumerate(lines) if "renameat(" in line)]
        occurrence = injection.occurrences(before)["close"]
        self.file.write_bytes(oracle.OLD)
        outcome = injection.inject(self.command(*oracle.SET), self.root, Fault("close", occurrence, "error=EIO"))
        self.assertEqual((outcome.proven, outcome.code, self.file.read_bytes()), (True, 1, oracle.OLD))


class OtherWriters(ProtocolCase):
    """Deterministic races: one apply is stopped during a call while another one runs."""

    def test_second_writer_waits_for_the_first_and_neither_update_is_lost(self):
        injection.strace_or_skip()
        self.both_updates_are_kept("r.json")

    def test_change_between_the_read_and_the_lock_is_seen_and_kept(self):
        injection.strace_or_skip()
        first, pid = self.stopped_before_the_lock(*oracle.SET)
        self.apply("--set", "base_spread_bps=0.25")
        self.assertEqual(self.go_on(first, pid), 0)
        now = json.loads(self.file.read_bytes())
        self.assertEqual((now["engine"]["min_interval_ms"], now.get("risk")), (70, {"base_spread_bps": 0.25}))

    def test_change_between_the_read_and_the_lock_is_a_conflict_for_who_expects_a_hash(self):
        injection.strace_or_skip()
        first, pid = self.stopped_before_the_lock(*oracle.SET, "--expect-hash", oracle.digest(oracle.OLD))
        self.apply("--set", "base_spread_bps=0.25")
        between = self.file.read_bytes()
        self.assertEqual(self.go_on(first, pid), 6)
        self.assertEqual(self.file.read_bytes(), between)

    def test_killed_holder_blocks_nobody(self):
        injection.strace_or_skip()
        process, _ = self.held("SIGKILL", *oracle.SET)
        self.assertEqual(process.wait(), -signal.SIGKILL)
        started = time.monotonic()
        self.apply("--set", "min_interval_ms=80")
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(self.file.read_bytes(), oracle.NEXT)

    def test_stopped_holder_is_named_once_the_wait_is_over_and_goes_on_afterwards(self):
        injection.strace_or_skip()
        process, pid = self.held("SIGSTOP", *oracle.SET)
        started = time.monotonic()
        done = self.apply("--set", "min_interval_ms=80", expect=1)
        waited = time.monotonic() - started
        self.assertTrue(LOCK_WAIT_S - 0.5 < waited < LOCK_WAIT_S + 10, waited)
        error = json.loads(done.stdout)["error"]
        self.assertEqual(error["code"], "locked")
        self.assertIn(f"locked by process {pid};", error["message"])
        self.assertEqual(self.file.read_bytes(), oracle.OLD)
        self.assertEqual((self.go_on(process, pid), self.file.read_bytes()), (0, oracle.NEW))
        self.apply("--set", "min_interval_ms=80")

    def test_stopped_holder_that_is_killed_lets_the_waiting_one_on(self):
        injection.strace_or_skip()
        _, pid = self.held("SIGSTOP", *oracle.SET)
        waiting = self.start("--set", "min_interval_ms=80")
        time.sleep(0.3)
        self.assertIsNone(waiting.poll(), "it did not wait for the lock")
        os.kill(pid, signal.SIGKILL)
        waiting.communicate(timeout=30)
        self.assertEqual((waiting.returncode, self.file.read_bytes()), (0, oracle.NEXT))


class KindsOfFiles(ProtocolCase):
    def test_hard_linked_file_is_refused(self):
        os.link(self.file, self.root / "other")
        done = self.apply(*oracle.SET, expect=1)
        self.assertIn("more than one hard link", done.stderr)
        self.assertEqual(((self.root / "other").read_bytes(), self.file.read_bytes()), (oracle.OLD, oracle.OLD))

    def test_symbolic_link_stays_one_and_its_target_is_replaced_where_it_stands(self):
        (self.root / "folder").mkdir()
        self.file.rename(self.root / "folder" / "r.json")
        (self.root / "middle").symlink_to("folder/r.json")
        self.file.symlink_to("middle")
        self.apply(*oracle.SET)
        self.assertEqual((os.readlink(self.file), os.readlink(self.root / "middle")), ("middle", "folder/r.json"))
        self.assertEqual((self.root / "folder" / "r.json").read_bytes(), oracle.NEW)
        self.assertFalse((self.root / "folder" / "r.json").is_symlink())

    def test_writers_by_way_of_a_link_and_by_the_file_itself_share_one_lock(self):
        injection.strace_or_skip()
        (self.root / "link.json").symlink_to("r.json")
        self.both_updates_are_kept("link.json")

    def test_mode_is_kept_whatever_the_umask_and_a_new_file_is_for_its_owner_alone(self):
        for mode in (0o600, 0o640, 0o644, 0o666, 0o664, 0o755):
            self.file.write_bytes(oracle.OLD)
            self.file.chmod(mode)
            self.apply(*oracle.SET, program=("/bin/sh", "-c", 'umask 077; exec "$@"', "sh", SOAK))
            self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), mode)
        self.file.unlink()
        self.apply(*oracle.SET, program=("/bin/sh", "-c", 'umask 000; exec "$@"', "sh", SOAK))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_owner_and_group_are_kept(self):
        injection.root_or_skip("a file of another owner")
        os.chown(self.file, oracle.NOBODY, 12345)
        self.apply(*oracle.SET)
        self.assertEqual((self.file.stat().st_uid, self.file.stat().st_gid), (oracle.NOBODY, 12345))

    def test_owner_that_cannot_be_kept_is_a_refusal(self):
        injection.root_or_skip("giving rights up")
        self.root.chmod(0o777)
        self.file.chmod(0o666)
        done = self.apply(*oracle.SET, expect=1, program=(*injection.as_nobody_or_skip(), SOAK))
        self.assertIn("cannot keep the file's owner", done.stderr)
        self.assertEqual((self.file.read_bytes(), oracle.temps(self.root)), (oracle.OLD, []))

    def test_temp_of_a_killed_writer_is_gone_after_the_next_apply_even_where_it_had_its_new_owner(self):
        (self.root / ".r.json.tmp-0123456789abcdef").write_bytes(b'{"half')
        if os.geteuid() == 0:
            os.chown(self.file, oracle.NOBODY, oracle.NOBODY)
            (self.root / ".r.json.tmp-fedcba9876543210").write_bytes(b'{"half')
            os.chown(self.root / ".r.json.tmp-fedcba9876543210", oracle.NOBODY, oracle.NOBODY)
        self.apply(*oracle.SET)
        self.assertEqual(oracle.temps(self.root), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
