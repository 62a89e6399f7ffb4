"""What is to be known of a coding agent before it is started, and where it is on this machine."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.limit import Limit
from orchestra_lsp.tools.wire.process import Launch, start

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings

VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
#: How windows starts what npm installs; anything in an argument of theirs would be read by the command interpreter.
SCRIPTS = frozenset({".cmd", ".bat"})
MOST_OUTPUT = 100_000  # bytes

DOORS = ("acp", "headless")


@dataclass(frozen=True, slots=True)
class Program:
    """One agent. `acp` and `headless` are its commands for either way of driving it, empty where there is none."""

    what: str  # its name for people
    acp: tuple[str, ...] = ()
    headless: tuple[str, ...] = ()
    install: str = ""  # the one thing to do when it is missing
    sign_in: str = ""  # and when nobody is signed in
    key: str = ""  # the variable that takes the key of the settings
    variables: frozenset[str] = frozenset()  # of our environment, what it may see beside the usual
    homes: frozenset[str] = frozenset()  # and those that say where its own files are, which a change does not see
    environment: Mapping[str, str] = field(default_factory=dict)  # always set
    least: tuple[int, int, int] = (0, 0, 0)  # the oldest version of the headless program that is known to work
    questions: tuple[str, ...] = DOORS  # the doors for questions, the better one first; a change always prefers ACP
    alone: bool = False  # over ACP, one question at a time
    roams: bool = False  # headless, it does not stay in its folder by itself
    unverified: str = ""  # whose documentation it was written from, when nobody has tried the real one


@dataclass(frozen=True, slots=True)
class Found:
    """The command that is on this machine, its program in full, and whether it speaks ACP."""

    argv: tuple[str, ...]
    acp: bool


@dataclass(frozen=True, slots=True)
class Invocation:
    """One headless run: what is put behind the command, and what it reads from its standard input.

    `shown`: a file's text is among the arguments, because the program reads it nowhere else.
    """

    arguments: tuple[str, ...]
    told: bytes = b""
    shown: bool = False


def find(tool: str, program: Program, settings: ToolSettings, change: bool) -> Found:
    """By the settings' command, else the agent's own that is installed, for a change or for questions. Raises ToolError."""
    own = {"acp": program.acp, "headless": program.headless}
    wanted = (settings.protocol,) if settings.protocol else DOORS if change or settings.command else program.questions
    possible = [name for name in wanted if own[name] or (settings.command and name == "acp")]
    if not possible:
        raise ToolError(tool, f"{program.what} has no {settings.protocol} door", f"remove tools.{tool}.protocol", retryable=False)
    if settings.command:
        return _own_command(tool, tuple(settings.command), acp=possible[0] == "acp")
    for name in possible:
        if path := shutil.which(own[name][0]):
            return Found((path, *own[name][1:]), name == "acp")
    raise trouble.missing(tool, own[possible[-1]][0], program.install)


def invoked(tool: str, found: Found, invocation: Invocation) -> tuple[str, ...]:
    """The whole command line. Raises ToolError where it cannot be put together safely."""
    if invocation.shown and sys.platform == "win32" and Path(found.argv[0]).suffix.lower() in SCRIPTS:
        problem = "on Windows a file's text cannot be handed to a command script"
        raise ToolError(tool, problem, f"set tools.{tool}.command to the program itself", retryable=False)
    return (*found.argv, *invocation.arguments)


async def output_of(launch: Launch, until: float) -> str:
    """What a program prints and ends; `until` is in seconds of `time.monotonic()`. Raises ToolError."""
    process, limit, said = await start(launch), Limit(), b""
    try:
        while (chunk := await limit.wait(process.read(), until)) and len(said) < MOST_OUTPUT:
            said += chunk
    except TimeoutError:
        raise trouble.late(launch.tool) from None
    finally:
        limit.close()
        await process.end()
    return said.decode("utf-8", "replace")


def version_in(text: str) -> tuple[int, int, int] | None:
    """The first version in it."""
    match = VERSION.search(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def secret_values(environment: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """Values of the variables that hold keys: nothing the program writes may show them."""
    return tuple(value for name in names if len(value := environment.get(name, "")) >= 8 and not value.startswith("http"))


def _own_command(tool: str, command: tuple[str, ...], acp: bool) -> Found:
    path = shutil.which(os.path.expanduser(command[0]))
    if path is None:
        raise trouble.missing(tool, command[0], f"correct tools.{tool}.command, or install it")
    return Found((path, *command[1:]), acp)
