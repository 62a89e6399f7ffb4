"""A variable named as a secret among the values that are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.unify import arguments_of
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

# A lone `token` or `key` is a part of a language or a dictionary more often than a secret.
_SECRET = re.compile(
    rb"(?:\w*_)?(?:password|passwd|passphrase|secret_?key|private_?key|api_?key|(?:access|auth|refresh|bearer)_?token)\Z", re.I
)
_PARTS = frozenset(
    {
        *("string", "interpolation", "binary_operator", "tuple", "parenthesized_expression", "concatenated_string"),
        *("template_string", "template_substitution", "binary_expression"),
    }
)


def check(match: Match) -> Hit | None:
    for argument in arguments_of(match.node):
        for name in _values(argument):
            if _SECRET.match(match.scene.text(name)):
                return Hit(name, words={"SECRET": decode(match.scene.text(name))})
    return None


def _values(node: Node) -> Iterator[Node]:
    """The variables and attributes whose value becomes part of the text; a call makes something else of them."""
    if node.type == "identifier":
        yield node
    elif node.type in ("attribute", "member_expression"):
        name = node.child_by_field_name("attribute") or node.child_by_field_name("property")
        if name is not None:
            yield name
    elif node.type in _PARTS:
        for child in node.named_children:
            yield from _values(child)
