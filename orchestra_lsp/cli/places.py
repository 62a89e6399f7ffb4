"""Where to put the cursor: places in the middle of real lines, so that what is offered can be held against what stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from orchestra_lsp.model import Buffer, Facts, Span
from orchestra_lsp.syntax.language import definition
from orchestra_lsp.syntax.text import line_at, line_bounds, slice_text

if TYPE_CHECKING:
    from tree_sitter import Node

TYPED: Final = 0.4  # share of a line that is "typed" before the cursor
LEAST: Final = 3  # characters on each side of it
MOST_NODES: Final = 200_000  # of the tree; enough for 20,000 lines


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor: `line` from 0, `rest` spans from it to the end of its line."""

    line: int
    rest: Span
    typed: str
    really: str


def places(buffer: Buffer, facts: Facts, count: int) -> list[Place]:
    """Up to `count`, spread evenly over the functions' bodies; over the whole file where there are too few."""
    found = [place for line, tokens in _lines(buffer) if (place := _place(buffer, line, tokens))]
    inside = [place for place in found if any(one.start_line < place.line <= one.end_line for one in facts.functions)]
    chosen = inside if len(inside) >= count else found
    step = max(1.0, len(chosen) / count)
    return [chosen[int(number * step + step / 2)] for number in range(min(count, len(chosen)))]


def _lines(buffer: Buffer) -> Iterator[tuple[int, Sequence[Span]]]:
    """Lines of code with the tokens that begin on them, without comments and what begins in a string of several lines."""
    if buffer.tree is None:
        return
    kinds = definition(buffer.language).kinds
    lines: dict[int, list[Span]] = {}
    left_out: set[int] = set()
    for node in _tokens(buffer.tree.root_node, kinds["string"] | kinds["comment"]):
        first, last = line_at(buffer, node.start_byte), line_at(buffer, node.end_byte)
        if node.type in kinds["comment"] or first != last:
            left_out.update(range(first, last + 1))
        lines.setdefault(first, []).append(Span(node.start_byte, node.end_byte))
    for line in sorted(lines):
        if line not in left_out:
            yield line, lines[line]


def _tokens(root: Node, whole: frozenset[str]) -> Iterator[Node]:
    """The leaves in the order of the text; nodes of the kinds `whole` count as leaves."""
    waiting = [root]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if node.child_count == 0 or node.type in whole:
            yield node
        else:
            waiting += reversed(node.children)


def _place(buffer: Buffer, line: int, tokens: Sequence[Span]) -> Place | None:
    start, end = line_bounds(buffer.data, buffer.line_starts, line)
    text = buffer.data[start:end]
    indent = len(text) - len(text.lstrip())
    end = start + len(text.rstrip())
    wanted = start + indent + (end - start - indent) * TYPED
    cuts = [token.start for token in tokens if token.start - start - indent >= LEAST and end - token.start >= LEAST]
    if not cuts:
        return None
    cut = min(cuts, key=lambda at: abs(at - wanted))
    rest = Span(cut, end)
    return Place(line, rest, slice_text(buffer, Span(start, cut)), slice_text(buffer, rest))
