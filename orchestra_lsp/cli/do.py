"""`orchestra do`: plain words to a command. What was understood is shown, and asked for before anything changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from orchestra_lsp.cli.word import YES, Options, Word, words
from orchestra_lsp.commands.registry import Arguments, Changes, Parameter, Takes, WrongUse
from orchestra_lsp.commands.words.line import command_line
from orchestra_lsp.commands.words.understand import Guess, Understood, understand

NOT_UNDERSTOOD = 2


def act(arguments: Arguments, options: Options) -> int:
    from orchestra_lsp.cli.render import Screen

    sentence = arguments.text("words")
    if not sentence:
        raise WrongUse('Say what you want, for instance: orchestra do "review what I staged".')
    known = {name: word for name, word in words().items() if name != "do"}
    understood = understand(sentence, tuple(known.values()), defined=_defined)
    if understood.command is None:
        return _not_understood(understood)
    meant = understood.command
    word = known[meant.name]
    screen = Screen()
    print(f"> {_line(meant)}", file=sys.stderr)
    if word.changes is not Changes.NOTHING and not options.yes:
        if not screen.asks:
            raise WrongUse("That would change something; say --yes to do it, or answer in a terminal.")
        if not screen.ask(f"{word.summary} Go on?"):
            print("Nothing was done.", file=sys.stderr)
            return 0
    return word.act(Arguments(meant.arguments), Options(understood.json, options.yes))


def _defined(name: str, paths: Sequence[str]) -> bool:
    from orchestra_lsp.commands.parts.subject import definitions
    from orchestra_lsp.config import Settings

    there = [path for path in paths if os.path.exists(path)] if paths else ["."]
    return any(True for _ in definitions(name, there, Settings().server.max_document_bytes))


def _line(guess: Guess) -> str:
    return command_line(guess.name, words()[guess.name].parameters, guess.arguments)


def _not_understood(understood: Understood) -> int:
    unknown = f"There is no file, folder or function {understood.unknown!r} here. " if understood.unknown else ""
    if not understood.near:
        print(f"{unknown}That was not understood. `orchestra --help` lists what there is.", file=sys.stderr)
        return NOT_UNDERSTOOD
    print(f"{unknown}That was not understood surely enough. Did you mean:", file=sys.stderr)
    for guess in understood.near:
        print(f"  {_line(guess)}", file=sys.stderr)
    return NOT_UNDERSTOOD


WORD = Word(
    name="do",
    summary='Say what you want in plain words: orchestra do "review what I staged".',
    parameters=(Parameter("words", Takes.WORDS, "What you want.", required=True),),
    phrases=(),
    act=act,
    options=(YES,),
)
