"""One editor connection: its abilities, settings, open documents and everything that is under way for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache
from lsprotocol import types as t

from orchestra_lsp.config import Loaded, Problem, Settings
from orchestra_lsp.model import Buffer, Kind, Suggestion
from orchestra_lsp.server import indexing, logs
from orchestra_lsp.server.asks import Asks
from orchestra_lsp.server.client import Client
from orchestra_lsp.server.conductor import Conductor, EngineMissing
from orchestra_lsp.server.diagnostics import Diagnostics
from orchestra_lsp.server.documents import Documents
from orchestra_lsp.server.foretelling import NextEdits
from orchestra_lsp.server.kept import Kept
from orchestra_lsp.server.partial import Parts
from orchestra_lsp.server.progress import Progresses
from orchestra_lsp.server.projects import Projects
from orchestra_lsp.server.proposals import Proposals
from orchestra_lsp.server.ready import Ready
from orchestra_lsp.server.showing import Scratch
from orchestra_lsp.server.status import Status
from orchestra_lsp.server.tallying import Tallying, demote

if TYPE_CHECKING:
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

IDLE_START_S = 3.0  # without a document, nothing is loaded before
OFFERED_KEPT = 64  # suggestions whose documentation an editor may still ask for


class Session:
    """All state of one connection; the parts know nothing of each other but through it."""

    def __init__(self) -> None:
        self.client = Client()
        self.loaded = Loaded(Settings())
        self.roots: tuple[str, ...] = ()
        self.initialization_options: dict[str, Any] = {}
        self.editor_settings: dict[str, Any] = {}  # what the editor told later
        self.told_problems: frozenset[Problem] = frozenset()
        self.documents = Documents()
        self.projects = Projects()
        self.tallying = Tallying()
        self.diagnostics = Diagnostics()
        self.asks = Asks()
        self.ready = Ready()
        self.progresses = Progresses()
        self.parts = Parts()
        self.proposals = Proposals()
        self.next_edits = NextEdits()
        self.scratch = Scratch()
        self.status = Status()
        self.conductor = Conductor()
        self.kept = Kept(newest=self.diagnostics.newest)
        self.offered: LRUCache[str, Suggestion] = LRUCache(OFFERED_KEPT)
        self._background: set[asyncio.Task[Any]] = set()
        self._warm = False

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def remember(self, buffer: Buffer, suggestion: Suggestion) -> None:
        """A suggestion goes to the editor: it may be asked about, accepted, or accepted in parts."""
        self.offered[suggestion.id] = suggestion
        self.kept.offer(buffer, suggestion)
        self.parts.offer(buffer, suggestion)

    @property
    def has_model(self) -> bool:
        """Whether any tool beside the embedded engine is switched on."""
        return self.models > 0

    @property
    def models(self) -> int:
        """How many tools beside the embedded engine are switched on."""
        return sum(tool.enabled and (tool.kind or name) != "local" for name, tool in self.settings.tools.items())

    @property
    def has_agent(self) -> bool:
        """Whether a tool is known that changes files by itself; False until the tools are there."""
        made = self.conductor.made
        return made is not None and made.can(Kind.CHANGE)

    async def orchestra(self) -> Orchestra:
        """The Orchestra of this process; the first call waits for its imports."""
        return await self.conductor.get(lambda: self.settings)

    def warm_up(self, ls: OrchestraServer) -> None:
        """After the first diagnostics: load in the background what the first completion will need."""
        if not self._warm:
            self._warm = True
            self.spawn(self._warm_up(ls))

    def warm_up_later(self, ls: OrchestraServer) -> None:
        """For an editor that starts without a document."""
        asyncio.get_running_loop().call_later(IDLE_START_S, self.warm_up, ls)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something beside the requests; what goes wrong in it is logged."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    async def close(self) -> None:
        """Stop everything; called once, after the last message."""
        for task in self._background:
            task.cancel()
        self.asks.close()
        self.tallying.shut_down(self)
        self.diagnostics.shut_down()
        self.documents.shut_down()
        self.scratch.remove()
        await self.conductor.close()

    async def _warm_up(self, ls: OrchestraServer) -> None:
        try:
            orchestra = await self.orchestra()
        except EngineMissing as error:
            ls.window_show_message(t.ShowMessageParams(t.MessageType.Error, f"Orchestra LSP: {error}"))
            return
        if self.conductor.problem:
            ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, self.conductor.problem))
        self.status.changed(ls)
        self.spawn(orchestra.warm_up())
        self.spawn(demote(ls))
        await asyncio.to_thread(_import_rest, self.has_model)
        await indexing.learn(ls, orchestra)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task failed: %s\n%s", logs.describe(error), logs.places(error))


def _import_rest(with_model: bool) -> None:
    """What the first code action and the first call would otherwise wait for."""
    from orchestra_lsp.commands.registry import commands
    from orchestra_lsp.review import fix  # noqa: F401 - for its import only

    commands()
    if with_model:
        import httpx  # noqa: F401 - the same
