"""Digests that tell whether two requests stand at the same place: made of content alone, never of versions or times."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from orchestra_lsp.model import Ask

WINDOW = 4096  # bytes on either side of the cursor that identify a request; beyond that nothing changes an answer in practice


def digest(parts: Iterable[bytes]) -> bytes:
    """Equal only for equal lists of parts."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))  # so that no two different lists join to the same bytes
        made.update(part)
    return made.digest()


def surroundings(ask: Ask) -> bytes:
    """What a kept answer must have in common with an ask whatever was typed before the cursor: file, kind, wish, selection, suffix."""
    data, span = ask.buffer.data, ask.span
    return digest(
        (
            ask.kind.value.encode(),
            ask.buffer.uri.encode("utf-8", "surrogatepass"),
            ask.buffer.language.encode(),
            ask.instruction.encode("utf-8", "surrogatepass"),
            data[span.start : span.end],
            data[span.end : span.end + WINDOW],
        )
    )


def above(data: bytes, line_start: int) -> bytes:
    """The text above a line, as far as it matters."""
    return hashlib.blake2b(data[max(0, line_start - WINDOW) : line_start], digest_size=16).digest()


def line_start(data: bytes, at: int) -> int:
    return max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1


def fingerprint(ask: Ask) -> bytes:
    """Equal for requests that must get the same answer."""
    at = ask.span.start
    return digest((surroundings(ask), ask.buffer.data[max(0, at - WINDOW) : at]))
