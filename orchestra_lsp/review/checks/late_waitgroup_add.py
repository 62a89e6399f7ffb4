"""`wg.Add` inside the goroutine that it counts: the waiting side may be past `Wait` before it runs."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    function = match.scene.function(match.node)
    call = function.parent if function is not None else None
    if function is None or call is None or call.parent is None or call.parent.type != "go_statement":
        return None
    after = match.scene.statement(match.node).next_named_sibling
    while after is not None and after.is_extra:
        after = after.next_named_sibling
    if after is not None and after.type == "go_statement":
        return None  # it counts the next goroutine, not its own
    done = match.text("W") + b".Done()"
    body = match.scene.text(function)
    return Hit(match.node) if done in body and match.text("W") + b" :=" not in body else None
