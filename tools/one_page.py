#!/usr/bin/env python3
"""The page as one file, for the server and for a report. `tools/one_page.py ROOT OUTPUT` writes a report's template, in which MARKER is to be replaced by a run's data.

The data is JSON, {"run", "series", "ledger"} as the API gives them, with every `<` written as \\u003c. Style sheets and scripts stand in the
file: one request, and a report asks nothing of any server. The content security policy allows these, by their hashes, and no others.
web/README.md has the rules that the modules keep so that this can stay a concatenation.
"""
import base64
import hashlib
import pathlib
import re
import sys

LIST = "web/page_files.txt"
MARKER = "@SOAK_DATA@"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:class|function|const|let) (\w+)", re.MULTILINE)
CLASSIC = ("theme.js", "uplot.js")  # no modules: the one before anything is painted, the other before the modules


class BrokenRule(Exception):
    """A module that cannot be joined to the others."""


def page_list(root):
    """[(name in the page, source path)] in the list's order."""
    found = []
    for number, line in enumerate((root / LIST).read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#")[0].split()
        if len(words) not in (0, 2) or words and words[0] in dict(found):
            raise BrokenRule(f"{LIST}:{number}: not a new name and its source")
        if words:
            found.append((words[0], words[1]))
    return found


def page_files(root):
    """Name in the page → text, in the order of the list."""
    return {name: (root / source).read_text(encoding="utf-8") for name, source in page_list(root)}


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


def run_when_asked_for(library):
    """uPlot takes longer to set up than a page without a chart takes to draw."""
    return f'''Object.defineProperty(globalThis, "uPlot", {{configurable: true, get() {{
{library}
Object.defineProperty(globalThis, "uPlot", {{value: uPlot}});
return uPlot;
}}}});'''


def joined(root):
    """The page without references, with its data's place where `data` is, and the policy's part on scripts and styles."""
    files = page_files(root)
    page = files.pop("index.html")
    styles = "\n".join(text for name, text in files.items() if name.endswith(".css"))
    classic = [files["theme.js"], run_when_asked_for(files["uplot.js"])]
    modules = joined_modules({name: text for name, text in files.items() if name.endswith(".js") and name not in CLASSIC})
    for text in [*classic, modules]:
        if re.search(r"</script|<!--", text, re.IGNORECASE):
            raise BrokenRule("a script holds </script or <!--, which would end it early")
    page = re.sub(r'<link rel="stylesheet"[^>]*>\n|<script [^>]*src=[^>]*></script>\n', "", page)
    head = f"<script>{classic[0]}</script>\n<style>{styles}</style>\n"
    tail = f'<script>{classic[1]}</script>\n<script type="module">{modules}</script>\n'
    scripts = " ".join(map(source_hash, [*classic, modules]))
    return page.replace("</head>", head + "</head>").replace("</body>", tail + "</body>"), f"default-src 'none'; script-src {scripts}; style-src {source_hash(styles)}; img-src data:"


def live_page(root):
    """The page, and the content security policy that it is to be served with."""
    page, policy = joined(root)
    return page, policy + "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def report_template(root):
    page, policy = joined(root)
    data = f'<script type="application/json" id="soak-data">{MARKER}</script>\n'
    page = page.replace("<script>", f'<meta http-equiv="content-security-policy" content="{policy}">\n<script>', 1)
    return page.replace("<script>Object.defineProperty", data + "<script>Object.defineProperty", 1)


def main():
    root, output = map(pathlib.Path, sys.argv[1:3])
    try:
        output.write_text(report_template(root), encoding="utf-8")
    except BrokenRule as broken:
        sys.exit(f"one_page.py: {broken}")


if __name__ == "__main__":
    main()
