"""Requests for suggestions under way: a newer automatic one supersedes the older of the same document and method."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.model import Ask, Suggestion, Trigger
from orchestra_lsp.server.conductor import EngineMissing

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

GRACE_S = 0.25  # the engine keeps the deadline itself; this is for the case that it does not


class Asks:
    """Belongs to the event loop."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], asyncio.Event] = {}

    async def run(self, ls: OrchestraServer, method: str, ask: Ask) -> Suggestion | None:
        """The suggestion; None when there is none, when a newer ask came, or when the document has moved on meanwhile."""
        key, superseded = (ask.buffer.uri, method), asyncio.Event()
        work = asyncio.ensure_future(_ask(ls, ask))
        if ask.trigger is Trigger.AUTOMATIC:
            if key in self._newest:
                self._newest[key].set()
            self._newest[key] = superseded
        replaced = asyncio.ensure_future(superseded.wait())
        try:
            left = max(0.0, ask.deadline - time.monotonic()) + GRACE_S
            await asyncio.wait({work, replaced}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else None
        finally:
            # The newer ask has been started by now: if it is the same one, it keeps the shared run alive.
            work.cancel()
            replaced.cancel()
            if self._newest.get(key) is superseded:
                del self._newest[key]

    def close(self) -> None:
        for superseded in self._newest.values():
            superseded.set()


async def _ask(ls: OrchestraServer, ask: Ask) -> Suggestion | None:
    try:
        orchestra = await ls.session.orchestra()
        ls.session.ready.listen(ls, orchestra)
        if first := ls.session.documents.first(ask.buffer.uri):
            orchestra.saw(first)
        return await orchestra.ask(ask)
    except (Unanswered, EngineMissing) as error:
        log.info("nothing to suggest: %s", error)
        return None
    finally:
        ls.session.status.changed(ls)  # a call tells how its tool is
