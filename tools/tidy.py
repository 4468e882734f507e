#!/usr/bin/env python3
"""Lint that is one of the tests: `tools/tidy.py [ROOT]` prints one line a finding and exits 1 if there is any.

Checked: arrows between rooms (undeclared includes, a room that uses one above it), functions over 70 lines, files over 400,
headers without `#pragma once`, links in Markdown that point nowhere, error codes that no test mentions, ctest labels that nobody
knows. Nothing is skipped in silence: a source whose braces cannot be followed is itself a finding.
"""
import ast
import pathlib
import re
import sys

import cpp_functions

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
LABELS = {"quick", "e2e", "fault", "golden", "slow"}
CPP_FOLDERS = ("src", "include", "tests", "bench", "fuzz")
PYTHON_FOLDERS = ("tools", "tests", "bench", "packaging")
SKIPPED_FOLDERS = {"build", "artifacts", ".git", ".cache", "__pycache__", "node_modules"}
FREE_ROOM = "base"  # lies under every room and is not listed


def files_in(root, folders, suffixes):
    found = []
    for folder in folders:
        found += [p for p in (root / folder).rglob("*") if p.suffix in suffixes and p.is_file()
                  and not SKIPPED_FOLDERS & set(p.relative_to(root).parts)]
    return sorted(found)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def without_comments(cmake_text):
    return re.sub(r"#.*", "", cmake_text)


# ---- rooms ----------------------------------------------------------------------------------------------------------------

def declared_rooms(root):
    """Room → the rooms that it may include, from the soak_room(... USES ...) lines."""
    rooms = {}
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        for body in re.findall(r"soak_room\(([^)]*)\)", without_comments(read(path))):
            name, *rest = body.split()
            uses, reading = set(), False
            for word in rest:
                if word in ("USES", "LIBS"):
                    reading = word == "USES"
                elif reading:
                    uses.add(word)
            rooms[name] = uses
    return rooms


def room_order(root):
    """The rooms, lowest first, from the list that the top CMakeLists.txt builds them in."""
    top = root / "CMakeLists.txt"
    listed = re.search(r"foreach\(room ([^)]*)\)", without_comments(read(top))) if top.exists() else None
    return listed.group(1).split() if listed else []


def check_declarations(root, rooms, order):
    """A declared arrow must point downwards, so that no circle can ever be declared."""
    if not order:
        yield "CMakeLists.txt: no `foreach(room ...)` list, lowest first: the order of the rooms is unknown"
        return
    for room, uses in rooms.items():
        where = f"src/{room}/CMakeLists.txt"
        if room not in order:
            yield f"{where}: room {room} is not in the list of rooms in CMakeLists.txt"
            continue
        for used in sorted(uses):
            if used not in rooms:
                yield f"{where}: room {room} uses {used}, which is no room"
            elif used in order and order.index(used) >= order.index(room):
                yield f"{where}: room {room} uses {used}, which does not lie below it"


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def check_includes(root, rooms):
    for path in files_in(root, ("src", "include"), (".h", ".cc")):
        where = path.relative_to(root)
        room = where.parts[1] if where.parts[0] == "src" else None
        allowed = rooms.get(room, set()) | {room, FREE_ROOM} if room else set()
        if room and room not in rooms:
            yield f"{where}: src/{room} declares no room (soak_room in its CMakeLists.txt)"
            continue
        text = cpp_functions.blank_comments(read(path))
        for match in INCLUDE.finditer(text):
            quote, included = match.groups()
            target = included.split("/")[0]
            line = text[:match.start(2)].count("\n") + 1
            if target in rooms and "/" in included:
                if target not in allowed:
                    yield f"{where}:{line}: includes {included}, but {room or 'include/soak'} does not declare {target}"
            elif quote == '"' and not (path.parent / included).exists():
                yield f"{where}:{line}: includes {included}, which is in no room"


# ---- sizes ----------------------------------------------------------------------------------------------------------------

def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def check_sizes(root):
    cpp = files_in(root, CPP_FOLDERS, (".h", ".cc", ".cpp"))
    for path in cpp + files_in(root, PYTHON_FOLDERS, (".py",)):
        where, text = path.relative_to(root), read(path)
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines > FILE_LINES_MAX:
            yield f"{where}: {lines} lines, at most {FILE_LINES_MAX}"
        try:
            functions = list(python_functions(text) if path.suffix == ".py" else cpp_functions.functions(text))
        except (SyntaxError, cpp_functions.Unbalanced) as error:
            yield f"{where}: cannot be followed: {error}"
            continue
        for name, first, last in functions:
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield f"{where}:{first}: {name} has {last - first + 1} lines, at most {FUNCTION_LINES_MAX}"


def check_pragma_once(root):
    for path in files_in(root, CPP_FOLDERS, (".h",)):
        if not re.search(r"^#pragma once$", read(path), re.MULTILINE):
            yield f"{path.relative_to(root)}: no #pragma once"


# ---- documents, error codes, labels ---------------------------------------------------------------------------------------

def anchors(markdown):
    """The anchors that a web view gives to the headings."""
    for heading in re.findall(r"^#{1,6}\s+(.*)$", markdown, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        yield re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def check_links(root):
    for path in files_in(root, (".",), (".md",)):
        prose = re.sub(r"^(```|~~~).*?^\1", "", read(path), flags=re.MULTILINE | re.DOTALL)
        prose = re.sub(r"`[^`\n]*`", "", prose)
        for target in re.findall(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", prose):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue  # another site: no test of ours reaches out
            name, _, anchor = target.partition("#")
            linked = path.parent / name if name else path
            if not linked.exists():
                yield f"{path.relative_to(root)}: link to {target}, which does not exist"
            elif anchor and linked.suffix == ".md" and anchor not in anchors(read(linked)):
                yield f"{path.relative_to(root)}: link to {target}, which has no such heading"


def check_error_codes(root):
    header = root / "include/soak/result.h"
    found = re.search(r"enum class ErrorCode\s*\{(.*?)\}", read(header), re.DOTALL) if header.exists() else None
    if not found:
        yield "include/soak/result.h: no enum class ErrorCode: the error codes are unknown"
        return
    tests = "".join(read(p) for p in files_in(root, ("src", "tests"), (".cc",)) if p.name.endswith("_test.cc"))
    for code in re.findall(r"\bk\w+", re.sub(r"//.*", "", found.group(1))):
        if not re.search(rf"\b{code}\b", tests):
            yield f"include/soak/result.h: no *_test.cc mentions {code}"


def check_labels(root):
    for path in files_in(root, (".",), (".txt", ".cmake")):
        if path.name != "CMakeLists.txt" and path.suffix != ".cmake":
            continue
        for value in re.findall(r'\bLABELS\s+("[^"]*"|[^\s)]+)', without_comments(read(path))):
            for label in value.strip('"').split(";"):
                if label not in LABELS and not label.startswith("${"):
                    yield f"{path.relative_to(root)}: unknown ctest label {label} (known: {', '.join(sorted(LABELS))})"


def findings(root):
    rooms = declared_rooms(root)
    if not rooms:
        yield "src: no soak_room(...) found: nothing to judge the includes by"
    yield from check_declarations(root, rooms, room_order(root))
    yield from check_includes(root, rooms)
    yield from check_sizes(root)
    yield from check_pragma_once(root)
    yield from check_links(root)
    yield from check_error_codes(root)
    yield from check_labels(root)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(findings(root))
    for line in found:
        print(line)
    print(f"tidy: {len(found)} findings" if found else "tidy: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
