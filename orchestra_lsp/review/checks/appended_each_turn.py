"""A loop whose only statement appends what it awaits, and whose awaited call does not use the list it fills."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    statement = match.node.parent
    body = statement.parent if statement is not None else None
    loop = body.parent if body is not None else None
    if (
        loop is None
        or loop.type not in ("for_statement", "for_in_statement")
        or body is None
        or sum(not child.is_extra for child in body.named_children) != 1
    ):
        return None
    if any(child.type in ("async", "await") for child in loop.children):
        return None
    return None if match.text("L") in match.text("E") else Hit(match.node)
