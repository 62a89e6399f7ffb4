"""A list that is made only to be walked once: its brackets can go."""

from __future__ import annotations

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    made = match.node_of("L")
    start, end = made.start_byte, made.end_byte
    return Hit(match.node, (Edit(Span(start, start + 1), ""), Edit(Span(end - 1, end), "")))
