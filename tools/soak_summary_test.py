"""What ./dev soak says at its end, and that it never makes up a figure."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import soak_summary  # noqa: E402

FILES = {
    "POST_SOAK_SNAPSHOT.json": '{"verdict": "PASS", "pass_count_last8": 7}',
    "TUNING_REPORT.json": '{"iterations": [], "summary": {"count": 24}}',
    "POST_SOAK_METRICS.prom": "# TYPE soak_kpi_net_bps_mean gauge\nsoak_kpi_net_bps_mean 3.25\nsoak_delta_full_apply_ratio 0.975\n",
}


class SoakSummaryTest(unittest.TestCase):
    def lines(self, files, gate_exit=0):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
            return soak_summary.summary(pathlib.Path(folder), gate_exit, "dev.log")

    def test_is_five_lines_with_the_figures_of_the_artifacts(self):
        lines = self.lines(FILES)
        self.assertEqual(len(lines), 5)
        for line, word in zip(lines, ("24 iterations", "ratio 0.975", "net 3.25 bps", "PASSED, verdict PASS", "dev.log")):
            self.assertIn(word, line)

    def test_a_figure_that_is_missing_is_a_question_mark(self):
        self.assertIn("ratio ?", self.lines({})[1])

    def test_torn_artifacts_are_no_figures(self):
        self.assertIn("verdict ?", self.lines({**FILES, "POST_SOAK_SNAPSHOT.json": '{"verdict": "PA'})[3])

    def test_a_failed_gate_is_said(self):
        self.assertIn("FAILED", self.lines(FILES, gate_exit=1)[3])


if __name__ == "__main__":
    unittest.main()
