"""An unbounded cache of `functools` on a method: its first parameter is `self`."""

from __future__ import annotations

import re

from orchestra_lsp.review.match import Hit, Match

_UNBOUNDED = re.compile(rb"@\s*(?:functools\s*\.\s*)?(?:cache|lru_cache\(\s*(?:maxsize\s*=\s*)?None\s*\))\s*(?:#.*)?\Z")


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    whole = node.parent
    if whole is None or not _UNBOUNDED.match(scene.text(node)):
        return None
    function = whole.child_by_field_name("definition")
    holder = whole.parent.parent if whole.parent is not None else None
    if function is None or function.type != "function_definition" or holder is None or holder.type != "class_definition":
        return None
    parameters = function.child_by_field_name("parameters")
    first = parameters.named_children[0] if parameters is not None and parameters.named_child_count else None
    return Hit(node.named_children[0]) if first is not None and scene.text(first) == b"self" else None
