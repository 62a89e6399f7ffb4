"""Look everything over: settings, grammars, store, and every tool by asking it. Each fault comes with the one thing to do."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp import __version__
from orchestra_lsp.commands.registry import Arguments, Command, Context
from orchestra_lsp.commands.result import Result, Table
from orchestra_lsp.model import Health, Kind, State
from orchestra_lsp.syntax import language

if TYPE_CHECKING:
    from orchestra_lsp.config import Loaded, ToolSettings

COLUMNS = ("what", "state", "found", "what to do")
GOOD, BAD, OFF = "ok", "fault", "off"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `state` is "ok", "fault" or "off"."""

    what: str
    state: str
    found: str = ""
    remedy: str = ""

    def row(self) -> tuple[str, ...]:
        return self.what, self.state, self.found, self.remedy


async def run(context: Context, _arguments: Arguments) -> Result:
    context.progress("Asking the tools")
    orchestra = context.orchestra()
    (grammars, store), health, shut = await asyncio.gather(
        asyncio.to_thread(_local, context), orchestra.check(), asyncio.to_thread(_confinement, orchestra.can(Kind.CHANGE))
    )
    tools = [_tool(name, one, context.loaded.settings.tools.get(name)) for name, one in health.items()]
    settings = _settings(context.loaded)
    checks = [_itself(), *settings, *grammars, store, *shut, *tools]
    value = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "settings": {
            "sources": list(context.loaded.sources),
            "problems": [{"source": one.source, "key": one.key, "expected": one.expected} for one in context.loaded.problems],
            "experimental": _experimental(context.loaded),
        },
        "grammars": [_plain(one) for one in grammars],
        "store": _plain(store),
        "agents": [_plain(one) for one in shut],
        "tools": [_tool_value(name, one, context.loaded.settings.tools.get(name)) for name, one in health.items()],
    }
    faults = sum(check.state == BAD for check in checks)
    title = "All is well" if not faults else "1 fault" if faults == 1 else f"{faults} faults"
    return Table(title, COLUMNS, tuple(check.row() for check in checks), value, ok=not faults)


def _itself() -> Check:
    return Check("orchestra-lsp", GOOD, f"{__version__} on Python {platform.python_version()}, {platform.system()}")


def _settings(loaded: Loaded) -> list[Check]:
    where = ", ".join(loaded.sources) or "defaults only"
    remedy = "" if loaded.sources else "`orchestra init --user` writes a commented file"
    checks = [Check("settings", GOOD, where, remedy)]
    checks += [
        Check("settings", BAD, str(problem), f"correct {problem.key or 'the file'} in {problem.source}") for problem in loaded.problems
    ]
    checks += [Check("experimental", GOOD, f"{name} is on") for name in _experimental(loaded)]
    return checks


def _experimental(loaded: Loaded) -> list[str]:
    return [name for name, on in loaded.settings.experimental.model_dump().items() if on]


def _local(context: Context) -> tuple[list[Check], Check]:
    return _grammars(), _store(context.loaded)


def _confinement(agents: bool) -> list[Check]:
    """Whether agents are kept in their copies; said only where there are any."""
    from orchestra_lsp.trust.confine import confinement

    if not agents:
        return []
    found = confinement()
    if found.by:
        return [Check("agents", GOOD, f"{found}: they see a masked copy of the workspace and nothing else of yours; network is open")]
    return [Check("agents", GOOD, f"{found}. They get a masked copy, and could read other files of yours", "on Linux, install bubblewrap")]


def _grammars() -> list[Check]:
    broken = [check for name in language.names() if (check := _grammar(name))]
    sound = [name for name in language.names() if name not in {check.what.removeprefix("grammar ") for check in broken}]
    return [Check("languages", GOOD, ", ".join(sound)), *broken]


def _grammar(name: str) -> Check | None:
    try:
        language.grammar(name)
    except (ImportError, OSError, ValueError, TypeError) as error:
        package = language.definition(name).module.replace("_", "-")
        return Check(f"grammar {name}", BAD, f"does not load: {error}", f"install {package} again")
    return None


def _store(loaded: Loaded) -> Check:
    from orchestra_lsp.store.store import default_path, open_store

    if not loaded.settings.server.store:
        return Check("store", OFF, "server.store is off: nothing is recorded")
    path = default_path()
    if not path.exists():
        return Check("store", GOOD, f"{path}, begins with the first suggestion")
    store, problem = open_store(path)
    if store is None:
        return Check("store", BAD, problem, "make the folder writable, or set ORCHESTRA_STORE to another file")
    store.close()
    return Check("store", GOOD, problem or str(path))


def _tool(name: str, health: Health, settings: ToolSettings | None) -> Check:
    state = {State.READY: GOOD, State.OFF: OFF}.get(health.state, BAD)
    about = ", ".join(part for part in (settings.model, settings.url) if part) if settings else ""
    found = health.reason or (about or "ready")
    return Check(f"tool {name}", state, found, health.remedy)


def _tool_value(name: str, health: Health, settings: ToolSettings | None) -> Mapping[str, object]:
    return {
        "name": name,
        "kind": (settings.kind or name) if settings else name,
        "configured": settings is not None,
        "enabled": bool(settings and settings.enabled),
        "reachable": health.state in (State.READY, State.DEGRADED),
        "state": health.state.value,
        "reason": health.reason,
        "remedy": health.remedy,
    }


def _plain(check: Check) -> Mapping[str, object]:
    return {"what": check.what, "state": check.state, "found": check.found, "remedy": check.remedy}


COMMAND = Command(
    name="doctor",
    title="Check settings and tools",
    summary="Check settings, languages and store, and ask every tool how it is.",
    phrases=(
        "doctor",
        "check my setup",
        "check the installation",
        "check my settings",
        "check the tools",
        "is everything working",
        "is tool working",
        "is tool reachable",
        "what is wrong",
        "what is broken",
        "diagnose the problem",
        "health check",
        "test my setup",
        "test my settings",
        "my completions do not work",
        "why does it not work",
        "why is tool not working",
        "why do i get no completions",
        "troubleshoot",
        "is my configuration valid",
        "can you reach tool",
    ),
    run=run,
)
