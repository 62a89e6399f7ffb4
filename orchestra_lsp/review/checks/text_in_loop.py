"""A text that grows by one piece in each turn of a loop, copied whole each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors
from orchestra_lsp.review.values import is_built_text, origins

if TYPE_CHECKING:
    from tree_sitter import Node


def check(match: Match) -> Hit | None:
    scene, name = match.scene, match.node_of("S")
    loop = next((above for above in ancestors(match.node) if above.type in scene.dialect.kind("loop")), None)
    if loop is None or name.type != "identifier":
        return None
    values = [value for value in origins(scene, name) if value is not None]
    first = [value for value in values if not loop.start_byte <= value.start_byte < loop.end_byte]
    inside = [value for value in values if loop.start_byte <= value.start_byte < loop.end_byte and value != match.node_of("X")]
    # set anew in the loop, it does not grow from turn to turn
    if not first or any(value.parent is None or not _grows(value.parent) for value in inside):
        return None
    return Hit(match.node) if all(_is_text(scene, value) for value in first) else None


def _grows(assignment: Node) -> bool:
    """Whether a value is added: `s += value`; in Go the value stands in a list of one."""
    holder = assignment.parent if assignment.type == "expression_list" else assignment
    sign = holder.child_by_field_name("operator") if holder is not None else None
    return sign is not None and sign.type == "+="


def _is_text(scene: Scene, value: Node) -> bool:
    return value.type in scene.dialect.kind("string") or is_built_text(scene, value)
