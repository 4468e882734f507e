"""A run of many iterations costs at its end what it cost at its start: memory, processor time, descriptors, files in its folder."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

SOAK = os.environ["SOAK_PROGRAM"]
LONG = bool(os.environ.get("SOAK_FAULT_LONG"))
ITERATIONS = 100_000 if LONG else 4_000
KEPT = 10_000 if LONG else 400
LOOKS = 5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Sample:
    """What the process costs at this moment."""

    def __init__(self, pid, iteration):
        process = pathlib.Path(f"/proc/{pid}")
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        self.iteration = iteration
        self.processor_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        self.resident_bytes = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.descriptors = min(self.open_files(process) for _ in range(LOOKS))  # without what is open for a moment

    @staticmethod
    def open_files(process):
        time.sleep(0.001)
        return len(os.listdir(process / "fd"))

    def per_iteration_ms(self, earlier):
        return 1000 * (self.processor_s - earlier.processor_s) / (self.iteration - earlier.iteration)


class LongRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="soak-long-")
        cls.folder = pathlib.Path(cls.place.name) / "run"
        command = [SOAK, "run", "--mock", "--auto-tune", "--iterations", str(ITERATIONS), "--iteration-s", "10",
                   "--keep-summaries", str(KEPT), "--out", str(cls.folder)]
        cls.samples = []
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                progress = re.match(r"\[(\d+)/", line)
                if progress and int(progress[1]) % (ITERATIONS // 20) == 0 and int(progress[1]) < ITERATIONS:
                    cls.samples.append(Sample(process.pid, int(progress[1])))
        cls.exit_code = process.returncode

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def test_it_finishes_and_every_iteration_is_in_the_journal(self):
        self.assertEqual(self.exit_code, 0)
        journal = (self.folder / "journal.jsonl").read_text()
        self.assertEqual(journal.count('"type":"iteration"'), ITERATIONS)

    def test_memory_stays_within_a_tenth(self):
        early, late = self.samples[1], max(self.samples[2:], key=lambda sample: sample.resident_bytes)
        self.assertLess(late.resident_bytes, 1.1 * early.resident_bytes, f"after {late.iteration} iterations")

    def test_an_iteration_takes_the_time_that_it_took(self):
        # Fifths, not single samples: the machine has other things to do, and the report is written at growing distances.
        early = self.samples[5].per_iteration_ms(self.samples[1])
        late = self.samples[-1].per_iteration_ms(self.samples[-5])
        print(f"{ITERATIONS} iterations: {early:.3f} ms of processor time each at first, {late:.3f} ms at the end; "
              f"{self.samples[1].resident_bytes >> 10} KiB resident at first, {self.samples[-1].resident_bytes >> 10} KiB at the end")
        self.assertLess(late, 1.2 * early)

    def test_no_descriptor_is_left_open(self):
        self.assertEqual({sample.descriptors for sample in self.samples}, {self.samples[0].descriptors})

    def test_the_folder_holds_the_newest_summaries_and_little_else(self):
        names = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(sum(name.startswith("ITER_SUMMARY_") for name in names), KEPT)
        self.assertLess(len(names), KEPT + 20)

    def test_verify_gate_and_fsck_still_see_the_whole_run(self):
        def told(command):
            done = subprocess.run([SOAK, command, "--path", str(self.folder), "--json"], capture_output=True, text=True)
            return done.returncode, json.loads(done.stdout)
        with open(self.folder / "journal.jsonl") as journal:
            records = (json.loads(line)["record"] for line in journal)
            proposed = sum(bool(record["body"]["tuning"]["proposed_deltas"]) for record in records if record["type"] == "iteration")
        self.assertGreater(proposed, KEPT // 10)
        code, verified = told("verify")
        self.assertEqual((code, verified["proposed_count"]), (0, proposed))
        checks = {check["name"]: check for check in told("gate")[1]["checks"]}
        self.assertEqual((checks["run_length"]["measured"], checks["run_length"]["status"]), (ITERATIONS, "passed"))
        code, found = told("fsck")
        self.assertEqual((code, found["iterations"], found["sound"]), (0, ITERATIONS, True))


if __name__ == "__main__":
    unittest.main()
