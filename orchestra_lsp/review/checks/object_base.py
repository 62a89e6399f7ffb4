"""A class whose only base is `object`."""

from __future__ import annotations

from orchestra_lsp.model import Edit
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import span_of


def check(match: Match) -> Hit | None:
    bases = match.node.child_by_field_name("superclasses")
    if bases is None or bases.child_count != 3 or match.scene.text(bases.children[1]) != b"object":
        return None
    return Hit(bases, (Edit(span_of(bases), ""),))
