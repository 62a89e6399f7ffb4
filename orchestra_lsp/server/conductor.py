"""Makes the Orchestra of this process when it is first needed: its imports are slow and must not delay the first diagnostics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcException

from orchestra_lsp.server import logs

if TYPE_CHECKING:
    from orchestra_lsp.config import Settings
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.store.store import Store

log = logging.getLogger("orchestra")

#: The specification's code for a request that was understood and could not be fulfilled.
REQUEST_FAILED = -32803


class EngineMissing(JsonRpcException):
    """Completions and commands cannot be served; documents and findings can."""


class Conductor:
    """Owns the Orchestra and its store. Belongs to the event loop."""

    def __init__(self) -> None:
        self._making: asyncio.Task[Orchestra] | None = None
        self._store: Store | None = None
        self._problem = ""

    @property
    def made(self) -> Orchestra | None:
        """The Orchestra, if it is there already."""
        task = self._making
        return task.result() if task and task.done() and not task.cancelled() and task.exception() is None else None

    @property
    def store(self) -> Store | None:
        """Once the Orchestra is made, and where one may be kept."""
        return self._store

    @property
    def problem(self) -> str:
        """What is wrong with the store, for people; empty when all is well."""
        return self._problem

    async def get(self, settings: Callable[[], Settings]) -> Orchestra:
        """The Orchestra; made on the first call. A caller that is cancelled does not stop the making."""
        if self._making is None:
            self._making = asyncio.ensure_future(self._make(settings))
        return await asyncio.shield(self._making)

    async def close(self) -> None:
        if self.made:
            await self.made.close()
        elif self._making:
            self._making.cancel()
        if self._store:
            await asyncio.to_thread(self._store.close)

    async def _make(self, settings: Callable[[], Settings]) -> Orchestra:
        try:
            await asyncio.to_thread(_import)
        except ImportError as error:
            log.error("the engine cannot be loaded: %s\n%s", logs.describe(error), logs.places(error))
            raise EngineMissing(f"the engine cannot be loaded: {error}; reinstall orchestra-lsp", REQUEST_FAILED) from error
        from orchestra_lsp.engine.orchestra import Orchestra

        before = settings()
        if before.server.store:
            self._store, self._problem = await asyncio.to_thread(_open_store)
        orchestra = await asyncio.to_thread(Orchestra, before, self._store)
        if settings() is not before:
            await orchestra.reconfigure(settings())
        return orchestra


def _import() -> None:
    import orchestra_lsp.engine.orchestra  # noqa: F401 - in a thread, so that the loop goes on meanwhile


def _open_store() -> tuple[Store | None, str]:
    from orchestra_lsp.store.store import default_path, open_store

    store, problem = open_store(default_path())
    if problem:
        log.warning("store: %s", problem)
    return store, problem
