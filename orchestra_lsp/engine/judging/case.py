"""An answer where it would stand, as every check sees it, and what a check says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.model import Ask, Buffer, Edit, Finding, Kind, Span
from orchestra_lsp.syntax.parse import open_buffer, splice
from orchestra_lsp.syntax.text import encode

if TYPE_CHECKING:
    from tree_sitter import Tree

#: Files beyond this size are only parsed: at each answer the other checks would read too much.
MOST_BYTES = 1_000_000
#: Lines with fewer letters and digits say too little to count as a repetition: brackets, `else:`, `return`.
SIGNIFICANT = 8


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """`text` was put in place of `span` of `before`; it stands at `placed` of `after`. Tests stand in a file of their own."""

    kind: Kind
    before: Buffer
    span: Span
    text: str
    after: Buffer
    placed: Span
    neighbours: tuple[Buffer, ...] = ()
    finish: str = "stop"
    subject: str = ""  # the code that was asked about
    offer: str = ""  # the embedded engine's own offer
    sure: float = 0.0  # and how sure it is of it


@dataclass(frozen=True, slots=True)
class Remark:
    """What speaks for or against an answer: its score is multiplied by `factor`. `fatal`: it may not be shown at all."""

    factor: float
    reason: str
    fatal: bool = False
    findings: tuple[Finding, ...] = ()


def in_place(ask: Ask, span: Span, text: str, finish: str = "stop", offer: tuple[str, float] = ("", 0.0)) -> Case:
    """The case of an answer to `ask`. `offer`: the embedded engine's text and its confidence. Raises ValueError for a span outside."""
    subject = ask.buffer.data[ask.span.start : ask.span.end].decode(errors="replace")
    after = splice(ask.buffer, (Edit(span, text),))
    placed = Span(span.start, span.start + len(encode(text)))
    return Case(ask.kind, ask.buffer, span, text, after, placed, ask.neighbours, finish, subject, *offer)


def alone(ask: Ask, text: str, finish: str = "stop") -> Case:
    """The case of an answer that becomes a file of its own, beside the code it is about."""
    subject = ask.buffer.data[ask.span.start : ask.span.end].decode(errors="replace")
    before = open_buffer("", "", 0, ask.buffer.language, "")
    after = open_buffer("", "", 0, ask.buffer.language, text)
    placed = Span(0, len(after.data))
    return Case(ask.kind, before, Span(0, 0), text, after, placed, (ask.buffer, *ask.neighbours), finish, subject)


def tokens(tree: Tree | None, data: bytes, span: Span, skipped: frozenset[str] = frozenset()) -> list[tuple[bytes, int]]:
    """The leaves of a tree inside `span` with their offsets, without nodes of the kinds `skipped`: the text without its layout."""
    found: list[tuple[bytes, int]] = []
    if tree is None:
        return found
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        apart = node.end_byte <= span.start or node.start_byte >= span.end or node.type in skipped
        if not apart and cursor.goto_first_child():
            continue
        if not apart and node.start_byte < node.end_byte:
            found.append((data[node.start_byte : node.end_byte], node.start_byte))
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found


def says_something(line: str) -> bool:
    return sum(map(str.isalnum, line)) >= SIGNIFICANT


def solid(lines: Sequence[str]) -> list[str]:
    """The lines that are not blank, without their indentation."""
    return [line.strip() for line in lines if line.strip()]
