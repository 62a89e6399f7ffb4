"""A weak hash, unless the names around it say that it is a checksum or a key of a cache."""

from __future__ import annotations

import re

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors

_HARMLESS = re.compile(
    rb"e[_-]?tag|cache|check_?sum|finger_?print|de_?dup|gravatar|uuid|bucket|shard|colou?r|content_?(?:hash|md5)|file_?(?:hash|md5|digest)"
    rb"|integrity|short_?hash|hash_?key|websocket|partition|_id\b|Id\b",
    re.IGNORECASE,
)
_LONGEST = 400  # bytes of a statement that are looked at


def check(match: Match) -> Hit | None:
    scene, node = match.scene, match.node
    near = [scene.text(scene.statement(node))[:_LONGEST]]
    for above in ancestors(node):
        name = above.child_by_field_name("name") if scene.is_function(above) or scene.is_kind(above, "class") else None
        if name is not None:
            near.append(scene.text(name))
    return None if any(_HARMLESS.search(text) for text in near) else Hit(node)
