"""`orchestra top`: the live view in the terminal, drawn anew every second until it is interrupted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from orchestra_lsp.cli.word import FORMAT, Options, Word
from orchestra_lsp.commands.registry import Arguments, Parameter, Takes, command

if TYPE_CHECKING:
    from rich.console import RenderableType

    from orchestra_lsp.commands.registry import Context
    from orchestra_lsp.commands.result import Table

BEAT_S: Final = 1.0
#: Servers that had nobody watching look up only every other second.
FIRST_S: Final = 2.5


def act(arguments: Arguments, options: Options) -> int:
    from orchestra_lsp.cli.render import Screen, show
    from orchestra_lsp.commands.top import frame

    context = _context()
    screen = Screen(plain=options.json)
    table = frame(context)
    if arguments.flag("once") or screen.plain:
        if table.notes:  # nobody was watched yet: give a server the time to see that somebody looks
            time.sleep(FIRST_S)
            table = frame(context)
        show(table, screen, options.json)
        return 0
    _live(context, table)
    return 0


def _live(context: Context, first: Table) -> None:
    """Ends with an interrupt, which is how a person leaves it."""
    from rich.live import Live

    from orchestra_lsp.cli.render import console
    from orchestra_lsp.commands.top import frame

    with Live(_drawn(first), console=console(), screen=True, auto_refresh=False) as live:
        try:
            while True:
                time.sleep(BEAT_S)
                live.update(_drawn(frame(context)), refresh=True)
        except KeyboardInterrupt:
            return


def _drawn(table: Table) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    from orchestra_lsp.cli.render import grid_of

    return Group(Text(table.title, "bold"), grid_of(table), *(Text(note, "dim") for note in (*table.notes, "Ctrl-C ends it.")))


def _context() -> Context:
    from orchestra_lsp.cli.perform import Started, project_of
    from orchestra_lsp.commands.registry import Context
    from orchestra_lsp.config import load

    loaded = load((project_of("."),))
    return Context(loaded, Started(loaded, records=False).orchestra)


_COMMAND = command("top")
WORD = Word(
    name="top",
    summary=_COMMAND.summary,
    parameters=(Parameter("once", Takes.FLAG, "One look instead of a live view."),),
    phrases=_COMMAND.phrases,
    act=act,
    options=(FORMAT,),
)
