"""Findings for people: one line each in a pipe; on a terminal with the place in the source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from orchestra_lsp.model import Buffer, Severity
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.syntax.text import Encoding, decode, line_bounds, position_at

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

COLOURS: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan", Severity.HINT: "dim"}
LEFT: Final = 22  # columns of a terminal that stand before a message
MARGIN: Final = 16  # characters of a long line that are shown before the marked place


@dataclass(frozen=True, slots=True)
class Entry:
    """What is shown of one finding, whoever found it. Line and columns count from 0, in code points."""

    line: int
    columns: tuple[int, int]
    severity: Severity
    message: str
    rule: str
    notes: tuple[tuple[str, str], ...] = ()  # text and style of what stands below


def entries(file: Reviewed) -> list[Entry]:
    found = []
    for finding in file.findings:
        line, column = position_at(file.buffer, finding.span.start, Encoding.UTF32)
        last, end = position_at(file.buffer, finding.span.end, Encoding.UTF32)
        stop = end if last == line else len(source_line(file.buffer, line))
        notes = ((f"fix: {finding.fix.title}", "green"),) if finding.fix else ()
        found.append(Entry(line, (column, stop), finding.severity, finding.message, finding.rule, notes))
    return found


def plain(path: str, found: Iterable[Entry]) -> Iterable[str]:
    """`path:line:column: severity: message [rule]`, as editors and other programs read it."""
    for entry in found:
        yield f"{path}:{entry.line + 1}:{entry.columns[0] + 1}: {entry.severity.value}: {entry.message} [{entry.rule}]"


def grid(console: Console, buffer: Buffer, found: Iterable[Entry]) -> Table:
    """The findings of one file as aligned blocks: place, severity, then message, source and notes below each other."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=9, justify="right", style="dim")
    table.add_column(width=7)
    table.add_column(ratio=1)
    for entry in found:
        colour = COLOURS[entry.severity]
        head = Text.assemble(entry.message, (f"  {entry.rule}", "dim"))
        source = _marked(source_line(buffer, entry.line), entry.columns, max(20, console.width - LEFT), f"{colour} underline")
        notes = [Text(text, style) for text, style in entry.notes]
        table.add_row(f"{entry.line + 1}:{entry.columns[0] + 1}", Text(entry.severity.value, colour), Group(head, source, *notes))
    return table


def source_line(buffer: Buffer, line: int) -> str:
    start, end = line_bounds(buffer.data, buffer.line_starts, line)
    return decode(buffer.data[start:end])


def _marked(whole: str, columns: tuple[int, int], width: int, style: str) -> Text:
    """The line without its indentation, as much of it as fits, around the marked columns."""
    from rich.text import Text

    indent = len(whole) - len(whole.lstrip())
    source = whole.rstrip().expandtabs(1)
    start, stop = columns[0], max(columns[0] + 1, columns[1])
    # A long line begins shortly before the marked place, which has to fit between the dots at both ends.
    room = width - len("...") - 1 - (stop - start)
    begin = indent if stop - indent < width else max(indent, start - max(0, min(MARGIN, room)))
    if len(source) - begin < width - len("..."):  # the end of the line fits: show more of what stands before the place
        begin = max(indent, len(source) - width + len("..."))
    text = Text("..." if begin > indent else "", no_wrap=True, overflow="ellipsis")
    text.append(source[begin:start])
    text.append(source[start:stop], style)
    text.append(source[stop:])
    return text
