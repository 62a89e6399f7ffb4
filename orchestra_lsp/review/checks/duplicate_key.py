"""A literal key that stands twice in a dictionary with nothing unpacked in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra_lsp.model import Related
from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.pattern import string_content
from orchestra_lsp.review.scene import Scene, span_of
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node


_UNPACKED = frozenset({"dictionary_splat", "spread_element"})


def check(match: Match) -> Hit | None:
    scene = match.scene
    seen: dict[bytes, Node] = {}
    for pair in match.node.named_children:
        if pair.type in _UNPACKED:
            seen.clear()
        key = pair.child_by_field_name("key") if pair.type == "pair" else None
        text = _constant(scene, key) if key is not None else b""
        if not text or key is None:
            continue
        earlier = seen.get(text)
        if earlier is not None and earlier.parent is not None and scene.text(earlier.parent) != scene.text(pair):
            return Hit(key, words={"KEY": decode(scene.text(key))}, related=(Related(span_of(earlier), "the same key"),))
        seen[text] = key
    return None


def _constant(scene: Scene, key: Node) -> bytes:
    """What a literal key is, however it is quoted; empty for anything else."""
    text = scene.text(key)
    if key.type == "integer":
        return text
    if key.type == "property_identifier":
        return b'"' + text
    if key.type != "string" or any(child.type == "interpolation" for child in key.named_children):
        return b""
    found = string_content(text)
    return b'"' + found[0] + found[1] if found is not None and b"\\" not in text else b""
