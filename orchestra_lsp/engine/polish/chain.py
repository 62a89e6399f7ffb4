"""The filters and their order. A filter is a pure function of a draft: a better draft, or None to drop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module

from orchestra_lsp.model import Buffer, Kind, Span
from orchestra_lsp.syntax.text import decode

_COMPLETE = frozenset({Kind.COMPLETE})
_ALL = frozenset(Kind)

#: Each filter with the kinds of request it is for. What a tool wraps around its answer goes first; then the answer is shaped for
#: its place; what already stands right of the cursor goes before what stands below, because both look at the last line; then
#: what is left is judged; the ends of lines come last, because all others work on "\n".
ORDER: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("fences", _ALL),
    ("chat", _ALL),
    ("echo", _COMPLETE),
    ("gap", _COMPLETE),
    ("one_line", _COMPLETE),
    ("long", _COMPLETE),
    ("indentation", _ALL),
    ("block", _COMPLETE),
    ("trailing", _ALL),
    ("right", _COMPLETE),
    ("below", _COMPLETE),
    ("brackets", _COMPLETE),
    ("next_line", _COMPLETE),
    ("repetition", _COMPLETE),
    ("minimum", _COMPLETE),
    ("line_ends", _ALL),
)

#: How many of them only unwrap.
WRAPPERS = 3
#: Most of an answer that is looked at: longer ones are not completions but accidents.
MAX_TEXT = 200_000
#: Bytes around the place that filters look at.
WINDOW = 20_000

_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc")


@dataclass(frozen=True, slots=True)
class Draft:
    """A suggestion on its way: `text` in place of `span` of `buffer`; lines of `text` end with "\n" while it is polished."""

    text: str
    span: Span
    buffer: Buffer
    kind: Kind = Kind.COMPLETE
    multiline: bool = True
    by_hand: bool = False  # somebody asked for it, and then even a single character is an answer


@dataclass(frozen=True, slots=True)
class Polished:
    """The cleaned draft, or None and the name of the filter that dropped it."""

    draft: Draft | None
    dropped_by: str = ""


Polish = Callable[[Draft], Draft | None]


def run(draft: Draft) -> Polished:
    """Apply all filters for this kind of request."""
    if len(draft.text) > MAX_TEXT:
        return Polished(None, "length")
    now = replace(draft, text=draft.text.replace("\r\n", "\n").replace("\r", "\n"))
    for name, kinds in ORDER:
        if draft.kind not in kinds:
            continue
        polished = named(name)(now)
        if polished is None:
            return Polished(None, name)
        now = polished
    return Polished(now)


def unwrapped(draft: Draft) -> str:
    """The text without what a tool wraps around its answer: the first filters alone, for answers that are kept."""
    now = replace(draft, text=draft.text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    for name, kinds in ORDER[:WRAPPERS]:
        if draft.kind in kinds:
            now = named(name)(now) or now
    return now.text


@cache
def named(name: str) -> Polish:
    """A filter by its file name."""
    polish: Polish = import_module(f"{__package__}.{name}").polish
    return polish


# --- what filters look at; all of it decoded, with "\n" as the end of lines ---


def before(draft: Draft) -> str:
    """The text before the place, back to the start of a line at most WINDOW bytes away."""
    start = max(0, draft.span.start - WINDOW)
    return _lines(draft.buffer.data[start : draft.span.start])


def after(draft: Draft) -> str:
    """The text after the place, at most WINDOW bytes."""
    return _lines(draft.buffer.data[draft.span.end : draft.span.end + WINDOW])


def left(draft: Draft) -> str:
    """The part of the line before the place."""
    return before(draft).rpartition("\n")[2]


def right(draft: Draft) -> str:
    """The part of the line after the place."""
    return after(draft).partition("\n")[0]


def lines_below(draft: Draft) -> list[str]:
    """The lines after the line of the place that are not blank."""
    return [line for line in after(draft).split("\n")[1:] if line.strip()]


def line_above(draft: Draft) -> str:
    """The nearest line above that is not blank; "" when there is none."""
    return next((line for line in reversed(before(draft).split("\n")[:-1]) if line.strip()), "")


def is_prose(draft: Draft) -> bool:
    """Whether the file is made of sentences: what looks like talk or like a fence belongs to it."""
    return draft.buffer.path.lower().endswith(_PROSE)


def whole(draft: Draft) -> bool:
    """Whether `before` and `after` show the whole file."""
    return draft.span.start <= WINDOW and len(draft.buffer.data) - draft.span.end <= WINDOW


def _lines(data: bytes) -> str:
    return decode(data).replace("\r\n", "\n").replace("\r", "\n")
