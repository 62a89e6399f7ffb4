"""Every tool there is or could be: installed, signed in, what it can do and what it costs; `try NAME` asks one a small thing."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestra_lsp.commands.registry import Arguments, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Result, Table
from orchestra_lsp.model import Health, Kind, Prompt, Reach, State

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.model import Abilities, Answer
    from orchestra_lsp.tools.contract import Tool
    from orchestra_lsp.tools.wire.program import Program
    from orchestra_lsp.trust.mask import MaskedPrompt

COLUMNS = ("tool", "adapter", "installed", "signed in", "state", "can", "price", "found", "what to do", "last error")
_ERRORS = "SELECT tool, max(at_us), problem FROM tool_call WHERE outcome = 'failed' AND problem <> '' GROUP BY tool"
TRY_COLUMNS = ("what", "found")
VERSION_SECONDS = 8.0
TRY_SECONDS = 60.0
#: What a tool is asked as a trial; the first kind that it can.
TRIED = (Kind.COMPLETE, Kind.NEXT_EDIT, Kind.EXPLAIN, Kind.EDIT, Kind.DOCUMENT, Kind.TEST, Kind.REVIEW)
NOT_SET_UP = Health(State.OFF, "not in your settings")
BEFORE, AFTER = "def add(a, b):\n    return ", "\n\n\nprint(add(1, 2))\n"


@dataclass(frozen=True, slots=True)
class Known:
    """A tool of the settings, or an adapter that is in none. `abilities` None: it was not built."""

    name: str
    kind: str
    settings: ToolSettings | None
    health: Health
    abilities: Abilities | None = None
    model: str = ""


async def run(context: Context, arguments: Arguments) -> Result:
    match arguments.text("words").split():
        case []:
            return await _list(context)
        case ["try", name]:
            return await _try(context, name)
        case ["try"]:
            raise WrongUse(f"Name the tool to try: {', '.join(context.orchestra().tools) or 'none is configured'}.")
    raise WrongUse("tools takes nothing, or `try` and the name of a tool.")


# --- all of them ---


async def _list(context: Context) -> Result:
    context.progress("Asking the tools")
    from orchestra_lsp.tools import registry

    orchestra = context.orchestra()
    health = await orchestra.check()
    settings = context.loaded.settings.tools
    able = {player.name: player.abilities for player in orchestra.players()}
    known = [_known(name, settings[name], (one, able.get(name)), orchestra.tools.get(name)) for name, one in health.items()]
    there = {one.kind for one in known}
    known += [Known(kind, kind, None, NOT_SET_UP) for kind in registry.kinds() if kind not in there]
    installed = await asyncio.gather(*(_installed(one) for one in known))
    errors = await asyncio.to_thread(_last_errors, context)
    rows = [(*_row(one, how), errors.get(one.name, "")) for one, how in zip(known, installed, strict=True)]
    well = not any(one.health.state in (State.DOWN, State.SIGNED_OUT) for one in known)
    return Table("Tools", COLUMNS, tuple(rows), [dict(zip(COLUMNS, row, strict=True)) for row in rows], ok=well)


def _known(name: str, settings: ToolSettings, found: tuple[Health, Abilities | None], tool: Tool[MaskedPrompt] | None) -> Known:
    health, abilities = found
    return Known(name, settings.kind or name, settings, health, abilities, tool.model if tool else settings.model)


def _row(one: Known, installed: str) -> tuple[str, ...]:
    can = ", ".join(kind.value for kind in Kind if one.abilities and kind in one.abilities.kinds)
    remedy = one.health.remedy or ("" if one.settings else f"add [tools.{one.kind}] to your settings to use it")
    state = "not set up" if one.settings is None else one.health.state.value
    return one.name, one.kind, installed, _signed_in(one), state, can, _price(one), one.health.reason, remedy


def _signed_in(one: Known) -> str:
    """A check that went well has got past the sign-in; of a tool that is down nobody knows."""
    if one.kind == "local" or (one.abilities and one.abilities.reach is not Reach.OUTSIDE):
        return "not needed"
    if one.health.state is State.SIGNED_OUT:
        return "no"
    return "yes" if one.health.state in (State.READY, State.DEGRADED) else "unknown"


def _last_errors(context: Context) -> Mapping[str, str]:
    """By tool, what its last failure was and how long ago; empty when nothing is on record."""
    import sqlite3

    from orchestra_lsp.commands.parts.recorded import recorded

    try:
        with recorded(context) as store:
            rows = store.read(_ERRORS)
    except (WrongUse, sqlite3.Error):
        return {}  # the list is worth showing without it
    return {str(tool): f"{problem} ({_ago(time.time() - int(at_us) / 1e6)} ago)" for tool, at_us, problem in rows}


def _ago(seconds: float) -> str:
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {word}"
    return f"{max(0.0, seconds):.0f} s"


async def _installed(one: Known) -> str:
    """Of a program: its version, or "no"; of everything else that it needs no installing."""
    from orchestra_lsp.tools import registry

    program = registry.program(one.kind)
    if program is None:
        return "built in"
    own = [*program.headless[:1], *program.acp[:1]]
    names = (one.settings.command[:1] if one.settings else []) or own
    path = next((found for name in names if (found := shutil.which(os.path.expanduser(name)))), None)
    if path is None:
        return "no"
    # A command of the person's may be anything that starts it; the version of that says nothing.
    return await _version(one.name, program, path) if Path(path).stem in own else "yes"


async def _version(name: str, program: Program, path: str) -> str:
    from orchestra_lsp.tools.contract import ToolError
    from orchestra_lsp.tools.wire.environment import scrubbed
    from orchestra_lsp.tools.wire.process import Launch
    from orchestra_lsp.tools.wire.program import output_of, version_in

    launch = Launch(name, program.what, (path, "--version"), Path.home(), scrubbed() | dict(program.environment))
    try:
        version = version_in(await output_of(launch, time.monotonic() + VERSION_SECONDS))
    except ToolError as error:
        return f"yes, but {error.problem}"
    return ".".join(map(str, version)) if version else "yes"


def _price(one: Known) -> str:
    """As it is known; what is not is unknown, never nothing."""
    settings = one.settings
    if one.kind == "local" or (one.abilities and one.abilities.reach is not Reach.OUTSIDE):
        return "none: runs here"
    if settings and settings.price:
        own = _dollars(settings.price.get("input"), settings.price.get("output"))
        return f"{own}, your own"
    from orchestra_lsp.tools.wire.prices import provider_at, row_for

    host = urlsplit(settings.url).hostname if settings and settings.url else ""
    row = row_for(provider_at(host) if host else one.kind, one.model, 0, datetime.now(UTC))
    if row is None or (row.unit == "usd" and (row.input is None or row.output is None)):
        return "unknown"
    if row.unit != "usd":
        return "in the plan" if row.unit == "included" else row.unit
    return f"{_dollars(row.input, row.output)}, seen {row.checked}"


def _dollars(read: float | None, written: float | None) -> str:
    shown = ["?" if one is None else f"${one:g}" for one in (read, written)]
    return f"{shown[0]} in, {shown[1]} out for a million tokens"


# --- one of them ---


async def _try(context: Context, name: str) -> Result:
    """One small request; nothing of the person's is in it."""
    from orchestra_lsp.engine.outgoing import Outgoing
    from orchestra_lsp.engine.trial import Trial
    from orchestra_lsp.tools.contract import ToolError
    from orchestra_lsp.trust.mask import Vault

    orchestra = context.orchestra()
    tool = orchestra.tools.get(name)
    if tool is None:
        raise WrongUse(_not_there(name, orchestra.health(), list(orchestra.tools)))
    kind = next((one for one in TRIED if one in tool.abilities.kinds), None)
    if kind is None:
        raise WrongUse(f"{name} can only change whole workspaces, which is not tried on the side.")
    context.progress(f"Asking {name}")
    trial = Trial(tool, Outgoing(_question(kind), Vault()), time.monotonic() + TRY_SECONDS)
    try:
        answer = await trial.ask()
    except ToolError as error:
        failed = (("asked for", kind.value), ("answer", "none"), ("why", error.problem), ("what to do", error.remedy))
        return Table(f"{name} did not answer", TRY_COLUMNS, failed, dict(failed), ok=False)
    rows = _tried(kind, answer, trial.first_s)
    return Table(f"{name} answers", TRY_COLUMNS, rows, dict(rows))


def _not_there(name: str, health: Mapping[str, Health], there: list[str]) -> str:
    if name in health and health[name].reason:
        return f"{name} cannot be tried: {health[name].reason}. To do: {health[name].remedy or 'nothing'}."
    return f"There is no tool {name!r} to try; there are: {', '.join(there) or 'none'}."


def _question(kind: Kind) -> Prompt:
    inside = kind in (Kind.COMPLETE, Kind.NEXT_EDIT)
    return Prompt(
        kind=kind,
        language="python",
        uri="file:///example/sums.py",
        path="sums.py",
        prefix=BEFORE if inside else "",
        selection="" if inside else f"{BEFORE}a + b\n",
        suffix=AFTER if inside else "",
        max_tokens=64 if inside else 512,
    )


def _tried(kind: Kind, answer: Answer, first_s: float | None) -> tuple[tuple[str, str], ...]:
    usage = answer.usage
    counts = (("tokens read", usage.input_tokens), ("tokens written", usage.output_tokens))
    return (
        ("asked for", kind.value),
        ("answer", answer.text.strip()),
        ("first word after", "unknown" if first_s is None else f"{first_s * 1e3:.0f} ms"),
        ("whole after", f"{answer.latency_ms:.0f} ms"),
        *((what, "unknown" if count is None else f"{count:,}") for what, count in counts),
        ("cost", "unknown" if usage.cost is None else f"${usage.cost:.6f}"),
    )


COMMAND = Command(
    name="tools",
    title="Show every tool and what it needs",
    summary="List every tool: installed, signed in, abilities, price; `try NAME` sends one a small request.",
    phrases=("list every tool with its price", "what does each tool cost", "which tools are installed", "show the abilities of the tools"),
    run=run,
    parameters=(Parameter("words", Takes.WORDS, "Nothing, or `try` and the name of a tool."),),
)
