"""An effect of React that starts a timer or adds a listener and gives back no function that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

_STARTS = frozenset({b"setInterval", b"addEventListener"})
_ENDS = re.compile(rb"\bonce\b|\bsignal\b|\bclearInterval\b|\bremoveEventListener\b|\babort\b")


def check(match: Match) -> Hit | None:
    scene, function = match.scene, match.node_of("F")
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block" or _ENDS.search(scene.text(body)):
        return None
    started = b""
    for node in _own(scene, body):
        if node.type == "return_statement" and any(not child.is_extra for child in node.named_children):
            return None
        if node.type == "call_expression":
            called = node.child_by_field_name("function")
            name = scene.text(called).rpartition(b".")[2] if called is not None else b""
            started = started or (name if name in _STARTS else b"")
    return Hit(match.node, words={"WHAT": decode(started)}) if started else None


def _own(scene: Scene, node: Node) -> Iterator[Node]:
    """The nodes of a function that do not belong to a function inside it."""
    for child in node.named_children:
        if not scene.is_function(child):
            yield child
            yield from _own(scene, child)
