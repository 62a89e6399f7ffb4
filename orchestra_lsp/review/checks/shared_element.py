"""A repeated list or dictionary that gets a name and of which one element is changed later in the same function."""

from __future__ import annotations

import re

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors

_METHODS = rb"append|add|extend|update|insert|pop|remove|setdefault|discard|sort|push|unshift|splice|set|delete"
_CHANGES = rb"\[[^\[\]\n]*\](?:(?:\[[^\n=]*\]|\.\w+)\s*[-+*/|&]?=(?!=)|\.(?:" + _METHODS + rb")\()"
_NAME_FIELDS = {"assignment": "left", "assignment_expression": "left", "variable_declarator": "name"}


def check(match: Match) -> Hit | None:
    scene, holder = match.scene, match.node.parent
    field = _NAME_FIELDS.get(holder.type) if holder is not None else None
    name = holder.child_by_field_name(field) if holder is not None and field is not None else None
    function = next((above for above in ancestors(match.node) if scene.is_function(above)), None)
    if name is None or function is None:
        return None
    changed = re.compile(rb"\b" + re.escape(scene.text(name)) + _CHANGES)
    return Hit(match.node) if changed.search(scene.data, match.node.end_byte, function.end_byte) else None
