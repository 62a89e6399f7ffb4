"""A copy that is made only for the call around it: the inner name and its parentheses can go."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    arguments, kept = match.node.child_by_field_name("arguments"), match.node_of("X")
    if arguments is None or kept.type == "generator_expression":
        return None
    inner = arguments.named_children[0]
    edits = (Edit(Span(inner.start_byte, kept.start_byte), ""), Edit(Span(kept.end_byte, inner.end_byte), ""))
    return Hit(match.node, edits)
