"""Whether one side of a comparison is a value made by `hmac`, in JavaScript by `createHmac`, directly or through a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.values import call_name, origins

if TYPE_CHECKING:
    from tree_sitter import Node

_RESULTS = frozenset({b"digest", b"hexdigest"})


def check(match: Match) -> Hit | None:
    sides = (match.node_of("X"), match.node_of("Y"))
    return Hit(match.node) if any(_is_made(match.scene, side) for side in sides) else None


def _is_made(scene: Scene, node: Node) -> bool:
    if node.type == "identifier":
        return any(value is not None and _is_call(scene, value) for value in origins(scene, node))
    return _is_call(scene, node)


def _is_call(scene: Scene, node: Node) -> bool:
    """`hmac.digest(...)`, `hmac.new(...).hexdigest()`, and the latter decoded."""
    if node.type == "call_expression":
        return _is_chain(scene, node)
    if node.type != "call":
        return False
    called = node.child_by_field_name("function")
    made = called.child_by_field_name("object") if called is not None else None
    if call_name(scene, node) == "hmac.digest":
        return True
    method = called.child_by_field_name("attribute") if called is not None else None
    if made is None or method is None:
        return False
    if scene.text(method) == b"decode":
        return _is_call(scene, made)
    return scene.text(method) in _RESULTS and made.type == "call" and call_name(scene, made) == "hmac.new"


def _is_chain(scene: Scene, node: Node) -> bool:
    """`createHmac(...).update(...).digest(...)`."""
    here: Node | None = node
    while here is not None and here.type == "call_expression":
        called = here.child_by_field_name("function")
        if called is None or scene.text(called).rpartition(b".")[2] == b"createHmac":
            return called is not None
        here = called.child_by_field_name("object")
    return False
