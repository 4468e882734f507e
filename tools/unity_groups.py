#!/usr/bin/env python3
"""Which sources can be compiled as one: `tools/unity_groups.py FILE...` prints "FILE GROUP" a line.

A build of everything with the sanitizers spends most of its time reading the same headers. Sources of one target that declare no name twice
are put together, a few at a time (CMake's UNITY_BUILD_MODE GROUP). Names are found by the project's layout: what stands in a namespace
begins in the first column. What this does not see is an error of the compiler, not a wrong program.
"""
import pathlib
import re
import sys

SOURCES_MAX = 8
ALONE = ("src/base/atomic_file.cc", "src/journal/journal.cc")  # the fault tests put others in their place (tests/fault/leave_out.py)
NAMES = [
    re.compile(r"^(?:class|struct|enum class|enum|union)\s+(?:\[\[\w+\]\]\s+)?(\w+)", re.MULTILINE),
    re.compile(r"^(?:inline |static |extern )*(?:constexpr|const|constinit)\s[^=({;]*?\b(\w+)\s*(?:\[[^\]]*\])*\s*(?:=|\{|;)", re.MULTILINE),
    re.compile(r"^using\s+(\w+)\s*=", re.MULTILINE),
    re.compile(r"^#\s*define\s+(\w+)", re.MULTILINE),
    re.compile(r"^[A-Za-z_][\w:<>,&*\s\[\]]*?[\s&*>](\w+)\([^;{}]*\)\s*(?:const\s*)?(?:noexcept\s*)?\{", re.MULTILINE),
    re.compile(r"^[A-Za-z_][\w:<>,&*\s]*?[\s&*>](\w+)\s*(?:=[^;]*|\{[^;]*\})?;$", re.MULTILINE),
]
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
KEYWORDS = {"if", "for", "while", "switch", "return", "namespace", "else", "do"}


def names_of(text):
    text = re.sub(r"//[^\n]*", "", text)
    found = {name for pattern in NAMES for name in pattern.findall(text)} - KEYWORDS
    return found | {f"{suite}_{name}_Test" for suite, name in TEST.findall(text)}


def private_names(text):
    """Of a source: what no other may declare. The rest, definitions of what a header declares, are one function the more at most."""
    hidden = "".join(re.findall(r"^namespace \{\n(.*?)^\}  // namespace\n", text, re.MULTILINE | re.DOTALL))
    return names_of(hidden) | {name for name in names_of(text) if name.endswith("_Test")} | set(re.findall(r"^#\s*define\s+(\w+)", text, re.MULTILINE))


def seen_names(text, header, already):
    """What a source sees of the headers of the project: `header(name)` is a header's text, or None."""
    found = set()
    for name in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
        if name in already or (content := header(name)) is None:
            continue
        already.add(name)
        found |= names_of(content) | seen_names(content, header, already)
    return found


def groups_of(texts, header=lambda name: None):
    """Source → number of its group: the first with room where no source's own names are another's, or are seen by another."""
    groups, placed = [], {}
    for source, text in texts.items():
        private, seen = private_names(text), names_of(text) | seen_names(text, header, set())
        for number, (others_private, others_seen, count) in enumerate(groups):
            if count < SOURCES_MAX and not private & others_seen and not others_private & seen:
                groups[number] = (others_private | private, others_seen | seen, count + 1)
                placed[source] = number
                break
        else:
            groups.append((private, seen, 1))
            placed[source] = len(groups) - 1
    return placed


def main():
    texts = {source: pathlib.Path(source).read_text(encoding="utf-8") for source in sys.argv[1:]}
    sources = pathlib.Path(__file__).resolve().parent.parent / "src"

    def header(name):
        return (sources / name).read_text(encoding="utf-8") if (sources / name).exists() else None

    for source, number in groups_of({source: text for source, text in texts.items() if not source.endswith(ALONE)}, header).items():
        print(source, number)


if __name__ == "__main__":
    main()
