"""The first statement after a jump in the same block; a `yield` there only makes the function a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match

if TYPE_CHECKING:
    from tree_sitter import Node


_HOLDERS = frozenset({"block", "statement_block", "switch_case"})
# JavaScript knows these before it runs the block; a `break` that closes a case is there for the eye.
_HOISTED = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "break_statement",
        "type_alias_declaration",
        "interface_declaration",
        "empty_statement",
    }
)


def check(match: Match) -> Hit | None:
    node = match.node
    following = node.next_named_sibling
    while following is not None and following.is_extra:
        following = following.next_named_sibling
    if following is None or node.parent is None or node.parent.type not in _HOLDERS or node.parent.has_error or _yields(following):
        return None
    if following.type in _HOISTED or (following.type == "variable_declaration" and b"=" not in match.scene.text(following)):
        return None
    return Hit(following, words={"WORD": node.type.partition("_")[0]})


def _yields(node: Node) -> bool:
    return node.type == "yield" or any(_yields(child) for child in node.named_children)
