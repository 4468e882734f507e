"""Finds the functions of a C++ source by following its braces: good enough to measure length, and it says so when it is lost.

A function is counted from the first line of its declaration (template line included) to its closing brace. Methods inside a class
count one by one, lambdas and local classes as part of the function that they stand in. Not a parser: macros are not expanded, and
both branches of an #if are read.
"""
import re


class Unbalanced(Exception):
    """The braces do not close: the lengths would be wrong."""


TOKENS = re.compile(r"""
    //[^\n]*(?:\\\n[^\n]*)*                       # line comment
  | /\*.*?\*/                                     # block comment
  | R"(?P<delim>[^()\\\s]{0,16})\(.*?\)(?P=delim)"  # raw string
  | "(?:\\.|[^"\\\n])*"                           # string
  | (?<![0-9A-Za-z_])(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+'  # character, and not a digit separator
""", re.VERBOSE | re.DOTALL)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments(text):
    """Comments become spaces; every other character keeps its place."""
    return TOKENS.sub(lambda m: blank(m[0]) if m[0].startswith(("//", "/*")) else m[0], text)


def blank_all(text):
    """Comments, strings, characters and preprocessor lines become spaces; every other character keeps its place."""
    text = TOKENS.sub(lambda m: blank(m[0]), text)
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: blank(m[0]), text, flags=re.MULTILINE)


def matching(text, start):
    """Index of the bracket that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "({[":
            depth += 1
        elif text[i] in ")}]":
            depth -= 1
            if depth == 0:
                return i
    raise Unbalanced(f"line {text.count(chr(10), 0, start) + 1}: bracket never closed")


def without_template_line(head):
    head = head.strip()
    while (match := re.match(r"template\s*<", head)):
        depth, i = 1, match.end()
        while i < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[i], 0)
            i += 1
        head = head[i:].strip()
    return head


def kind_of(head):
    """What the brace after `head` opens: a scope to look into, a function, or something else (a variable's initialiser, an enum)."""
    head = without_template_line(head)
    plain = re.sub(r"\([^()]*\)", "()", head)
    if re.match(r"(inline\s+)?namespace\b", head) or re.match(r"extern\s*$", head):
        return "scope"
    if re.match(r"(typedef\s+)?(class|struct|union)\b", head) and not re.search(r"\)\s*(const|noexcept|override|final)?\s*$", plain):
        return "scope"
    if re.match(r"enum\b", head):
        return "other"
    named = re.sub(r"\boperator\s*(\(\)|\[\]|[^\s(]+)", "operator_", head)
    before_paren = named.split("(")[0]
    is_lambda = "=" in before_paren and re.search(r"\]\s*(\(|$)", head)
    if is_lambda or ("(" in named and "=" not in before_paren):
        return "function"
    return "other"


def name_of(head):
    head = without_template_line(head)
    test = re.match(r"(TEST\w*)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if test:
        return f"{test[2]}.{test[3]}"
    named = re.search(r"([~\w:]+(?:\s*operator\s*\S+?)?)\s*\(", head) or re.search(r"(\w+)\s*=", head)
    return named[1] if named else head[:40]


def functions(source):
    """Yields (name, first line, last line) of every function."""
    text = blank_all(source)
    yield from scope(text, 0, len(text))


def line_of(text, index):
    return text.count("\n", 0, index) + 1


def scope(text, begin, end):
    """Items of a namespace or class body: each ends at a semicolon or at the closing brace that ends a body."""
    i = item = begin
    head_end = None  # where the item's first brace stands
    while i < end:
        c = text[i]
        if c in "([":
            i = matching(text, i) + 1
        elif c == ";" or (c == ":" and re.fullmatch(r"\s*(public|private|protected)\s*", text[item:i])):
            i = item = i + 1
            head_end = None
        elif c in ")]}":
            raise Unbalanced(f"line {line_of(text, i)}: {c} closes nothing")
        elif c == "{":
            head_end = i if head_end is None else head_end
            head, close = text[item:head_end], matching(text, i)
            kind = kind_of(head)
            if kind == "scope":
                yield from scope(text, i + 1, close)
            i = close + 1
            after = text[i:end].lstrip()[:1]
            if kind == "scope" and re.search(r"\b(namespace|extern)\b", head):
                item, head_end = i, None
            elif kind == "function" and after not in (",", "{"):  # those go on: a constructor's list of initialisers
                first = item + len(text[item:head_end]) - len(text[item:head_end].lstrip())
                yield name_of(head), line_of(text, first), line_of(text, close)
                item, head_end = i, None
        else:
            i += 1
    if text[item:end].strip() and "{" in text[item:end]:
        raise Unbalanced(f"line {line_of(text, item)}: an item never ends")
