"""How complex the file of a request is, measured again only when the file has changed enough to matter."""

from __future__ import annotations

import asyncio

from cachetools import LRUCache

from orchestra_lsp.model import Buffer, Complexity
from orchestra_lsp.syntax.facts import facts_of

FILES = 64
TYPED_BYTES = 80  # that a file may grow or shrink by: a line of typing does not make another class of it
TIMES = 50  # that one measure is used


class Gauge:
    """The last measure of each file. Belongs to one event loop."""

    def __init__(self) -> None:
        self._known: LRUCache[tuple[str, str], tuple[int, int, Complexity]] = LRUCache(FILES)

    async def complexity(self, buffer: Buffer) -> Complexity:
        key, size = (buffer.uri, buffer.language), len(buffer.data)
        measured, used, known = self._known.get(key, (0, TIMES, Complexity.SIMPLE))
        if used < TIMES and abs(size - measured) <= TYPED_BYTES:
            self._known[key] = (measured, used + 1, known)
            return known
        found = (await asyncio.to_thread(facts_of, buffer)).complexity
        self._known[key] = (size, 1, found)
        return found
