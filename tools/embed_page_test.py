import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import embed_page
import one_page


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
        self.write_list("index.html web/index.html\ntheme.js web/theme.js\nuplot.js web/uplot.js\n")
        text, sources = embed_page.source_text(self.root)
        self.assertEqual((text, sources), embed_page.source_text(self.root))
        self.assertEqual(sources, ["web/page_files.txt", "docs/openapi.json", "web/index.html", "web/theme.js", "web/uplot.js"])
        array = re.search(r"kPage\[\] = \{\n([\d,\n]+)\}", text).group(1)
        self.assertEqual(gzip.decompress(bytes(int(byte) for byte in array.replace("\n", "").split(","))).decode(), one_page.live_page(self.root)[0])

    def test_missing_source_is_named_with_what_to_do(self):
        self.write_list("index.html web/index.html\nu.js web/node_modules/u/u.js\n")
        done = subprocess.run([sys.executable, embed_page.__file__, self.root, self.root / "out.cc"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^embed_page.py: .*No such file.*web/node_modules/u/u.js.*npm ci")


if __name__ == "__main__":
    unittest.main()
