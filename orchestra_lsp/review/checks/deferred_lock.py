"""`defer mu.Lock()` right after `mu.Lock()`: the unlock that was meant never happens."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    before = match.node.prev_named_sibling
    while before is not None and before.is_extra:
        before = before.prev_named_sibling
    locked = match.text("M") + b"." + match.text("L") + b"()"
    return Hit(match.node) if before is not None and match.scene.text(before) == locked else None
