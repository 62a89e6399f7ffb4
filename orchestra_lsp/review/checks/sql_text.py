"""Whether a text put together at run time is SQL, by the words in its constant parts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.values import is_built_text, origins

if TYPE_CHECKING:
    from tree_sitter import Node

_SQL = re.compile(
    rb"\b(?:select\s.*\bfrom|insert\s+(?:or\s+\w+\s+)?into|update\s.*\bset|delete\s+from|replace\s+into|merge\s+into"
    rb"|(?:create|drop|alter|truncate)\s+(?:temp\w*\s+)?(?:table|index|view|database|schema|user|role)|where\s.*(?:=|\blike\b|\bin\b))",
    re.IGNORECASE | re.DOTALL,
)


def check(match: Match) -> Hit | None:
    query = match.node_of("Q")
    if not is_built_text(match.scene, query):
        return None
    return Hit(query) if _SQL.search(_text(match.scene, query)) else None


def _text(scene: Scene, node: Node) -> bytes:
    """The code of an expression and of what its local variables are given."""
    found = [scene.text(node)]
    names = [node] if node.type == "identifier" else [child for child in node.named_children if child.type == "identifier"]
    found += [scene.text(value) for name in names for value in origins(scene, name) if value is not None]
    return b" ".join(found)
