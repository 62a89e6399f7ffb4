"""The tools that are switched on, and how each of them was when last heard of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.call import Attempt
from orchestra_lsp.engine.route import Player
from orchestra_lsp.model import Health, State
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.local.engine import LocalEngine
from orchestra_lsp.tools.registry import Built, Shared, build
from orchestra_lsp.trust.mask import MaskedPrompt

log = logging.getLogger("orchestra")

AnyTool = Tool[MaskedPrompt] | LocalEngine

CHECK_S = 5.0  # of one tool's health check


class Ensemble:
    """Owns the tools of one process."""

    def __init__(self, settings: Settings) -> None:
        self._shared = Shared()
        self._built: Built = build(settings, self._shared)
        self._heard: dict[str, Health] = {}

    @property
    def embedded(self) -> LocalEngine | None:
        return self._built.embedded

    @property
    def tools(self) -> Mapping[str, Tool[MaskedPrompt]]:
        return self._built.tools

    def players(self) -> list[Player]:
        return [Player(name, tool.abilities, self._heard.get(name, Health(State.READY))) for name, tool in self.tools.items()]

    def health(self) -> dict[str, Health]:
        """All configured tools; those that could not be built come with the reason."""
        known = {name: self._heard.get(name, Health(State.READY, "not asked yet")) for name in self.tools}
        own = {self.embedded.name: self.embedded.health()} if self.embedded else {}
        return {**own, **known, **self._built.problems}

    def heard(self, attempts: Sequence[Attempt]) -> None:
        """Remember how the tools did; one good answer makes a tool well again."""
        for attempt in attempts:
            error = attempt.error
            self._heard[attempt.tool] = Health(State.DOWN, error.problem, error.remedy) if error else Health(State.READY)

    async def check(self) -> dict[str, Health]:
        everyone = _everyone(self._built)
        found = await asyncio.gather(*(_check(tool) for tool in everyone))
        for tool, health in zip(everyone, found, strict=True):
            self._heard[tool.name] = health
        return {**{tool.name: health for tool, health in zip(everyone, found, strict=True)}, **self._built.problems}

    async def reconfigure(self, before: Settings, now: Settings) -> bool:
        """Build the tools anew; a request under way on an old one ends with an error and fails over.

        Gives whether the embedded engine, and with it what it has learned, was kept.
        """
        if before.tools == now.tools:
            return True
        old, new = self._built, build(now, self._shared)
        kept = bool(old.embedded and new.embedded and old.embedded.name == new.embedded.name)
        self._built = replace(new, embedded=old.embedded) if kept else new
        self._heard.clear()
        await _close(replace(old, embedded=new.embedded) if kept else old)
        return kept

    async def close(self) -> None:
        await _close(self._built)
        await self._shared.close()


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
