"""An element deleted, by `del`, from the dictionary or list that the loop around runs over."""

from __future__ import annotations

from orchestra_lsp.review.checks import goes_on
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors
from orchestra_lsp.syntax.text import decode

_VIEWS = (b"", b".keys()", b".items()", b".values()")


def check(match: Match) -> Hit | None:
    scene, target = match.scene, match.node.named_children[0]
    holder = target.child_by_field_name("value") if target.type == "subscript" else None
    if holder is None or goes_on.check(match) is None:
        return None
    text = scene.text(holder)
    for above in ancestors(match.node):
        if scene.is_function(above):
            return None
        walked = above.child_by_field_name("right") if above.type == "for_statement" else None
        if walked is not None and scene.text(walked) in {text + view for view in _VIEWS}:
            return Hit(match.node, words={"X": decode(text)})
    return None
