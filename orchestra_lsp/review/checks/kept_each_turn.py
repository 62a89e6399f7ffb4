"""Something that grows from turn to turn: what it is joined to was not made anew in the same turn, and the loop goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors
from orchestra_lsp.review.values import origins

if TYPE_CHECKING:
    from tree_sitter import Node

_ENDS = frozenset({"break_statement", "return_statement", "raise_statement"})


def check(match: Match) -> Hit | None:
    scene, name = match.scene, match.node_of("D")
    loop = next((above for above in ancestors(match.node) if above.type in scene.dialect.kind("loop")), None)
    if loop is None or name.type != "identifier" or _leaves(match.node):
        return None
    value = match.node.child_by_field_name("right")
    inside = [found for found in origins(scene, name) if found is not None and loop.start_byte <= found.start_byte < loop.end_byte]
    return Hit(match.node) if all(found == value for found in inside) else None


def _leaves(assignment: Node) -> bool:
    """Whether the loop ends right after the statement."""
    statement = assignment.parent
    following = statement.next_named_sibling if statement is not None else None
    while following is not None and following.is_extra:
        following = following.next_named_sibling
    return following is not None and following.type in _ENDS
