#!/usr/bin/env python3
"""Makes a C++ source of the page and docs/openapi.json: `tools/embed_page.py ROOT OUT.cc [DEPFILE]`, which defines what src/serve/page.h declares.

one_page.py makes one file of what web/page_files.txt lists, sources from ROOT. Same files, same bytes. What is missing is an error that
names it. DEPFILE tells the build which files it was made of.
"""
import gzip
import hashlib
import pathlib
import sys

import one_page

OPENAPI = "docs/openapi.json"
BYTES_A_LINE = 40


def byte_array(name, data):
    lines = [",".join(str(byte) for byte in data[k:k + BYTES_A_LINE]) for k in range(0, len(data), BYTES_A_LINE)]
    return f"constexpr unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def page_file(name, content_type, content):
    etag = hashlib.sha256(content).hexdigest()[:32]
    return f'{{"{content_type}", "W/\\"{etag}\\"", text({name})}}'


def source_text(root):
    """The C++ text, and the files that it was made of."""
    page, policy = one_page.live_page(root)
    openapi = (root / OPENAPI).read_bytes()
    contents = {"kPage": page.encode(), "kReport": one_page.report_template(root).encode(), "kOpenApi": openapi}
    arrays = "".join(byte_array(name, gzip.compress(content, 9, mtime=0)) for name, content in contents.items())
    text = ('// Made by tools/embed_page.py; not for editing.\n#include "serve/page.h"\n\n#include <cstddef>\n\nnamespace soak::serve {\nnamespace {\n\n'
            "template <std::size_t kSize>\nstd::string_view text(const unsigned char (&bytes)[kSize]) {\n"
            "  return {reinterpret_cast<const char*>(bytes), kSize};\n}\n" + arrays + "\n}  // namespace\n\n"
            f"const PageFile& page_file() {{\n  static const PageFile file{page_file('kPage', 'text/html; charset=utf-8', page.encode())};\n  return file;\n}}\n"
            f"std::string_view page_policy() {{\n  return \"{policy}\";\n}}\n"
            "std::string_view report_template_gzip() {\n  return text(kReport);\n}\n"
            f"const PageFile& openapi_file() {{\n  static const PageFile file{page_file('kOpenApi', 'application/json', openapi)};\n  return file;\n}}\n\n}}  // namespace soak::serve\n")
    return text, [one_page.LIST, OPENAPI] + [source for _, source in one_page.page_list(root)]


def main():
    root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    try:
        text, sources = source_text(root)
    except (OSError, one_page.BrokenRule) as error:
        hint = "; run `npm ci` in web/" if "node_modules" in str(error) else ""
        print(f"embed_page.py: {error}{hint}", file=sys.stderr)
        return 1
    out.write_text(text, encoding="utf-8")
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[3]).write_text(f"{out}: " + " ".join(str(root / source) for source in sources) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
