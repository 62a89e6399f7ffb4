"""A decorator with one of the names in `names`, called or not."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.syntax.text import decode


def check(match: Match) -> Hit | None:
    made = match.node.named_children[0]
    called = made.child_by_field_name("function") or made
    name = decode(match.scene.text(called)).rpartition(".")[2]
    return Hit(made) if name in match.options["names"] else None
