"""Whether a value becomes a secret: by the name it is assigned or passed to, or of the function that returns it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors
from orchestra_lsp.syntax.text import decode

_SECRET = re.compile(
    r"(?:^|_)(?:passwords?|passwd|passphrase|secrets?|secret_key|otp|nonce|salt|csrf|session_?id|api_?key|reset_code|verification_code"
    r"|(?:auth|access|reset|refresh|csrf|session|security|login|bearer|invite|api)_?tokens?)(?:$|_)|(?:^|_)token$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME_FIELDS = ("left", "name", "key", "pattern")


def check(match: Match) -> Hit | None:
    return next((Hit(match.node, words={"TARGET": name}) for name in _targets(match) if _is_secret(name)), None)


def _targets(match: Match) -> Iterator[str]:
    """The names a value goes to, nearest first, up to the function around it."""
    below = match.node
    for above in ancestors(match.node):
        if match.scene.is_function(above):
            # an arrow function is named by what it is assigned to
            holder = above if above.child_by_field_name("name") is not None else above.parent
            name = holder.child_by_field_name("name") if holder is not None else None
            if name is not None:
                yield decode(match.scene.text(name))
            return
        for field in _NAME_FIELDS:
            name = above.child_by_field_name(field)
            if name is not None and name != below:
                yield re.split(r"\W+", decode(match.scene.text(name)))[-1]
        below = above


def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(_CAMEL.sub("_", name).lower()))
