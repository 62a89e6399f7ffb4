"""A list of lines that a loop walks over at once, also through `enumerate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset({"for_statement", "for_in_clause"})


def check(match: Match) -> Hit | None:
    node, file = match.node, match.node_of("F")
    walked = _numbered(match, node) or node
    loop = walked.parent
    if loop is None or loop.type not in _LOOPS or loop.child_by_field_name("right") != walked:
        return None
    return Hit(node, (Edit(Span(file.end_byte, node.end_byte), ""),))


def _numbered(match: Match, node: Node) -> Node | None:
    """The call of `enumerate` around a node."""
    call = node.parent.parent if node.parent is not None and node.parent.type == "argument_list" else None
    called = call.child_by_field_name("function") if call is not None else None
    return call if called is not None and match.scene.text(called) == b"enumerate" else None
