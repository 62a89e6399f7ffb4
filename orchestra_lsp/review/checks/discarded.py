"""A call or a comparison whose result nobody uses: it stands alone as a statement."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    above = match.node.parent
    return Hit(match.node) if above is not None and above.type == "expression_statement" and not above.has_error else None
