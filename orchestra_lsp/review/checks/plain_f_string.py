"""An f-string in which nothing is filled in, alone or among the strings written next to it."""

from __future__ import annotations

from orchestra_lsp.model import Edit
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import span_of
from orchestra_lsp.syntax.text import decode

_MANY = 100  # strings in a row; each would be compared with all others


def check(match: Match) -> Hit | None:
    node = match.node
    parts = [node]
    if node.parent is not None and node.parent.type == "concatenated_string":
        if node.parent.child_count > _MANY:
            return None
        parts = [part for part in node.parent.named_children if part.type == "string"]
    if any(child.type == "interpolation" for part in parts for child in part.named_children):
        return None
    text = decode(match.scene.text(node))
    start = text.index(next(quote for quote in text if quote in "'\""))
    if "\\N{" in text:
        return None
    plain = text[:start].replace("f", "").replace("F", "") + text[start:].replace("{{", "{").replace("}}", "}")
    return Hit(node, (Edit(span_of(node), plain),))
