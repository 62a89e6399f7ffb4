"""`wg.Add` inside the goroutine that it counts: the waiting side may be past `Wait` before it runs."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match


def check(match: Match) -> Hit | None:
    function = match.scene.function(match.node)
    call = function.parent if function is not None else None
    if function is None or call is None or call.parent is None or call.parent.type != "go_statement":
        return None
    done = match.text("W") + b".Done()"
    body = match.scene.text(function)
    return Hit(match.node) if done in body and match.text("W") + b" :=" not in body else None
