"""The commands, found by their file names: `write_tests.py` is the command `write-tests`.

This one registry feeds code actions, workspace/executeCommand, the command line and plain words.
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestra_lsp.commands.result import Result

if TYPE_CHECKING:
    from orchestra_lsp.config import Loaded
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.model import Buffer, Span
    from orchestra_lsp.review.reviewed import Reviewed
    from orchestra_lsp.tools.contract import SignInStep

NOT_COMMANDS: Final = frozenset({"registry", "result"})


class Place(StrEnum):
    """Where a command makes sense."""

    EDITOR = "editor"
    TERMINAL = "terminal"


class Changes(StrEnum):
    """What a command may change; whatever is not NOTHING is asked for before it happens."""

    NOTHING = "nothing"
    BUFFER = "buffer"
    DISK = "disk"


class Takes(StrEnum):
    """What kind of value a parameter takes; the last three are given by name, `--name`. A SENTENCE stands before paths, in quotes."""

    PATHS = "paths"
    PATH = "path"
    WORDS = "words"
    SENTENCE = "sentence"
    TEXT = "text"
    FLAG = "flag"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing a command can be told. PATHS, PATH and WORDS stand without a name; `slot` fills it from plain words."""

    name: str
    takes: Takes
    summary: str
    required: bool = False
    choices: tuple[str, ...] = ()  # the first is the default
    slot: str = ""


class WrongUse(Exception):
    """The person asked for something that cannot be: what is wrong, and the one thing to do."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """Checked values by parameter name; what was not given is absent."""

    values: Mapping[str, str | bool | tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def paths(self, name: str = "paths") -> tuple[str, ...]:
        value = self.values.get(name)
        return value if isinstance(value, tuple) else ()


def _silent(_message: str) -> None:
    """Progress for doors that show none."""


def _kept_back(_file: Reviewed) -> bool:
    """Findings for doors that show all of them at the end."""
    return False


def _unseen(_step: SignInStep) -> None:
    """Steps for doors where nobody can take one."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a door knows when a person asks. `buffer` and `span` are set in an editor, None in a terminal."""

    loaded: Loaded
    orchestra: Callable[[], Orchestra]  # made at the first call; most commands need none
    roots: tuple[str, ...] = ()
    buffer: Buffer | None = None
    span: Span | None = None
    neighbours: tuple[Buffer, ...] = ()
    opened: Callable[[], Sequence[Buffer]] = tuple  # the open documents as they are when it is called, on the event loop
    clock: Callable[[], float] = time.monotonic
    progress: Callable[[str], None] = _silent
    found: Callable[[Reviewed], bool] = _kept_back  # the findings of one file while others are looked at; whether they were shown
    show: Callable[[SignInStep], None] = _unseen  # something the person has to do now, while the command waits


Run = Callable[[Context, Arguments], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person asks for by name.

    `title` is for menus and code actions, `summary` for help, `phrases` are ways to ask for it in plain words.
    `run` raises WrongUse for what the person can put right.
    """

    name: str
    title: str
    summary: str
    phrases: tuple[str, ...]
    run: Run
    parameters: tuple[Parameter, ...] = ()
    changes: Changes = Changes.NOTHING
    places: frozenset[Place] = frozenset(Place)
    needs_selection: bool = False
    needs_model: bool = False
    needs_several: bool = False  # more than one model
    needs_agent: bool = False
    formats: tuple[str, ...] = ("text", "json")  # that the terminal can write; the first is the default

    def arguments(self, given: Mapping[str, object]) -> Arguments:
        """Check what came from outside. Raises WrongUse."""
        return checked_arguments(self.name, self.parameters, given)


def names() -> tuple[str, ...]:
    """All names, without importing a command."""
    here = str(Path(__file__).parent)
    modules = [module.name for module in pkgutil.iter_modules([here]) if not module.ispkg]
    return tuple(sorted(name.replace("_", "-") for name in modules if name not in NOT_COMMANDS))


@cache
def command(name: str) -> Command:
    """Raises WrongUse when there is none of that name."""
    if name not in names():
        raise WrongUse(f"There is no command {name!r}. There are: {', '.join(names())}.")
    module = importlib.import_module(f"orchestra_lsp.commands.{name.replace('-', '_')}")
    found = module.COMMAND
    if not isinstance(found, Command) or found.name != name:
        raise TypeError(f"{module.__name__}.COMMAND must be a Command named {name!r}")
    return found


def commands() -> Mapping[str, Command]:
    return {name: command(name) for name in names()}


def checked_arguments(name: str, parameters: Sequence[Parameter], given: Mapping[str, object]) -> Arguments:
    """Values from outside for the command `name`, checked against what it takes. Raises WrongUse."""
    known = {parameter.name: parameter for parameter in parameters}
    for key in given:
        if key not in known:
            raise WrongUse(f"{name} takes no {key!r}. It takes: {', '.join(known) or 'nothing'}.")
    values: dict[str, str | bool | tuple[str, ...]] = {}
    for key, parameter in known.items():
        if given.get(key) is not None:
            values[key] = _value(name, parameter, given[key])
        if parameter.required and not values.get(key):
            raise WrongUse(f"{name} needs {key}: {parameter.summary}")
    return Arguments(values)


def _value(name: str, parameter: Parameter, value: object) -> str | bool | tuple[str, ...]:
    match parameter.takes, value:
        case Takes.FLAG, bool():
            return value
        case Takes.PATHS, [*items] if all(isinstance(item, str) for item in items):
            return tuple(str(item) for item in items)
        case Takes.CHOICE, str() if value not in parameter.choices:
            raise WrongUse(f"{name}: {parameter.name} is one of {', '.join(parameter.choices)}, not {value!r}.")
        case ((Takes.PATH | Takes.WORDS | Takes.SENTENCE | Takes.TEXT | Takes.CHOICE), str()):
            return value
    raise WrongUse(f"{name}: {parameter.name} must be {_EXPECTED[parameter.takes]}, not {value!r}.")


_EXPECTED: Final = {
    Takes.FLAG: "true or false",
    Takes.PATHS: "a list of paths",
    Takes.PATH: "a path",
    Takes.WORDS: "text",
    Takes.SENTENCE: "text",
    Takes.TEXT: "text",
    Takes.CHOICE: "text",
}
