#!/usr/bin/env python3
"""Makes a C++ source of the page's files: `tools/embed_page.py ROOT OUT.cc [DEPFILE]`, which defines what src/serve/page.h declares: the files, and the page as one file (report_page.py).

web/page_files.txt lists them, "URL-path source-path" a line, sources from ROOT; "#" begins a comment. Same files, same bytes. What is
missing is an error that names it. DEPFILE tells the build which files it was made of.
"""
import gzip
import hashlib
import pathlib
import sys

import report_page

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".json": "application/json", ".png": "image/png", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8"}
LIST = "web/page_files.txt"
OPENAPI = "docs/openapi.json"
BYTES_A_LINE = 40


def page_list(text):
    """[(URL path, source path)] in the list's order."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not words[0].startswith("/"):
            raise ValueError(f"{LIST}:{number}: not \"/url-path source-path\"")
        if words[0] in dict(found):
            raise ValueError(f"{LIST}:{number}: {words[0]} is listed twice")
        found.append((words[0], words[1]))
    return found


def content_type(source):
    suffix = pathlib.PurePath(source).suffix
    if suffix not in TYPES:
        raise ValueError(f"{source}: no content type is known for \"{suffix}\"")
    return TYPES[suffix]


def byte_array(name, data):
    lines = [",".join(str(byte) for byte in data[k:k + BYTES_A_LINE]) for k in range(0, len(data), BYTES_A_LINE)]
    return f"constexpr unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def page_file(path, name, source, content):
    etag = hashlib.sha256(content).hexdigest()[:32]
    return f'{{"{path}", "{content_type(source)}", "W/\\"{etag}\\"", text({name})}}'


def source_text(root):
    """The C++ text, and the files that it was made of."""
    files = page_list((root / LIST).read_text(encoding="utf-8"))
    arrays, entries = [], []
    for k, (path, source) in enumerate([*files, ("", OPENAPI)]):
        try:
            content = (root / source).read_bytes()
        except OSError as error:
            hint = "; run `npm ci` in web/" if "node_modules" in source else ""
            raise ValueError(f"{source}: {error.strerror}{hint}") from error
        arrays.append(byte_array(f"kFile{k}", gzip.compress(content, 9, mtime=0)))
        entries.append(page_file(path, f"kFile{k}", source, content))
    arrays.append(byte_array("kReport", gzip.compress(report_page.template(root).encode(), 9, mtime=0)))
    text = ('// Made by tools/embed_page.py; not for editing.\n#include "serve/page.h"\n\n#include <cstddef>\n\nnamespace soak::serve {\nnamespace {\n\n'
            "template <std::size_t kSize>\nstd::string_view text(const unsigned char (&bytes)[kSize]) {\n"
            "  return {reinterpret_cast<const char*>(bytes), kSize};\n}\n" + "".join(arrays) + "\n}  // namespace\n\n"
            "std::span<const PageFile> page_files() {\n  static const PageFile files[] = {" + ",\n".join(entries[:-1]) + "};\n  return files;\n}\n\n"
            "std::string_view report_template_gzip() {\n  return text(kReport);\n}\n\n"
            f"const PageFile& openapi_file() {{\n  static const PageFile file{entries[-1]};\n  return file;\n}}\n\n}}  // namespace soak::serve\n")
    return text, [LIST, OPENAPI] + [source for _, source in files]


def main():
    root, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    try:
        text, sources = source_text(root)
    except (OSError, ValueError, report_page.BrokenRule) as error:
        print(f"embed_page.py: {error}", file=sys.stderr)
        return 1
    out.write_text(text, encoding="utf-8")
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[3]).write_text(f"{out}: " + " ".join(str(root / source) for source in sources) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
