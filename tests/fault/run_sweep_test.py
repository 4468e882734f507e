"""`soak run` killed at every system call that leaves a trace, and given errors at every call that can fail: `--resume` ends each time
with the bytes of a run that nothing happened to.

The calls are those of a clean run of the same scene. SOAK_FAULT_LONG=1: every call, every error, and more scenes.
"""
import concurrent.futures
import random
import re
import unittest

import injection
import run_scene as scenes

SCENES = [scenes.Scene(), scenes.BrokenOff()] + ([scenes.Elsewhere(), scenes.Tidied()] if injection.LONG else [])
TRACES = re.compile(r"open|write|sync|rename|truncate|link|mkdir|chown|chmod|close|flock")
PAIRS = 400 if injection.LONG else 40


def kill_points(lines):
    of_loader = injection.occurrences(lines[:injection.program_from(lines, "start.json")])
    return [point for point in injection.kill_points(lines)
            if injection.LONG or (TRACES.search(point.call) and point.occurrence > of_loader[point.call])]


def error_points(lines):
    """All of them, or of each call's occurrences one error in turn."""
    of_loader = injection.occurrences(lines[:injection.program_from(lines, "start.json")])
    points = injection.error_points(lines, injection.program_from(lines, "start.json"))
    if injection.LONG:
        return points
    return injection.one_in_turn(point for point in points if point.occurrence > of_loader[point.call])


class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        injection.strace_or_skip()
        cls.calls = {scene.name: injection.calls_of(scene) for scene in SCENES}
        for scene in SCENES:
            scenes.uninterrupted(scene)

    def sweep(self, points):
        """Every (scene, fault...) in turn, each fault in a run of its own that resumes the one before."""
        def one(point):
            scene, *faults = point
            def disturb(command, cwd):
                proven = True
                for number, fault in enumerate(faults):
                    outcome = injection.inject(command if number == 0 else scene.command("--resume"), cwd, fault)
                    between.extend(injection.unasked_death(outcome, fault) + scenes.judge_left(scene, cwd, outcome))
                    proven = proven and outcome.proven
                outcome.proven = proven
                return outcome
            def attempt():
                between.clear()
                outcome, wrong = scenes.judge_point(scene, disturb)
                return outcome, between + wrong
            between = []
            outcome, wrong = injection.until_proven(attempt)
            return outcome.proven, [f"{scene.name}, {' then '.join(map(str, faults))}: {w} (exit {outcome.code})" for w in wrong]
        with concurrent.futures.ThreadPoolExecutor(injection.WORKERS) as pool:
            results = list(pool.map(one, points))
        wrong = [w for _, found in results for w in found]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(points)} points")
        return [point for point, (proven, _) in zip(points, results) if not proven]

    def test_kill_at_every_call_and_resume_leaves_the_uninterrupted_bytes(self):
        points = [(scene, fault) for scene in SCENES for fault in kill_points(self.calls[scene.name])]
        self.assertEqual(self.sweep(points), [], "the kill never happened")
        print(f"{len(points)} kills proven", flush=True)
        self.assertGreaterEqual(len(points), 150 * len(SCENES))

    def test_kill_of_the_resumed_run_too_leaves_the_uninterrupted_bytes(self):
        rng = random.Random(6)
        kills = kill_points(self.calls[SCENES[0].name])
        points = [(SCENES[0], *rng.sample(kills, 2)) for _ in range(PAIRS)]
        missed = self.sweep(points)  # a run that has less left to do makes fewer calls: its kill may have no place
        print(f"{len(points) - len(missed)} double kills proven", flush=True)
        self.assertGreaterEqual(len(points) - len(missed), PAIRS // 3)

    def test_every_error_is_told_and_resume_leaves_the_uninterrupted_bytes(self):
        points = [(scene, fault) for scene in SCENES for fault in error_points(self.calls[scene.name])]
        self.assertEqual(self.sweep(points), [], "the error never happened")
        print(f"{len(points)} errors proven", flush=True)
        self.assertGreaterEqual(len(points), 150 * len(SCENES))


if __name__ == "__main__":
    unittest.main(verbosity=2)
