"""A function with a body that never returns a value, where the method it is given to uses what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene

if TYPE_CHECKING:
    from tree_sitter import Node

# As a statement it is another fault; what an arrow function gives back may be looked at by nobody.
_UNUSED = frozenset({"expression_statement", "arrow_function"})


def check(match: Match) -> Hit | None:
    above, function = match.node.parent, match.node_of("C")
    body = function.child_by_field_name("body")
    if above is None or above.type in _UNUSED or body is None or body.type != "statement_block" or body.named_child_count == 0:
        return None
    last = body.named_children[-1]
    return None if last.type == "throw_statement" or _returns(match.scene, body) else Hit(function)


def _returns(scene: Scene, node: Node) -> bool:
    """Whether a `return` with a value stands in a node, other functions left out."""
    for child in node.named_children:
        if child.type == "return_statement" and any(not part.is_extra for part in child.named_children):
            return True
        if not scene.is_function(child) and _returns(scene, child):
            return True
    return False
