"""A handler all of whose errors, built-in ones, are caught by an earlier handler of the same `try`."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from orchestra_lsp.model import Related
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, span_of
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node


def check(match: Match) -> Hit | None:
    scene = match.scene
    seen: list[tuple[type[BaseException], Node]] = []
    for clause in match.node.named_children:
        if clause.type != "except_clause":
            continue
        caught = [(_error(scene, node), node) for node in _types(clause)]
        for error, node in caught:
            earlier = next((known for known in seen if error is not None and issubclass(error, known[0])), None)
            if earlier is not None:
                words = {"EARLIER": decode(scene.text(earlier[1])), "LATER": decode(scene.text(node))}
                return Hit(node, words=words, related=(Related(span_of(earlier[1]), "caught here"),))
        seen += [(error, node) for error, node in caught if error is not None]
    return None


def _types(clause: Node) -> list[Node]:
    """What a clause catches, one by one."""
    value = clause.child_by_field_name("value")
    if value is not None and value.type == "as_pattern":
        value = value.named_children[0]
    if value is None:
        return []
    return list(value.named_children) if value.type == "tuple" else [value]


def _error(scene: Scene, node: Node) -> type[BaseException] | None:
    found = getattr(builtins, decode(scene.text(node)), None) if node.type == "identifier" else None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None
