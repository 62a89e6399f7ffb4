"""A set or tuple made from a list that is spelled out: the call and the brackets become `open` and `close`."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    arguments = match.node.child_by_field_name("arguments")
    if arguments is None or any(child.type in ("list_splat", "comment") for child in arguments.named_children[0].children):
        return None
    made = arguments.named_children[0]
    opened, closed = (str(match.options[key]) for key in ("open", "close"))
    before, after = Span(match.node.start_byte, made.start_byte + 1), Span(made.end_byte - 1, match.node.end_byte)
    return Hit(match.node, (Edit(before, opened), Edit(after, closed)))
