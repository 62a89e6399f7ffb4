"""What is shown first and what follows: the embedded engine's offer at once or soon, a model's answer when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from orchestra_lsp.engine.kept.keys import fingerprint
from orchestra_lsp.model import Ask, Suggestion

First = Callable[[Suggestion], None]
Work = Callable[[First], Awaitable[Suggestion | None]]
Share = Callable[[Ask, Callable[[], Awaitable[Suggestion | None]]], Awaitable[Suggestion | None]]
Waiting = asyncio.Future[Suggestion | None]


class Mixing:
    """Belongs to the event loop. A model's answer that follows is given up when its document is asked about anew."""

    def __init__(self, share: Share, followed: Callable[[Ask], None]) -> None:
        """`share`: runs the work of equal asks once. `followed`: hears of an ask for which there is something else now."""
        self._share = share
        self._followed = followed
        self._firsts: dict[bytes, Waiting] = {}
        self._following: dict[str, asyncio.Task[Suggestion | None]] = {}

    async def ask(self, ask: Ask, work: Work) -> Suggestion | None:
        """The first thing there is to show. `work` may give one before it ends, which then goes on without anybody waiting."""
        key = fingerprint(ask)
        first = self._firsts.get(key)
        if first is None:
            first = self._firsts[key] = asyncio.get_running_loop().create_future()
        whole = asyncio.ensure_future(self._whole(ask, work, first, key))
        try:
            # By now it has taken over what was under way for a few keys less, if that is of use.
            await asyncio.sleep(0)
            self._give_up(ask.buffer.uri)
            waiting: set[Waiting] = {whole, first}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if whole.done():
                return whole.result()
            shown = first.result()
            self._follow(ask, whole, shown)
            return shown
        finally:
            if not whole.done() and self._following.get(ask.buffer.uri) is not whole:
                whole.cancel()

    def close(self) -> None:
        for uri in list(self._following):
            self._give_up(uri)

    async def _whole(self, ask: Ask, work: Work, first: Waiting, key: bytes) -> Suggestion | None:
        def show(suggestion: Suggestion) -> None:
            if not first.done():
                first.set_result(suggestion)

        try:
            return await self._share(ask, lambda: work(show))
        finally:
            if self._firsts.get(key) is first:
                del self._firsts[key]

    def _follow(self, ask: Ask, whole: asyncio.Task[Suggestion | None], shown: Suggestion | None) -> None:
        uri = ask.buffer.uri
        self._give_up(uri)
        self._following[uri] = whole

        def ended(task: asyncio.Task[Suggestion | None]) -> None:
            if self._following.get(uri) is task:
                del self._following[uri]
            made = None if task.cancelled() or task.exception() else task.result()
            if made and (shown is None or (made.text, made.span) != (shown.text, shown.span)):
                self._followed(replace(ask, neighbours=()))

        whole.add_done_callback(ended)

    def _give_up(self, uri: str) -> None:
        if older := self._following.pop(uri, None):
            older.cancel()
