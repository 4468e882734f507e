import gzip
import pathlib
import re
import tempfile
import unittest

import embed_page


class PageList(unittest.TestCase):
    def test_lines_comments_and_order(self):
        self.assertEqual(embed_page.page_list("# list\n/ web/a.html # the page\n\n/b.js web/b.js\n"), [("/", "web/a.html"), ("/b.js", "web/b.js")])

    def test_wrong_lines_are_named(self):
        for text in "x web/a.html", "/", "/ a b", "/ a.html\n/ b.html":
            with self.assertRaisesRegex(ValueError, r"page_files.txt:\d+: "):
                embed_page.page_list(text)

    def test_unknown_type_is_named(self):
        with self.assertRaisesRegex(ValueError, "a.exe"):
            embed_page.content_type("a.exe")


class Source(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        (self.root / "web").mkdir()
        (self.root / "docs").mkdir()
        (self.root / "docs/openapi.json").write_text("{}")
        (self.root / "web/index.html").write_text("<p>page</p>")
        for script in ("theme.js", "uplot.js"):  # what the page as one file begins with
            (self.root / "web" / script).write_text("")

    def write_list(self, text):
        (self.root / "web/page_files.txt").write_text(text)

    def test_same_files_give_the_same_source_with_their_bytes(self):
        self.write_list("/ web/index.html\n/theme.js web/theme.js\n/uplot.js web/uplot.js\n")
        text, sources = embed_page.source_text(self.root)
        self.assertEqual((text, sources), embed_page.source_text(self.root))
        self.assertEqual(sources, ["web/page_files.txt", "docs/openapi.json", "web/index.html", "web/theme.js", "web/uplot.js"])
        array = re.search(r"kFile0\[\] = \{\n([\d,\n]+)\}", text).group(1)
        self.assertEqual(gzip.decompress(bytes(int(byte) for byte in array.replace("\n", "").split(","))), b"<p>page</p>")

    def test_missing_source_is_named_with_what_to_do(self):
        self.write_list("/ web/index.html\n/u.js web/node_modules/u/u.js\n")
        with self.assertRaisesRegex(ValueError, r"web/node_modules/u/u.js: No such file.*npm ci"):
            embed_page.source_text(self.root)


if __name__ == "__main__":
    unittest.main()
