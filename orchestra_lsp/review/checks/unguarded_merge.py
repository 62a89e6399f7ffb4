"""A function that merges objects by calling itself, and nowhere speaks of the keys that lead to a prototype."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors

if TYPE_CHECKING:
    from tree_sitter import Node

_GUARD = re.compile(
    rb"__proto__|prototype|(?i:unsafe|dangerous|forbidden|blacklist|denied|special|reserved|allowed|(?:is|has)own)|Object\.create\(null\)"
)


def check(match: Match) -> Hit | None:
    scene, wanted = match.scene, match.text("F")
    for above in ancestors(match.node):
        # names may be shared with a library's function, so only a call of the function around counts
        if scene.is_function(above) and _name(scene, above) == wanted:
            return None if _GUARD.search(scene.text(above)) else Hit(match.node)
    return None


def _name(scene: Scene, function: Node) -> bytes:
    holder = function if function.child_by_field_name("name") is not None or function.parent is None else function.parent
    for field in ("name", "left", "key", "property"):
        name = holder.child_by_field_name(field)
        if name is not None:
            return scene.text(name).rpartition(b".")[2]
    return b""
