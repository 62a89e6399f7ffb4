"""`getattr` and `setattr` with a fixed name, written with a dot instead; `setattr` only where it is a statement."""

from __future__ import annotations

from orchestra_lsp.model import Edit
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import span_of
from orchestra_lsp.syntax.text import decode


def check(match: Match) -> Hit | None:
    node = match.node
    name = decode(match.text("N"))[1:-1]
    value = decode(match.text("V"))
    if name.startswith("__") and not name.endswith("__"):
        return None  # inside a class a dot would look for another name
    text = f"{decode(match.text('O'))}.{name}"
    above = node.parent
    if not value:
        return Hit(node, (Edit(span_of(node), text),)) if above is not None and above.type != "expression_statement" else None
    if above is None or above.type != "expression_statement" or "\n" in value:
        return None
    return Hit(node, (Edit(span_of(node), f"{text} = {value}"),))
