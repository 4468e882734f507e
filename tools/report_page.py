#!/usr/bin/env python3
"""The page as one file: `tools/report_page.py ROOT OUTPUT` writes a template in which MARKER is to be replaced by a run's data.

The data is JSON, {"run", "series", "ledger"} as the API gives them, with every `<` written as \\u003c. Nothing is asked of any server:
style sheets and scripts stand in the file, and its own content security policy allows these and nothing else. web/README.md has the
rules that the modules keep so that this can stay a concatenation.
"""
import base64
import hashlib
import pathlib
import re
import sys

MARKER = "@SOAK_DATA@"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:class|function|const|let) (\w+)", re.MULTILINE)
CLASSIC = ("theme.js", "uplot.js")  # scripts before the modules


class BrokenRule(Exception):
    """A module that cannot be joined to the others."""


def page_files(root):
    """Path on the server → text, in the order of the list."""
    files = {}
    for line in (root / "web/page_files.txt").read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if words:
            files[words[0].lstrip("/")] = (root / words[1]).read_text(encoding="utf-8")
    return files


def joined_modules(modules):
    """One module of many: each after those that it imports, no name twice."""
    seen, owners, parts = set(), {}, []
    for name, text in modules.items():
        for imported in IMPORT.findall(text):
            if imported not in seen:
                raise BrokenRule(f"{name} imports {imported}, which does not stand before it in web/page_files.txt")
        for declared in DECLARATION.findall(text):
            if declared in owners:
                raise BrokenRule(f"{name} and {owners[declared]} both declare {declared}")
            owners[declared] = name
        body = re.sub(r"^export (?=class|function|async|const|let)", "", IMPORT.sub("", text), flags=re.MULTILINE)
        code = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
        if re.search(r"^\s*(import|export)\b|\bimport\(|\bimport\.meta\b", code, re.MULTILINE):
            raise BrokenRule(f"{name} has an import or an export of another form than `import {{…}} from \"./x.js\";`")
        seen.add(name)
        parts.append(body)
    return "\n".join(parts)


def source_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def template(root):
    files = page_files(root)
    page = files.pop("")
    styles = "\n".join(text for name, text in files.items() if name.endswith(".css"))
    classic = [files[name] for name in CLASSIC]
    modules = joined_modules({name: text for name, text in files.items() if name.endswith(".js") and name not in CLASSIC})
    for text in [*classic, modules]:
        if re.search(r"</script|<!--", text, re.IGNORECASE):
            raise BrokenRule("a script holds </script or <!--, which would end it early")
    scripts = " ".join(map(source_hash, [*classic, modules]))
    policy = f"default-src 'none'; script-src {scripts}; style-src {source_hash(styles)}; img-src data:"
    page = re.sub(r'<link rel="(stylesheet|modulepreload)"[^>]*>\n|<script [^>]*src=[^>]*></script>\n', "", page)
    head = f'<meta http-equiv="content-security-policy" content="{policy}">\n<script>{classic[0]}</script>\n<style>{styles}</style>\n'
    tail = f'<script type="application/json" id="soak-data">{MARKER}</script>\n<script>{classic[1]}</script>\n<script type="module">{modules}</script>\n'
    return page.replace("</head>", head + "</head>").replace("</body>", tail + "</body>")


def main():
    root, output = map(pathlib.Path, sys.argv[1:3])
    try:
        output.write_text(template(root), encoding="utf-8")
    except BrokenRule as broken:
        sys.exit(f"report_page.py: {broken}")


if __name__ == "__main__":
    main()
