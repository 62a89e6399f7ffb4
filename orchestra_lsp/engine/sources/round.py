"""The sources of one ask, worked off by one thread: handing five small jobs to threads costs more than doing them.

Only when that takes long do other threads join in, so that a source which waits for a disk does not hold up the others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Lock
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, Source, View

log = logging.getLogger("orchestra")

ALONE_S: Final = 0.004  # one thread works by itself for so long
TOGETHER: Final = 3  # threads at one ask


@dataclass(frozen=True, slots=True)
class Done:
    """One source has ended, however late: what it took, and what it failed with."""

    name: str
    took_ms: float
    error: Exception | None = None


class Busy:
    """The sources that are at work for any ask: none runs twice at once."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = Lock()

    def take(self, waiting: list[Source]) -> Source | None:
        """The first of `waiting` that is free, out of the list; None when there is none."""
        with self._lock:
            source = next((one for one in waiting if one.name not in self._names), None)
            if source is not None:
                waiting.remove(source)
                self._names.add(source.name)
            return source

    def give_back(self, source: Source) -> None:
        with self._lock:
            self._names.discard(source.name)


class Round:
    """`work` runs in threads, `run` in the event loop."""

    def __init__(self, sources: Sequence[Source], view: View, busy: Busy) -> None:
        self._waiting = list(sources)
        self._most_s = max((source.budget_s for source in sources), default=0.0)
        self._view = view
        self._busy = busy
        self._running: dict[str, float] = {}  # until when each may take, in seconds of `time.monotonic()`
        self._found: list[Piece] = []

    async def run(self, threads: Executor, ended: Callable[[Done], None]) -> list[Piece]:
        """What the sources found that kept to their budgets; `ended` hears of each of them, in the event loop."""
        begun, workers = time.monotonic(), [self._worker(threads, ended)]
        pause = ALONE_S
        try:
            while (await asyncio.wait(workers, timeout=pause))[1]:
                now, running = time.monotonic(), list(self._running.values())
                latest = max((until for until in running if until > now), default=0.0)
                if self._waiting and len(workers) < TOGETHER:
                    workers.append(self._worker(threads, ended))
                elif latest:
                    pause = latest - now
                elif not self._waiting or now - begun > self._most_s:
                    break
        finally:
            left_out = [*self._running, *(source.name for source in self._waiting)]
            self._waiting.clear()
        if left_out:
            log.debug("context: left out as too slow or still busy: %s", ", ".join(left_out))
        return list(self._found)

    def _worker(self, threads: Executor, ended: Callable[[Done], None]) -> asyncio.Future[list[Done]]:
        worker = asyncio.get_running_loop().run_in_executor(threads, self._work)

        def tell(worker: asyncio.Future[list[Done]]) -> None:
            for done in [] if worker.cancelled() else worker.result():
                ended(done)

        worker.add_done_callback(tell)
        return worker

    def _work(self) -> list[Done]:
        """Take one source after the other until none is left."""
        done: list[Done] = []
        while source := self._busy.take(self._waiting):
            start = time.monotonic()
            self._running[source.name] = start + source.budget_s
            error: Exception | None = None
            try:
                found = source.find(self._view)
                if time.monotonic() - start <= source.budget_s:
                    self._found.extend(found)
            except Exception as failure:  # noqa: BLE001 - an optional helper fails alone, whatever it is; it is told below
                error = failure
            finally:
                del self._running[source.name]
                self._busy.give_back(source)
            done.append(Done(source.name, (time.monotonic() - start) * 1e3, error))
        return done
