"""A call in the body of a `for` that uses what the loop runs over: a variable of the loop, or one set from it in the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors

if TYPE_CHECKING:
    from tree_sitter import Node

_FEW = frozenset({"tuple", "list", "set", "array"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"})


def check(match: Match) -> Hit | None:
    scene, below = match.scene, match.node
    for above in ancestors(match.node):
        if scene.is_function(above):
            return None
        if above.type in ("for_statement", "for_in_statement") and above.child_by_field_name("body") == below:
            return Hit(match.node) if _uses(scene, match.node, above) else None
        below = above
    return None


def _uses(scene: Scene, call: Node, loop: Node) -> bool:
    target, walked = loop.child_by_field_name("left"), loop.child_by_field_name("right")
    arguments = call.child_by_field_name("arguments")
    if target is None or walked is None or arguments is None or walked.type in _FEW:
        return False
    names = set(_identifiers(scene, target))
    return any(name in names for name in _identifiers(scene, arguments))


def _identifiers(scene: Scene, node: Node) -> list[bytes]:
    if node.type in _NAMES:
        return [scene.text(node)]
    return [name for child in node.named_children for name in _identifiers(scene, child)]
