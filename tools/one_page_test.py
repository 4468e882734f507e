"""tools/one_page.py: what it joins, and what it refuses to join."""
import pathlib
import re
import tempfile
import unittest

import one_page

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Modules(unittest.TestCase):
    def test_joins_in_order_without_imports_and_exports(self):
        text = one_page.joined_modules({"a.js": "export const kOne = 1;\n", "b.js": 'import {kOne} from "./a.js";\nexport function two() { return kOne + 1; }\n'})
        self.assertEqual(text, "const kOne = 1;\n\nfunction two() { return kOne + 1; }\n")

    def refused(self, modules, why):
        with self.assertRaisesRegex(one_page.BrokenRule, why):
            one_page.joined_modules(modules)

    def test_refuses_what_it_cannot_join(self):
        self.refused({"a.js": "const x = 1;\n", "b.js": "function x() {}\n"}, "b.js and a.js both declare x")
        self.refused({"a.js": 'import {y} from "./b.js";\n', "b.js": "export const y = 1;\n"}, "does not stand before it")
        self.refused({"a.js": 'import y from "./b.js";\n'}, "another form")
        self.refused({"a.js": 'const y = await import("./b.js");\n'}, "another form")
        self.refused({"a.js": "export default 1;\n"}, "another form")

    def test_a_type_in_a_comment_is_no_import(self):
        self.assertIn("const z", one_page.joined_modules({"a.js": '/** @type {import("./types").Z} */\nconst z = 1;\n'}))


class Page(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "web").mkdir()
        self.write("page_files.txt", "# list\nindex.html web/index.html\napp.css web/app.css\n\ntheme.js web/theme.js\nuplot.js web/uplot.js\napp.js web/app.js  # last\n")
        self.write("index.html", '<html><head>\n<script src="theme.js"></script>\n<link rel="stylesheet" href="app.css">\n</head><body>\n<script src="app.js" type="module"></script>\n</body></html>')
        for name in ("theme.js", "uplot.js", "app.js"):
            self.write(name, f"const {name[:-3]} = 1;\n")
        self.write("app.css", "body { margin: 0 }\n")

    def write(self, name, text):
        (self.root / "web" / name).write_text(text)

    def test_one_file_that_refers_to_no_other(self):
        page = one_page.report_template(self.root)
        self.assertNotRegex(page, r"<link|src=")
        self.assertEqual(page.count(one_page.MARKER), 1)
        self.assertIn(one_page.source_hash("body { margin: 0 }\n"), page)
        order = [page.index(text) for text in ("const theme", one_page.MARKER, "const uplot", "const app")]
        self.assertEqual(order, sorted(order))

    def test_the_live_page_has_no_data_and_its_policy_names_its_own_scripts_alone(self):
        page, policy = one_page.live_page(self.root)
        self.assertNotRegex(page, r"<link|src=|soak-data|http-equiv")
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
        self.assertEqual(len(scripts), 3)
        self.assertIn("script-src " + " ".join(map(one_page.source_hash, scripts)) + ";", policy)

    def test_names_a_wrong_line_of_the_list(self):
        for text in "index.html", "index.html a b", "a.js a.js\na.js b.js":
            self.write("page_files.txt", text)
            with self.assertRaisesRegex(one_page.BrokenRule, r"page_files.txt:\d: "):
                one_page.page_list(self.root)

    def test_refuses_a_script_that_would_end_early(self):
        self.write("app.js", 'const end = "</script>";\n')
        with self.assertRaisesRegex(one_page.BrokenRule, "end it early"):
            one_page.report_template(self.root)


class ThisPage(unittest.TestCase):
    def test_its_own_modules_can_be_joined(self):
        modules = {name: text for name, text in one_page.page_files(ROOT).items() if name.endswith(".js") and name not in one_page.CLASSIC}
        joined = one_page.joined_modules(modules)
        self.assertIsNone(re.search(r"^export\b", joined, re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
