"""A run as one HTML file and as plots."""
import os
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import run_case


class Report(run_case.RunCase):
    ITERATIONS = 8

    def test_page_is_one_file_that_asks_nobody_for_anything(self):
        self.soak("report", "--path", "run", "--out", "report.html")
        html = (self.root / "report.html").read_text()
        self.assertIn("default-src 'none'", html)
        for link in re.findall(r'(?:src|href)="([^"]*)"', html.split("<script")[0]):
            self.assertTrue(link.startswith("data:"), link)
        self.assertLess(len(html), 1_000_000)
        self.soak("report", "--path", "run", "--out", "again.html")
        self.assertEqual(html, (self.root / "again.html").read_text())

    def test_gate_writes_it_when_asked(self):
        self.soak("gate", "--path", "run", "--html", "gate.html", "--allow-unfrozen", expect=self.gate_code())
        self.assertIn("soak-data", (self.root / "gate.html").read_text())

    def gate_code(self):
        return subprocess.run([run_case.SOAK, "gate", "--path", "run", "--allow-unfrozen"], cwd=self.root, capture_output=True).returncode

    def test_plots_are_svg_of_each_kpi_and_parameter(self):
        self.soak("report", "--path", "run", "--plots", "plots")
        names = {path.name for path in (self.root / "plots").iterdir()}
        self.assertLessEqual({"kpi_net_bps.svg", "kpi_risk_ratio.svg", "parameter_min_interval_ms.svg"}, names)
        for name in names:
            self.assertTrue(xml.etree.ElementTree.parse(self.root / "plots" / name).getroot().tag.endswith("svg"))

    def test_plots_are_png_too_when_asked(self):
        if shutil.which("rsvg-convert") is None:
            self.skipTest("left out: rsvg-convert is not installed")
        self.soak("report", "--path", "run", "--plots", "png", "--png")
        picture = (self.root / "png" / "kpi_net_bps.png").read_bytes()
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(int.from_bytes(picture[16:20], "big"), 1920)

    def test_png_without_the_tool_says_what_to_install(self):
        done = self.soak("report", "--path", "run", "--plots", "none", "--png", expect=1, env={**os.environ, "PATH": "/nowhere"})
        self.assertIn("librsvg2-bin", done.stderr)

    def test_nothing_asked_for_is_a_usage_error(self):
        self.assertIn("--out FILE, or --plots DIR", self.soak("report", "--path", "run", expect=2).stderr)
        self.assertIn("--plots", self.soak("report", "--path", "run", "--out", "x", "--png", expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
