"""Finds the adapters by their file names and builds the tools that the settings name."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import orchestra_lsp.tools
from orchestra_lsp.model import Health, Reach, State
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.wire.http import Http

if TYPE_CHECKING:
    from orchestra_lsp.config import Settings, ToolSettings
    from orchestra_lsp.tools.local.engine import LocalEngine
    from orchestra_lsp.tools.wire.program import Program
    from orchestra_lsp.trust.mask import MaskedPrompt

NOT_ADAPTERS = frozenset({"contract", "registry", "wire"})


@dataclass(frozen=True, slots=True)
class Shared:
    """What the tools of one process share. It belongs to one event loop and outlives every rebuilding of the tools."""

    http: Http = field(default_factory=Http)

    async def close(self) -> None:
        """Give back all connections; calling it twice is harmless."""
        await self.http.close()


@dataclass(frozen=True, slots=True)
class Built:
    """The tools of the settings, by name and in their order.

    `tools` see masked prompts, `embedded` runs in this process, `problems` says of every other one why it is not there.
    """

    tools: Mapping[str, Tool[MaskedPrompt]]
    embedded: LocalEngine | None
    problems: Mapping[str, Health]


def kinds() -> tuple[str, ...]:
    """The names of all adapters: the modules and packages beside this file."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(orchestra_lsp.tools.__path__) if found.name not in NOT_ADAPTERS))


def program(kind: str) -> Program | None:
    """The program that an adapter runs, if it runs one: its `PROGRAM`, or that of its tool."""
    if kind not in kinds():
        return None
    module = import_module(f"orchestra_lsp.tools.{kind}")
    holders = [module, *(one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__)]
    return next((found for one in holders if (found := getattr(one, "PROGRAM", None)) is not None), None)


def build(settings: Settings, shared: Shared) -> Built:
    """Build what is switched on. Nothing is called and httpx is not imported; what cannot be built becomes a problem."""
    tools: dict[str, Tool[MaskedPrompt]] = {}
    embedded: LocalEngine | None = None
    problems: dict[str, Health] = {}
    for name, one in settings.tools.items():
        made = _create(name, one, shared)
        if isinstance(made, Health):
            problems[name] = made
        elif made.abilities.reach is not Reach.PROCESS:
            tools[name] = made
        elif embedded is None:
            embedded = made
        else:
            problems[name] = Health(State.OFF, f"{embedded.name} is the embedded engine already", f"remove tools.{name}")
    return Built(tools, embedded, problems)


def _create(name: str, settings: ToolSettings, shared: Shared) -> Any | Health:
    """A tool, or why there is none. Any, because adapters are found at run time; the contract test checks what they return."""
    if not settings.enabled:
        return Health(State.OFF, "switched off in the settings", f"set tools.{name}.enabled = true to use it")
    kind = settings.kind or name
    if kind not in kinds():
        return _unknown(name, kind)
    try:
        return import_module(f"orchestra_lsp.tools.{kind}").create(name, settings, shared)
    except ToolError as error:
        return Health(State.DOWN, error.problem, error.remedy)
    except ImportError as error:
        missing = error.name or "a package"
        return Health(State.DOWN, f"needs {missing}, which is not installed", f"install {missing} beside orchestra-lsp")


def _unknown(name: str, kind: str) -> Health:
    from difflib import get_close_matches

    near = get_close_matches(kind, kinds(), n=1, cutoff=0.5)
    guess = f'; did you mean "{near[0]}"?' if near else ""
    problem = f'there is no adapter "{kind}"{guess}' if kind else "it names no adapter"
    return Health(State.DOWN, problem, f"set tools.{name}.kind to one of: {', '.join(kinds())}")
