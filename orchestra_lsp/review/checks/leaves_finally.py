"""A statement that leaves a `finally` block, and with it throws away the exception on its way."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    stops = scene.dialect.functions
    if node.type != "return_statement":
        stops |= scene.dialect.kind("loop") | scene.dialect.kind("switch")
    for above in ancestors(node):
        if above.type == "finally_clause":
            return Hit(node, words={"WORD": node.type.partition("_")[0]})
        if above.type in stops:
            return None
    return None
