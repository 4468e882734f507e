"""`soak run` killed, or asked to stop, at random moments, and resumed until it is done: as if nothing had happened.

SOAK_FAULT_LONG=1: 240 kills and 120 signals instead of 40 and 16.
"""
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import injection
import run_scene as scenes

KILLS = 240 if injection.LONG else 40
SIGNALS = 120 if injection.LONG else 16
LIVES_MAX = 60  # of one run: a run that gets nowhere fails the test
SCENE = scenes.Tuned()


class Interrupted(unittest.TestCase):
    def setUp(self):
        self.whole = scenes.uninterrupted(SCENE)
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as root:
            SCENE.prepare(pathlib.Path(root))
            self.assertEqual(scenes.run(SCENE.command(), root).returncode, 0)
        self.length_s = time.monotonic() - began

    def live(self, root, signal_number, after_s):
        """One life of the run, ended after a while; its exit code and what it said."""
        process = subprocess.Popen(SCENE.command("--resume"), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        try:
            out, err = process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal_number)
            out, err = process.communicate(timeout=60)
        return injection.Outcome(process.returncode, out, err, [])

    def one_run(self, rng, ends, judge):
        """Interrupts a run again and again until it gets to its end; returns how often it was."""
        root = pathlib.Path(tempfile.mkdtemp(prefix="soak-killed-"))
        try:
            SCENE.prepare(root)
            for interrupted in range(LIVES_MAX):
                signal_number = rng.choice(ends)
                outcome = self.live(root, signal_number, rng.uniform(0, self.length_s / 2))
                self.assertEqual(scenes.judge_left(SCENE, root, outcome), [], outcome)
                if outcome.code == 0:
                    break
                judge(outcome, signal_number)
            self.assertEqual(scenes.judge_resumed(SCENE, root), [])
            kept = scenes.records(scenes.journal_of(root).read_bytes())
            self.assertEqual([record["seq"] for record in kept], list(range(1, len(kept) + 1)))
            self.assertEqual(scenes.iterations_in(scenes.journal_of(root).read_bytes()), list(range(1, 41)))
            return interrupted
        finally:
            shutil.rmtree(root)

    def until(self, count, ends, judge):
        rng = random.Random(count)
        interrupted = runs = 0
        while interrupted < count:
            interrupted += self.one_run(rng, ends, judge)
            runs += 1
            self.assertLess(runs, count)
        print(f"{interrupted} interruptions in {runs} runs", flush=True)

    def test_killed_again_and_again_it_ends_with_the_uninterrupted_bytes(self):
        def judge(outcome, _):
            self.assertEqual(outcome.code, -signal.SIGKILL, outcome)
        self.until(KILLS, [signal.SIGKILL], judge)

    def test_asked_to_stop_it_exits_130_fit_for_resume(self):
        def judge(outcome, signal_number):
            self.assertIn(outcome.code, (130, -signal_number), outcome)  # the latter: before the program could listen
            if outcome.code == 130:
                self.assertIn("interrupted; go on with --resume", outcome.stdout)
        self.until(SIGNALS, [signal.SIGINT, signal.SIGTERM], judge)

    def test_second_signal_ends_it_at_once_and_costs_nothing(self):
        root = pathlib.Path(tempfile.mkdtemp(prefix="soak-killed-"))
        self.addCleanup(shutil.rmtree, root)
        SCENE.prepare(root)
        process = subprocess.Popen(SCENE.command(), cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        process.stderr.readline()  # the first iteration is told
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        self.assertIn(process.returncode, (130, -signal.SIGINT, 0))
        self.assertEqual(scenes.judge_journal(self.whole, root, err), [])
        self.assertEqual(scenes.judge_resumed(SCENE, root), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
