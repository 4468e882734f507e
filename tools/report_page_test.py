"""tools/report_page.py: what it joins, and what it refuses to join."""
import pathlib
import re
import tempfile
import unittest

import report_page

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Modules(unittest.TestCase):
    def test_joins_in_order_without_imports_and_exports(self):
        text = report_page.joined_modules({"a.js": "export const kOne = 1;\n", "b.js": 'import {kOne} from "./a.js";\nexport function two() { return kOne + 1; }\n'})
        self.assertEqual(text, "const kOne = 1;\n\nfunction two() { return kOne + 1; }\n")

    def refused(self, modules, why):
        with self.assertRaisesRegex(report_page.BrokenRule, why):
            report_page.joined_modules(modules)

    def test_refuses_what_it_cannot_join(self):
        self.refused({"a.js": "const x = 1;\n", "b.js": "function x() {}\n"}, "b.js and a.js both declare x")
        self.refused({"a.js": 'import {y} from "./b.js";\n', "b.js": "export const y = 1;\n"}, "does not stand before it")
        self.refused({"a.js": 'import y from "./b.js";\n'}, "another form")
        self.refused({"a.js": 'const y = await import("./b.js");\n'}, "another form")
        self.refused({"a.js": "export default 1;\n"}, "another form")

    def test_a_type_in_a_comment_is_no_import(self):
        self.assertIn("const z", report_page.joined_modules({"a.js": '/** @type {import("./types").Z} */\nconst z = 1;\n'}))


class Template(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "web").mkdir()
        self.write("page_files.txt", "/ web/index.html\n/app.css web/app.css\n/theme.js web/theme.js\n/uplot.js web/uplot.js\n/app.js web/app.js  # last\n")
        self.write("index.html", '<html><head>\n<script src="theme.js"></script>\n<link rel="stylesheet" href="app.css">\n</head><body>\n<script src="app.js" type="module"></script>\n</body></html>')
        for name in ("theme.js", "uplot.js", "app.js"):
            self.write(name, f"const {name[:-3]} = 1;\n")
        self.write("app.css", "body { margin: 0 }\n")

    def write(self, name, text):
        (self.root / "web" / name).write_text(text)

    def test_one_file_that_refers_to_no_other(self):
        page = report_page.template(self.root)
        self.assertNotRegex(page, r"<link|src=")
        self.assertEqual(page.count(report_page.MARKER), 1)
        self.assertIn(report_page.source_hash("body { margin: 0 }\n"), page)
        order = [page.index(text) for text in ("const theme", report_page.MARKER, "const uplot", "const app")]
        self.assertEqual(order, sorted(order))

    def test_refuses_a_script_that_would_end_early(self):
        self.write("app.js", 'const end = "</script>";\n')
        with self.assertRaisesRegex(report_page.BrokenRule, "end it early"):
            report_page.template(self.root)


class ThisPage(unittest.TestCase):
    def test_its_own_modules_can_be_joined(self):
        files = [line.split() for line in (ROOT / "web/page_files.txt").read_text().splitlines() if not line.startswith("#")]
        modules = {path[1:]: (ROOT / source).read_text() for path, source in files if path.endswith(".js") and path[1:] not in report_page.CLASSIC}
        joined = report_page.joined_modules(modules)
        self.assertIsNone(re.search(r"^export\b", joined, re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
