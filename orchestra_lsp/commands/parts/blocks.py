"""Mask a stream of any length: it is cut into blocks at places where no secret can stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from orchestra_lsp.trust.mask import Vault, mask_text
from orchestra_lsp.trust.placeholder import SHAPE

BLOCK: Final = 1 << 16  # bytes masked at a time
HELD: Final = 1 << 20  # most bytes kept back for a good place to cut
BEGIN, END = b"-----BEGIN ", b"-----END "  # a key goes over many lines and is masked as a whole
BETWEEN: Final = re.compile(rb"[\s,;(){}<>|]")  # where a line without an end may be cut


def masked(read: Callable[[int], bytes], vault: Vault, seen: Counter[str], origin: str = "stdin") -> Iterator[bytes]:
    """What `read(size)` gives until it gives nothing, with secrets masked; `seen` counts the masked ones by kind."""
    for block in _blocks(read):
        yield _mask(block, vault, seen, origin)


def _mask(block: bytes, vault: Vault, seen: Counter[str], origin: str) -> bytes:
    # Latin-1 keeps every byte of what is not UTF-8, and secrets are ASCII in it as well.
    encoding = "utf-8" if _is_utf8(block) else "latin-1"
    text = mask_text(block.decode(encoding), origin, vault)
    for found in SHAPE.finditer(text):
        if vault.knows(found.group()):
            seen[found.group().split("_", 1)[1].rsplit("_", 1)[0]] += 1
    return text.encode(encoding)


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    waiting = b""
    while piece := read(BLOCK):
        waiting += piece
        if len(waiting) >= BLOCK and (cut := _cut(waiting)):
            yield waiting[:cut]
            waiting = waiting[cut:]
    if waiting:
        yield waiting


def _cut(waiting: bytes) -> int:
    """Where the block may end: behind an empty line, else behind a line, before a key that has only begun; 0: read on."""
    last = waiting.rfind(BEGIN)
    end = last if last >= 0 and waiting.find(END, last) < 0 else len(waiting)
    cut = waiting.rfind(b"\n\n", end // 2, end) + 2
    if cut < 2:
        cut = waiting.rfind(b"\n", 0, end) + 1
    if cut > 0 or len(waiting) < HELD:
        return cut
    return next((found.end() for found in BETWEEN.finditer(waiting, HELD // 2)), len(waiting))
