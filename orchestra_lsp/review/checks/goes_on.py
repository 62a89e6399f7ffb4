"""A statement in a loop after which the loop goes on: no `break`, `return` or `raise` follows in its block or in one around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors

if TYPE_CHECKING:
    from tree_sitter import Node

_LEAVES = frozenset({"break_statement", "return_statement", "raise_statement"})


def check(match: Match) -> Hit | None:
    for node in (match.node, *ancestors(match.node)):
        if node.type == "for_statement" and node != match.node:
            break
        if node.type in _LEAVES or _is_left_after(node):
            return None
    return Hit(match.node)


def _is_left_after(node: Node) -> bool:
    following = node.next_named_sibling
    while following is not None:
        if following.type in _LEAVES:
            return True
        following = following.next_named_sibling
    return False
