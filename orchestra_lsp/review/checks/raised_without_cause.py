"""A new error raised, without `from`, in a handler that has a name for the error it handles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    if node.child_by_field_name("cause") is not None or not node.named_children or not _is_new(scene, node.named_children[0]):
        return None
    name = _name(scene, node)
    if not name:
        return None
    end = node.named_children[0].end_byte
    return Hit(node, (Edit(Span(end, end), f" from {name}"),), {"NAME": name})


def _is_new(scene: Scene, raised: Node) -> bool:
    """A call, or a class: by custom its name begins with a capital."""
    return raised.type == "call" or (raised.type == "identifier" and scene.text(raised)[:1].isupper())


def _name(scene: Scene, node: Node) -> str:
    """The name of the error of the nearest handler; empty if it has none, or in a function or a `try` of its own."""
    for above in ancestors(node):
        if scene.is_function(above) or above.type == "try_statement":
            return ""
        if above.type == "except_clause":
            value = above.child_by_field_name("value")
            alias = value.child_by_field_name("alias") if value is not None else None
            return decode(scene.text(alias)) if alias is not None else ""
    return ""
