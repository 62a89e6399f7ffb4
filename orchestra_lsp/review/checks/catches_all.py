"""`except:` without a class, unless its body raises again."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    node = match.node
    if node.child_by_field_name("value") is not None or any(child.type == "*" for child in node.children):
        return None
    waiting = [child for child in node.named_children if child.type == "block"]
    while waiting:
        below = waiting.pop()
        if below.type == "raise_statement":
            return None
        if below.type not in ("function_definition", "class_definition", "lambda"):
            waiting += below.named_children
    end = node.children[0].end_byte
    return Hit(node, (Edit(Span(end, end), " Exception"),))
