"""The tools that are switched on, and how each of them was when last heard of."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.call import Caller
from orchestra_lsp.engine.catalogue import Prior, prior
from orchestra_lsp.engine.chooser import Chooser
from orchestra_lsp.engine.learn import Learner
from orchestra_lsp.engine.route import Player
from orchestra_lsp.model import Health, Kind, State
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.local.engine import LocalEngine
from orchestra_lsp.tools.registry import Built, Shared, build
from orchestra_lsp.trust.mask import MaskedPrompt

log = logging.getLogger("orchestra")

AnyTool = Tool[MaskedPrompt] | LocalEngine

CHECK_S = 30.0  # of one tool's health check; programs take seconds to start, endpoints have a shorter limit of their own


class Ensemble:
    """Owns the tools of one process."""

    def __init__(self, settings: Settings, learner: Learner | None = None) -> None:
        self._settings = settings.tools
        self.chooser = Chooser(learner)
        self._shared = Shared()
        self._built: Built = build(settings, self._shared)
        self._checked: dict[str, tuple[float, Health]] = {}  # when, in seconds of the monotonic clock, and how it was
        self.caller = Caller(self._check_one)

    @property
    def embedded(self) -> LocalEngine | None:
        return self._built.embedded

    @property
    def tools(self) -> Mapping[str, Tool[MaskedPrompt]]:
        return self._built.tools

    def players(self, kind: Kind = Kind.COMPLETE) -> list[Player]:
        """The tools that can be chosen from, with their times for requests like `kind`."""
        vitals = self.caller.vitals(kind)
        return [
            Player(name, tool.abilities, self._health(name), vitals.get(name), self.chooser.rate(tool), self.prior(name))
            for name, tool in self.tools.items()
        ]

    def prior(self, name: str) -> Prior | None:
        """What is expected of a tool before anything was learned of it; None: there is no tool of that name."""
        tool = self.tools.get(name) or (self.embedded if self.embedded and self.embedded.name == name else None)
        if tool is None:
            return None
        settings = self._settings.get(name)
        return prior((settings.kind if settings else "") or name, tool.model, tool.abilities.reach)

    def health(self) -> dict[str, Health]:
        """All configured tools; those that could not be built come with the reason."""
        known = {name: self._health(name) for name in self.tools}
        own = {self.embedded.name: self.embedded.health()} if self.embedded else {}
        return {**own, **known, **self._built.problems}

    def _health(self, name: str) -> Health:
        """By its calls; before the first one, and while they go well, by the last check."""
        by_calls = self.caller.health(name)
        at, checked = self._checked.get(name, (0.0, Health(State.READY, "not asked yet")))
        newer = by_calls and self.caller.heard_at(name) >= at
        return by_calls if by_calls and (newer or by_calls.state is State.DOWN) else checked

    async def check(self) -> dict[str, Health]:
        everyone = _everyone(self._built)
        found = await asyncio.gather(*(_check(tool) for tool in everyone))
        for tool, health in zip(everyone, found, strict=True):
            self._checked[tool.name] = (time.monotonic(), health)
        return {**{tool.name: health for tool, health in zip(everyone, found, strict=True)}, **self._built.problems}

    async def warm_up(self) -> None:
        """Start the tools that are asked while somebody types; what goes wrong shows again when they are asked."""
        quick = [tool for tool in self.tools.values() if tool.abilities.kinds & {Kind.COMPLETE, Kind.NEXT_EDIT}]
        for found in await asyncio.gather(*(tool.start() for tool in quick), return_exceptions=True):
            if isinstance(found, ToolError):
                log.info("%s", found)
            elif isinstance(found, BaseException):
                raise found

    async def recheck(self, name: str) -> Health:
        """Ask one tool how it is, because something about it has just changed."""
        health = await self._check_one(name)
        self._checked[name] = (time.monotonic(), health)
        return health

    async def reconfigure(self, before: Settings, now: Settings) -> bool:
        """Build the tools anew; a request under way on an old one ends with an error and fails over.

        Gives whether the embedded engine, and with it what it has learned, was kept.
        """
        if before.tools == now.tools:
            return True
        old, new = self._built, build(now, self._shared)
        kept = bool(old.embedded and new.embedded and old.embedded.name == new.embedded.name)
        self._built = replace(new, embedded=old.embedded) if kept else new
        self._checked.clear()
        self.caller.forget()
        self._settings = now.tools
        self.chooser.forget_prices()
        await _close(replace(old, embedded=new.embedded) if kept else old)
        return kept

    async def close(self) -> None:
        await self.caller.close()
        await _close(self._built)
        await self._shared.close()

    async def _check_one(self, name: str) -> Health:
        tool = self.tools.get(name)
        return await _check(tool) if tool else Health(State.OFF, "switched off")


def _everyone(built: Built) -> list[AnyTool]:
    return [*built.tools.values(), *([built.embedded] if built.embedded else [])]


async def _check(tool: AnyTool) -> Health:
    try:
        async with asyncio.timeout(CHECK_S):
            return await tool.check()
    except TimeoutError:
        return Health(State.DOWN, f"did not answer within {CHECK_S:.0f} s", "see whether the endpoint is up, or switch the tool off")


async def _close(built: Built) -> None:
    for tool in _everyone(built):
        try:
            await tool.close()
        except OSError as error:
            log.warning("%s did not close cleanly: %s", tool.name, error)
