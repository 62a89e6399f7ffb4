"""Cyclomatic complexity (McCabe, "A Complexity Measure", 1976): one more than the decisions in a function's body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Span
from orchestra_lsp.syntax.outline import Outline, owners

if TYPE_CHECKING:
    from tree_sitter import Node


def cyclomatic(outline: Outline) -> list[int]:
    """The complexity of each function of the outline.

    A decision counts for the innermost named function around it, so that a nested function is not counted twice and a nameless one
    counts where it is written. Python's lambdas count outside as well, as radon has it.
    """
    functions = outline.functions
    offsets = _decisions(outline)
    found = [1] * len(functions)
    outside = outline.rule("lambda counts outside")
    weights = sorted(offsets.items())
    for (_, weight), owner in zip(weights, owners([f.body for f in functions], [at for at, _ in weights]), strict=True):
        index = owner
        while index >= 0:
            found[index] += weight
            index = functions[index].parent if outside and functions[index].is_lambda else -1
    return found


def _decisions(outline: Outline) -> dict[int, int]:
    """How many decisions start at which offset."""
    opaque = sorted(Span(node.start_byte, node.end_byte) for node in outline.of("opaque"))
    found: dict[int, int] = {}
    for node in outline.of("decision"):
        found[node.start_byte] = found.get(node.start_byte, 0) + 1
    for node in outline.of("default"):
        found[node.start_byte] = found.get(node.start_byte, 0) - 1
    for node in outline.of("boolean"):
        found[node.start_byte] = found.get(node.start_byte, 0) + _operators(node)
    if opaque:
        _drop_inside(found, opaque)
    return found


def _operators(node: Node) -> int:
    """A boolean node has one operator, but Rust's let chain has one between each two of its parts."""
    return 1 if node.child_count == 3 else sum(not child.is_named for child in node.children)


def _drop_inside(found: dict[int, int], opaque: list[Span]) -> None:
    offsets = sorted(found)
    for offset, owner in zip(offsets, owners(opaque, offsets), strict=True):
        if owner >= 0 and offset > opaque[owner].start:
            del found[offset]
