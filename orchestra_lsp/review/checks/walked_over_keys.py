"""The keys of a dictionary that a loop walks over: the call of `keys` can go."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match

_LOOPS = frozenset({"for_statement", "for_in_clause"})


def check(match: Match) -> Hit | None:
    node, loop = match.node, match.node.parent
    if loop is None or loop.type not in _LOOPS or loop.child_by_field_name("right") != node:
        return None
    return Hit(node, (Edit(Span(match.node_of("D").end_byte, node.end_byte), ""),))
