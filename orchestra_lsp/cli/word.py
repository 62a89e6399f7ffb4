"""What the terminal can be told: the registry's commands, and the few things that only make sense here."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from orchestra_lsp.commands import registry
from orchestra_lsp.commands.registry import Arguments, Changes, Command, Parameter, Place, Takes

#: Words that are not commands of the registry, or are done in another way here: name -> module with WORD.
OWN: Final = {"try": "play", "mask": "mask", "do": "do", "top": "top", "hooks": "hooks"}
#: The order of `orchestra --help`; whatever is new comes behind.
ORDER: Final = (
    "try",
    "review",
    "fix",
    "review-change",
    "hooks",
    "facts",
    "mask",
    "explain",
    "rewrite",
    "write-tests",
    "document",
    "change",
    "ask-several",
    "do",
    "why",
    "stats",
    "top",
    "status",
    "tools",
    "sign-in",
    "sign-out",
    "doctor",
    "init",
)

FORMAT: Final = Parameter("format", Takes.CHOICE, "For people or for programs.", choices=("text", "json"))
YES: Final = Parameter("yes", Takes.FLAG, "Make the changes without asking.")


@dataclass(frozen=True, slots=True)
class Options:
    """What every word can be told beside its own arguments."""

    json: bool = False
    yes: bool = False
    report: str = ""  # for another program: sarif, github, gitlab, junit


@dataclass(frozen=True, slots=True)
class Word:
    """One sub-command. `act` gives the exit code: 0 clean, 1 findings, 2 wrong use; it may raise WrongUse."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    phrases: tuple[str, ...]
    act: Callable[[Arguments, Options], int]
    changes: Changes = Changes.NOTHING
    options: tuple[Parameter, ...] = ()


def words() -> Mapping[str, Word]:
    """All of them, in the order of the help."""
    found = {name: _of(command) for name, command in registry.commands().items() if Place.TERMINAL in command.places}
    for name, module in OWN.items():
        found[name] = importlib.import_module(f"orchestra_lsp.cli.{module}").WORD
    places = {name: place for place, name in enumerate(ORDER)}
    return {name: found[name] for name in sorted(found, key=lambda name: (places.get(name, len(places)), name))}


def _of(command: Command) -> Word:
    def act(arguments: Arguments, options: Options) -> int:
        from orchestra_lsp.cli.perform import perform

        return perform(command, arguments, options)

    form = replace(FORMAT, choices=command.formats)
    options = (form,) if command.changes is Changes.NOTHING else (form, YES)
    return Word(command.name, command.summary, command.parameters, command.phrases, act, command.changes, options)
