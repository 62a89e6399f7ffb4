"""A handler that does nothing and says nothing: no statement but `pass`, and no comment that gives the reason."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import Scene

IDLE = frozenset({"pass_statement", "continue_statement", "empty_statement"})


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    name = node.child_by_field_name("parameter")
    if match.options.get("named") and (name is None or scene.text(name).startswith(b"_")):
        return None
    body = node.child_by_field_name("body") or next((child for child in node.named_children if child.type == "block"), None)
    if body is None or any(scene.is_kind(child, "comment") for child in (*node.children, *body.children)):
        return None
    if any(not _is_idle(scene, match.scene.text(child), child.type) for child in body.named_children):
        return None
    # a comment after the last statement belongs to the block around it, but to the eye it explains the handler
    line_end = scene.data.find(b"\n", node.end_byte)
    rest = scene.data[node.end_byte : line_end if line_end >= 0 else len(scene.data)]
    return None if b"#" in rest or b"//" in rest else Hit(node)


def _is_idle(scene: Scene, text: bytes, kind: str) -> bool:
    return kind in IDLE or (kind == "expression_statement" and text == b"..." and scene.dialect.family == "python")
