"""New findings on the line being typed wait; everything else is shown or cleared at once."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestra_lsp.model import Buffer, Category, Confidence, Finding, Severity, Span
from orchestra_lsp.server.lateness import rules_on, timing, typed_line
from orchestra_lsp.syntax.parse import Change, open_buffer


def change(line: int, start: int, end: int, text: str, end_line: int | None = None) -> Change:
    return Change(line, start, line if end_line is None else end_line, end, text)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([change(3, 4, 4, "x")], 3),
        ([change(3, 4, 5, "")], 3),
        ([change(3, 4, 4, "()")], 3),
        ([change(3, 4, 4, "\n")], None),
        ([change(3, 4, 4, "return value")], None),
        ([change(3, 0, 20, "")], None),
        ([change(3, 0, 0, "", end_line=4)], None),
        ([change(3, 4, 4, "x"), change(5, 4, 4, "x")], None),
        ([Change(None, None, None, None, "x")], None),
        ([], None),
    ],
    ids=["key", "backspace", "closed bracket", "enter", "paste", "cut", "joined lines", "two cursors", "whole text", "nothing"],
)
def test_what_counts_as_typing(changes: list[Change], line: int | None) -> None:
    assert typed_line(changes) == line


BUFFER = open_buffer("file:///a.txt", "/a.txt", 1, "text", "one\ntwo\nthree")


def finding(rule: str, word: str, buffer: Buffer = BUFFER) -> Finding:
    start = buffer.data.index(word.encode())
    return Finding(rule, rule, Span(start, start + len(word)), Severity.WARNING, Confidence.HIGH, Category.QUALITY)


def check(findings: list[Finding], line: int | None, before: list[Finding], held: list[Finding]) -> None:
    known = rules_on(BUFFER, before, line) if line is not None else Counter[str]()
    found = timing(BUFFER, findings, line, known)
    assert list(found.held) == held
    assert [one for one in findings if one not in held] == list(found.shown)


def test_a_new_finding_on_the_typed_line_waits() -> None:
    a, b = finding("a", "one"), finding("b", "two")
    check([a, b], 1, [], [b])


def test_nothing_waits_when_nobody_types() -> None:
    check([finding("a", "one"), finding("b", "two")], None, [], [])


def test_a_finding_that_was_shown_stays() -> None:
    check([finding("b", "two")], 1, [finding("b", "two")], [])


def test_a_second_one_of_the_same_rule_waits() -> None:
    first, second = finding("b", "two"), finding("b", "wo")
    check([first, second], 1, [first], [second])


def test_a_typed_line_that_is_gone_holds_nothing() -> None:
    check([finding("a", "one")], 99, [], [])
