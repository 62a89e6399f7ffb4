"""A condition that is nothing but the assignment of a constant."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.values import is_fixed
from orchestra_lsp.syntax.text import decode


def check(match: Match) -> Hit | None:
    scene = match.scene
    condition = match.node.child_by_field_name("condition")
    while condition is not None and condition.type == "parenthesized_expression":
        condition = next((child for child in condition.named_children if not child.is_extra), None)
    if condition is None or condition.type != "assignment_expression":
        return None
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    if left is None or right is None or not is_fixed(scene, right):
        return None
    sign = next(child for child in condition.children if child.type == "=")
    edit = Edit(Span(sign.start_byte, sign.end_byte), "===")
    return Hit(condition, (edit,), {"X": decode(scene.text(left))})
