"""`orchestra do`: plain words to a command. What was understood is shown, and asked for before anything changes."""

from __future__ import annotations

import sys

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
    understood = understand(sentence, tuple(known.values()))
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


def _line(guess: Guess) -> str:
    return command_line(guess.name, words()[guess.name].parameters, guess.arguments)


def _not_understood(understood: Understood) -> int:
    if not understood.near:
        print("That was not understood. `orchestra --help` lists what there is.", file=sys.stderr)
        return NOT_UNDERSTOOD
    print("That was not understood surely enough. Did you mean:", file=sys.stderr)
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
