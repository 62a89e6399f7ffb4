"""What an edit can change: the definitions and statements around it, and where everything else moves."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Finding, Span
from orchestra_lsp.review.scene import Scene, span_of
from orchestra_lsp.syntax.text import common_prefix

if TYPE_CHECKING:
    from tree_sitter import Node

_GOES_ON = frozenset({"comment", "line_comment", "block_comment", "attribute_item", "decorator"})  # belong to what follows them


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Neighbouring definitions or statements, and the stretch they cover."""

    nodes: tuple[Node, ...]
    span: Span


def chunk(scene: Scene, span: Span, kinds: frozenset[str]) -> Chunk:
    """The outermost functions or top-level statements that a span touches, methods of a class one by one.

    A class is taken as a whole when its header is touched, or when it is of one of `kinds`: those that rules start from.
    """
    bodies, containers = scene.dialect.kind("body"), scene.dialect.kind("container")
    holder = scene.root
    while True:
        touched = _touched(holder, span)
        inner = touched[0] if len(touched) == 1 else None
        enters = inner is not None and inner.type in (bodies | containers) and inner.type not in kinds
        if inner is None or not enters or not (inner.start_byte < span.start and span.end < inner.end_byte):
            break
        holder = inner
    if holder.parent is not None and holder.type not in bodies:
        touched = [holder]
    return Chunk(tuple(touched), joined([span, *(span_of(node) for node in touched)]))


def _touched(holder: Node, span: Span) -> list[Node]:
    """The children that a span touches, and what a comment or attribute among them belongs to."""
    # not TreeCursor.goto_first_child_for_byte: it finds nothing for a byte between two children
    children = holder.children
    found: list[Node] = []
    for node in children[bisect_left(children, span.start, key=lambda child: child.end_byte) :]:
        if node.start_byte > span.end and not (found and found[-1].type in _GOES_ON):
            break
        found.append(node)
    return found


@dataclass(frozen=True, slots=True)
class Shift:
    """How two texts differ: bytes `start` to `old_end` of the old one became `start` to `new_end` of the new one."""

    start: int
    old_end: int
    new_end: int

    @staticmethod
    def between(old: bytes, new: bytes) -> Shift:
        start = common_prefix(old, new)
        room = min(len(old), len(new)) - start
        tail = common_prefix(old[len(old) - room :][::-1], new[len(new) - room :][::-1]) if room else 0
        return Shift(start, len(old) - tail, len(new) - tail)

    @property
    def is_nothing(self) -> bool:
        return self.start == self.old_end == self.new_end

    def forth(self, offset: int) -> int | None:
        """Where an old offset is now; None inside the changed stretch. What stands right before an insertion stays."""
        if offset <= self.start:
            return offset
        return offset + self.new_end - self.old_end if offset >= self.old_end else None

    def forth_span(self, span: Span) -> Span:
        """An old stretch in the new text; where it meets the changed stretch, it takes in all of that."""
        shift = self.new_end - self.old_end
        start = min(span.start, self.start) if span.start <= self.old_end else span.start + shift
        end = span.end if span.end < self.start else max(self.new_end, span.end + shift)
        return Span(min(start, end), end)

    def back_span(self, span: Span) -> Span:
        """A new stretch in the old text, likewise."""
        return Shift(self.start, self.new_end, self.old_end).forth_span(span)

    def moved(self, finding: Finding) -> Finding:
        """A finding that was not touched, where it is now."""
        fix = finding.fix
        if fix is not None:
            fix = replace(fix, edits=tuple(Edit(self._moved(edit.span), edit.text) for edit in fix.edits))
        related = tuple(replace(other, span=self._moved(other.span)) for other in finding.related)
        return replace(finding, span=self._moved(finding.span), fix=fix, related=related)

    def _moved(self, span: Span) -> Span:
        start, end = self.forth(span.start), self.forth(span.end)
        return Span(self.start if start is None else start, self.new_end if end is None else end)


def lines_around(data: bytes, span: Span) -> Span:
    """A span widened to whole lines and to the line that follows: what a comment in it may speak of."""
    start = data.rfind(b"\n", 0, span.start) + 1
    end = span.end
    for _ in range(2):
        found = data.find(b"\n", end)
        end = len(data) if found < 0 else found + 1
    return Span(start, end)


def joined(spans: Sequence[Span]) -> Span:
    """The smallest span that holds all of them."""
    return Span(min(span.start for span in spans), max(span.end for span in spans))
