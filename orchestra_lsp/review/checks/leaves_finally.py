"""A statement that leaves a `finally` block, and with it throws away the exception on its way."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    for above in ancestors(node):
        if above.type == "finally_clause":
            return Hit(node, words={"WORD": scene.text(node).split()[0].decode(errors="replace").rstrip(";")})
        stays = node.type != "return_statement" and (scene.is_kind(above, "loop") or scene.is_kind(above, "switch"))
        if scene.is_function(above) or scene.is_kind(above, "class") or stays:
            return None
    return None
