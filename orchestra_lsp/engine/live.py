"""What a running server tells those who watch it, without a network port: a small row in the store, only while somebody looks.

`orchestra top` touches a file beside the store every second; a server that sees it fresh writes its status.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from orchestra_lsp.store.records import LiveRecord
from orchestra_lsp.store.store import Store

log = logging.getLogger("orchestra")

BEAT_S: Final = 1.0  # between two rows while somebody watches
IDLE_S: Final = 2.0  # between two looks at the mark while nobody does: one question to the file system
FRESH_S: Final = 5.0  # how old a mark or a row may be to count

Status = Mapping[str, object]


class Beacon:
    """Belongs to one event loop."""

    def __init__(self, store: Store | None, process: str, status: Callable[[], Status]) -> None:
        self._store = store
        self._process = process
        self._status = status
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look out for watchers from now on; calling it again is harmless."""
        if self._store is not None and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(self._store))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, store: Store) -> None:
        while True:
            seen = watched(store.path)
            if seen:
                store.put(LiveRecord(self._process, time.time_ns() // 1000, json.dumps(self._status())))
            await asyncio.sleep(BEAT_S if seen else IDLE_S)


def mark_of(store: Path) -> Path:
    return store.with_name(store.name + ".watched")


def watch(store: Path) -> None:
    """Say that somebody looks, for the next few seconds. Raises OSError where that cannot be written."""
    mark_of(store).touch()


def watched(store: Path) -> bool:
    try:
        age = time.time() - mark_of(store).stat().st_mtime
    except OSError:  # no mark: nobody has ever looked
        return False
    return abs(age) < FRESH_S  # a clock that was set back must not make a mark last for hours
