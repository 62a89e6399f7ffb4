"""A hook in a branch or a loop of the component around it, or behind a statement that may have left the component."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, ancestors

if TYPE_CHECKING:
    from tree_sitter import Node

_COMPONENT = re.compile(rb"[A-Z]|use[A-Z]")
_BRANCHES = frozenset({"if_statement", "ternary_expression", "switch_case", "switch_default", "catch_clause"})


def check(match: Match) -> Hit | None:
    scene, function = match.scene, match.scene.function(match.node)
    if function is None or not _COMPONENT.match(_name(scene, function)):
        return None
    below = match.node
    for above in ancestors(match.node):
        if above == function:
            return None
        asked = above.child_by_field_name("condition") == below
        if _is_short_cut(above, below):
            return Hit(match.node)
        if (above.type in _BRANCHES and not asked) or above.type in scene.dialect.kind("loop"):
            return Hit(match.node)
        if above.parent == function and above.type == "statement_block" and _may_have_left(scene, below):
            return Hit(match.node)
        below = above
    return None


def _is_short_cut(above: Node, below: Node) -> bool:
    """Whether `below` is the right side of `&&`, `||` or `??`."""
    sign = above.child_by_field_name("operator")
    return sign is not None and sign.type in ("&&", "||", "??") and above.child_by_field_name("right") == below


def _name(scene: Scene, function: Node) -> bytes:
    name = function.child_by_field_name("name")
    if name is None and function.parent is not None and function.parent.type == "variable_declarator":
        name = function.parent.child_by_field_name("name")
    return scene.text(name) if name is not None else b""


def _may_have_left(scene: Scene, statement: Node) -> bool:
    before = statement.prev_named_sibling
    while before is not None:
        if before.type == "if_statement" and _returns(scene, before):
            return True
        before = before.prev_named_sibling
    return False


def _returns(scene: Scene, node: Node) -> bool:
    if node.type == "return_statement":
        return True
    return not scene.is_function(node) and any(_returns(scene, child) for child in node.named_children)
