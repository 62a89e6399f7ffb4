"""The answer must do what was asked for: change something, keep what others use, document without changing, test something."""

from __future__ import annotations

import re
from itertools import islice

from orchestra_lsp.engine.judging.case import Case, Remark, tokens
from orchestra_lsp.model import Buffer, Kind, Span
from orchestra_lsp.syntax import scope
from orchestra_lsp.syntax.language import definition
from orchestra_lsp.syntax.parse import open_buffer

REJECTED = 0.3
LOST = 0.5
ELSEWHERE = 0.8
MOST_LOST = 3
#: What a test looks like, by language.
_TEST = {
    "python": r"\bassert\b|\bdef test|\bunittest\b|>>> ",
    "javascript": r"\b(?:test|it|describe)\s*(?:\.\w+)*\(|\bassert\b",
    "go": r"\bfunc (?:Test|Fuzz|Benchmark|Example)",
    "rust": r"#\[(?:\w+::)*test\b|\bassert",
    "java": r"@(?:\w+)?Test\b|\bassert",
    "c": r"\bassert|\bTEST|_test\b",
}
_KIN = {"typescript": "javascript", "tsx": "javascript", "cpp": "c"}


def check(case: Case) -> Remark | None:
    match case.kind:
        case Kind.EDIT:
            return _edit(case)
        case Kind.DOCUMENT:
            return _document(case)
        case Kind.TEST:
            return _test(case)
    return None


def _edit(case: Case) -> Remark | None:
    if case.text.split() == case.before.data[case.span.start : case.span.end].decode(errors="replace").split():
        return Remark(REJECTED, "changes nothing")
    lost = list(islice(_lost(case), MOST_LOST))
    return Remark(LOST, f"takes away {', '.join(lost)}, still used below or above") if lost else None


def _lost(case: Case) -> list[str]:
    """Definitions of the replaced code that the rest of the file goes on using."""
    data, span = case.before.data, case.span
    rest = data[: span.start] + b"\n" + data[span.end :]
    own = {one.name.rpartition(".")[2] for one in scope.definitions(case.before) if span.start <= one.name_span.start < span.end}
    return sorted(name for name in own if not _says(case.text.encode(errors="replace"), name) and _says(rest, name))


def _says(data: bytes, name: str) -> bool:
    return re.search(rb"(?<![\w$])%s(?![\w$])" % re.escape(name.encode(errors="replace")), data) is not None


def _document(case: Case) -> Remark | None:
    if case.before.tree is None or case.after.tree is None:
        return None
    if case.text.split() == case.before.data[case.span.start : case.span.end].decode(errors="replace").split():
        return Remark(REJECTED, "documents nothing")
    same = _code(case.before, case.span) == _code(case.after, case.placed)
    return None if same else Remark(REJECTED, "changes code where only documentation was wanted")


def _code(buffer: Buffer, span: Span) -> list[bytes]:
    """The code itself: neither comments, nor the strings that Python takes for documentation."""
    comments = definition(buffer.language).kinds["comment"]
    docstrings = _docstrings(buffer, span) if buffer.language == "python" else []
    found = tokens(buffer.tree, buffer.data, span, comments)
    return [token for token, at in found if not any(one.start <= at < one.end for one in docstrings)]


def _docstrings(buffer: Buffer, span: Span) -> list[Span]:
    from tree_sitter import Query, QueryCursor

    assert buffer.tree is not None
    cursor = QueryCursor(Query(buffer.tree.language, "(expression_statement . (string) @text .)"))
    cursor.set_byte_range(span.start, max(span.end, span.start + 1))
    return [Span(node.start_byte, node.end_byte) for node in cursor.captures(buffer.tree.root_node).get("text", ())]


def _test(case: Case) -> Remark | None:
    language = case.before.language
    pattern = _TEST.get(_KIN.get(language, language))
    if pattern and not re.search(pattern, case.text):
        return Remark(REJECTED, "tests nothing")
    known = {one.name.rpartition(".")[2] for one in scope.definitions(open_buffer("", "", 0, language, case.subject))}
    if known and not any(_says(case.text.encode(errors="replace"), name) for name in known):
        return Remark(ELSEWHERE, "names nothing of the code it should test")
    return None
