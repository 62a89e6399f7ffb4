"""A condition in a chain of else-ifs that an earlier one has already caught."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.model import Related
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene, span_of

if TYPE_CHECKING:
    from tree_sitter import Node

_IFS = frozenset({"if_statement", "if_expression"})
_UNSTABLE = frozenset({"await", "await_expression", "update_expression", "let_condition", "yield"})


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    if node.child_by_field_name("alternative") is None or _continues(node):
        return None
    seen: dict[bytes, Node] = {}
    for condition in _conditions(node):
        text = b" ".join(scene.text(condition).split())
        # a call, an await or an assignment may give another value the second time
        if not _is_stable(scene, condition):
            return None
        if text in seen:
            return Hit(condition, related=(Related(span_of(seen[text]), "the same condition"),))
        seen[text] = condition
    return None


def _continues(node: Node) -> bool:
    """Whether an if is the else-if of another one."""
    parent = node.parent
    if parent is None or parent.type == "else_clause":
        return parent is not None
    return parent.type in _IFS and parent.child_by_field_name("alternative") == node


def _conditions(node: Node) -> Iterator[Node]:
    """The conditions of an if and its else-ifs; none of an if with a statement before its condition."""
    here: Node | None = node
    while here is not None:
        condition = here.child_by_field_name("condition")
        if condition is None or here.child_by_field_name("initializer") is not None:
            return
        yield condition
        following = here.children_by_field_name("alternative")
        for clause in following:
            own = clause.child_by_field_name("condition") if clause.type == "elif_clause" else None
            if own is not None:
                yield own
        last = following[-1] if following else None
        if last is not None and last.type == "else_clause":
            last = next((child for child in last.named_children if child.type in _IFS), None)
        here = last if last is not None and last.type in _IFS else None


def _is_stable(scene: Scene, condition: Node) -> bool:
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        unstable = scene.is_kind(node, "call") or scene.is_kind(node, "assignment") or node.type in _UNSTABLE
        if unstable:
            return False
        if node.type == "unary_expression" and scene.text(node).startswith(b"<-"):
            return False
        waiting += node.named_children
    return True
