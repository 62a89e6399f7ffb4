"""A time limit for many short waits: one timer for a whole answer, where `asyncio.timeout` would set one for each piece."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


class Limit:
    """Ends waits when their time is up. One wait at a time, in the event loop in which it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None
        self._until = 0.0
        self._ended = False

    async def wait(self, thing: Awaitable[Result], until: float) -> Result:
        """What `thing` gives, or TimeoutError once `until` (seconds of `time.monotonic()`) has passed."""
        task = asyncio.current_task()
        assert task is not None
        before = task.cancelling()
        self._until, self._waiting, self._ended = until, task, False
        if self._timer is None or self._timer.when() > self._at(until):
            self._set()
        try:
            return await thing
        except asyncio.CancelledError:
            # As in asyncio.timeout: a cancellation from outside at the same moment goes first.
            if self._ended and task.uncancel() <= before:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def close(self) -> None:
        """Take back the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _at(self, until: float) -> float:
        """The loop's own time, which need not be the clock's."""
        return self._loop.time() + until - time.monotonic()

    def _set(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._at(self._until), self._rung)

    def _rung(self) -> None:
        self._timer = None
        if self._waiting is None:
            return  # nobody waits just now: the next wait sets it anew
        if time.monotonic() < self._until:
            self._set()  # the limit was moved since
        else:
            self._ended = True
            self._waiting.cancel()
