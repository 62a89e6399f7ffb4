"""`orchestra/status`: how each tool is and what to do about it, told to the editor when it changes, never more often than needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra_lsp.model import Health, State
from orchestra_lsp.server import signing_in

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

METHOD = "orchestra/status"
INTERVAL_S = 0.25

Json = dict[str, object]


class Status:
    """What the editor was told last. Belongs to the event loop."""

    def __init__(self) -> None:
        self._told: Json | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._busy = 0
        self._notices = signing_in.Notices()

    def changed(self, ls: OrchestraServer) -> None:
        """Something may have changed: tell it soon, if it did. Sent to everyone who did not say `experimental.orchestra.status = false`."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._tell, ls)

    def started(self, ls: OrchestraServer) -> None:
        """Work for a person has begun; each call is followed by one of `finished`."""
        self._busy += 1
        self.changed(ls)

    def finished(self, ls: OrchestraServer) -> None:
        self._busy -= 1
        self.changed(ls)

    def _tell(self, ls: OrchestraServer) -> None:
        self._timer = None
        orchestra = ls.session.conductor.made
        if orchestra is None:
            return
        health = orchestra.health()
        for tool in self._notices.news(health):
            ls.session.spawn(signing_in.invite(ls, tool, health[tool]))
        now = describe(health, self._busy > 0)
        if ls.session.client.status and now != self._told:
            self._told = now
            ls.protocol.notify(METHOD, now)


def describe(health: Mapping[str, Health], busy: bool) -> Json:
    """`{"tools": [{"name", "state", "reason", "remedy"}], "busy", "message"}`; `message` is one line for a status bar."""
    tools = [{"name": name, "state": one.state.value, "reason": one.reason, "remedy": one.remedy} for name, one in health.items()]
    down = [name for name, one in health.items() if one.state in (State.DOWN, State.SIGNED_OUT)]
    well = [name for name, one in health.items() if one.state in (State.READY, State.DEGRADED)]
    message = f"{', '.join(down)}: {health[down[0]].reason}" if down else f"{', '.join(well)} ready" if well else "no tool is switched on"
    return {"tools": tools, "busy": busy, "message": message}
