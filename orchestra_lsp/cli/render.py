"""Results on a screen, in a pipe, or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from orchestra_lsp.cli.findings import entries, grid, plain
from orchestra_lsp.commands.parts.values import value_of
from orchestra_lsp.commands.result import Edits, Findings, Result, Table, Text
from orchestra_lsp.review.reviewed import Reviewed, failing

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.table import Table as Grid

FOUND: Final = 1
STATES: Final = {"ok": "green", "ready": "green", "fault": "bold red", "down": "bold red", "degraded": "yellow", "off": "dim"}


class Screen:
    """Standard output and error. On a terminal with colours, in a pipe as plain lines that other programs can read."""

    def __init__(self, plain: bool = False) -> None:
        self.plain = plain or not sys.stdout.isatty()
        self.asks = sys.stdin.isatty() and sys.stderr.isatty()
        self._streams = False
        self._status: Status | None = None

    @property
    def out(self) -> Console:
        return console(error=False)

    def warn(self, message: str) -> None:
        print(f"orchestra: {message}", file=sys.stderr)

    def streaming(self, streams: bool) -> Screen:
        """The same screen; `streams`: findings are shown as they come."""
        self._streams = streams
        return self

    def found(self, file: Reviewed) -> bool:
        """Show the findings of one file at once; False where everything is shown at the end."""
        if self._streams:
            if self._status:  # its line must not get between ours
                self._status.stop()
            show_file(file, self)
            sys.stdout.flush()
            if self._status:
                self._status.start()
        return self._streams

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str], None]]:
        """A line that says what is going on, on a terminal and only while it goes on."""
        if self.plain or not sys.stderr.isatty():
            yield lambda _message: None
            return
        with console(error=True).status(title) as self._status:
            status = self._status
            yield lambda message: status.update(_escaped(f"{title}: {message}"))
        self._status = None

    def ask(self, question: str) -> bool:
        """Yes or no; no where nobody can answer."""
        if not self.asks:
            return False
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def show(result: Result, screen: Screen, as_json: bool) -> None:
    if as_json:
        json.dump(value_of(result), sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    match result:
        case Text():
            _show_text(result, screen)
        case Table():
            _show_table(result, screen)
        case Findings():
            _show_findings(result, screen)
        case Edits():
            raise TypeError("edits are made, not shown; see write.make")


def exit_code(result: Result) -> int:
    """0 clean, 1 findings or something that needs care."""
    match result:
        case Findings():
            return FOUND if any(failing(file.findings, result.fail_on) for file in result.files) else 0
        case Table():
            return 0 if result.ok else FOUND
    return 0


# --- reading ---


def _show_text(text: Text, screen: Screen) -> None:
    if screen.plain:
        sys.stdout.write(text.markdown)
        return
    from rich.markdown import Markdown

    screen.out.rule(f"[bold]{_escaped(text.title)}", align="left", style="dim")
    screen.out.print(Markdown(text.markdown))


# --- tables ---


def _show_table(table: Table, screen: Screen) -> None:
    rows = [row for row in table.rows if any(row)]
    if screen.plain:
        _plain_table(table, rows)
        return
    from rich.text import Text as Line

    screen.out.print(f"[bold]{_escaped(table.title)}[/]")
    if rows:
        screen.out.print(grid_of(table))
    for note in table.notes:
        screen.out.print(Line(note, "dim"))


def grid_of(table: Table) -> Grid:
    """The rows of a table for a screen, without columns that hold nothing."""
    from rich.table import Table as Grid
    from rich.text import Text as Line

    rows = [row for row in table.rows if any(row)]
    used = [number for number in range(len(table.columns)) if any(row[number] for row in rows)]
    grid = Grid(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for number in used:
        numeric = all(row[number].replace(".", "").isdigit() for row in rows)
        grid.add_column(
            table.columns[number], justify="right" if numeric else "left", overflow="fold", no_wrap=number == used[0] and len(used) > 1
        )
    for row in rows:
        grid.add_row(*(Line(row[number], STATES.get(row[number], "bold" if number == used[0] else "")) for number in used))
    return grid


def _plain_table(table: Table, rows: list[tuple[str, ...]]) -> None:
    if rows:
        widths = [max(map(len, cells)) for cells in zip(table.columns, *rows, strict=True)]
        for row in (table.columns, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for note in table.notes:
        print(note, file=sys.stderr)


# --- findings ---


def show_file(file: Reviewed, screen: Screen) -> None:
    if screen.plain:
        print("\n".join(plain(file.path, entries(file))))
        return
    console = screen.out
    console.print(f"[underline]{_escaped(file.path)}[/]")
    console.print(grid(console, file.buffer, entries(file)))
    console.print()


def _show_findings(result: Findings, screen: Screen) -> None:
    for file in result.files if not result.told else ():
        if file.findings:
            show_file(file, screen)
    for reason in result.skipped:
        screen.warn(f"skipped {reason}")
    if screen.plain:
        print(result.title, file=sys.stderr)
    else:
        screen.out.print(f"[bold]{_escaped(result.title)}[/]")


# --- rich ---


def console(error: bool = False) -> Console:
    from rich.console import Console

    class Loud(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # the one place that deals with it is main

    return Loud(stderr=error, highlight=False, emoji=False)


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
