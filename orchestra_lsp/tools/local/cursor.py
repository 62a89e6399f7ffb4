"""What the engine sees of a cursor: the encoded file around it, the line it stands in, and the lines next to it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from orchestra_lsp.syntax.text import decode
from orchestra_lsp.tools.local.document import Document, Encoder, line_break, lines_of
from orchestra_lsp.tools.local.lexer import NOTHING, gap_code, indent_of, lex
from orchestra_lsp.tools.local.skips import call_keys

#: Bytes read on each side of a cursor, so that a huge file costs no more than a large one.
MAX_ABOVE = 200_000
MAX_BELOW = 80_000
#: The stretch above starts at a multiple of this: it stays the same text, and encoded, while a line is typed.
_STRIDE = 50_000
_MAX_LEFT = 300


@dataclass(frozen=True, slots=True)
class Indentation:
    """How this file indents: columns of one level, and whether by tabs (of 4 columns)."""

    unit: int
    tabs: bool

    def text(self, columns: int) -> str:
        return "\t" * (columns // 4) if self.tabs else " " * columns


@dataclass(frozen=True, slots=True)
class Cursor:
    """`file` is the text below, a separator, the text above and the finished tokens of the line; `start` the token being typed.

    `gap` is the code of the white space in front of that token, or in front of the cursor when none is being typed.
    """

    file: Document
    start: str
    gap: str
    left: str  # of the cursor on its line
    right: str
    above: str  # the nearest lines that are not blank, "" when there is none
    below: str
    language: str
    indentation: Indentation
    settled: int  # tokens of `file` in front of those of the line


def around(data: bytes, offset: int) -> tuple[str, str]:
    """The text before and after a byte offset, as much of it as is looked at."""
    start = -(-max(0, offset - MAX_ABOVE) // _STRIDE) * _STRIDE
    return decode(data[start:offset]), decode(data[offset : offset + MAX_BELOW])


def cursor_at(prefix: str, suffix: str, language: str, encoder: Encoder) -> Cursor:
    """Read the text on both sides of a cursor."""
    head, left = split_last(prefix)
    right, tail = split_first(suffix)
    above = encoder.document(head, language)
    below = encoder.document(tail, language)
    start, gap = "", gap_code(left[len(left.rstrip(" \t")) :])
    line = lex(left[-_MAX_LEFT:], language)
    tokens, gaps = list(line.tokens), line.gaps
    if tokens and not left[-1].isspace() and (tokens[-1][-1].isalnum() or tokens[-1][-1] == "_"):
        start, gap, gaps = tokens.pop(), gaps[-1], gaps[:-1]
    levels = list(above.levels)
    # On an empty line nothing is known of the indentation yet: the decoder finds it.
    broken = encoder.character(line_break(levels, indent_of(left))) if left else ""
    current = broken + "".join([encoder.character(token) for token in tokens])
    calls = "".join([encoder.character(call) if call else NOTHING for call in call_keys(tokens)[:-1]])
    file = Document(
        below.tokens + NOTHING + above.tokens + current,
        below.gaps + NOTHING + above.gaps + ("\0" if broken else "") + gaps,
        below.calls + NOTHING + above.calls + (NOTHING if broken else "") + calls,
        tuple(levels),
    )
    near = (_nearest(head, last=True), _nearest(tail, last=False))
    settled = len(below.tokens) + 1 + len(above.tokens)
    return Cursor(file, start, gap, left, right, *near, language, _indentation(head, tail, levels), settled)


def split_last(text: str) -> tuple[str, str]:
    """Everything before the last line, and the last line."""
    at = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:at].removesuffix("\n").removesuffix("\r"), text[at:]


def split_first(text: str) -> tuple[str, str]:
    """The first line, and everything after it."""
    ends = [at for at in (text.find("\n"), text.find("\r")) if at >= 0]
    if not ends:
        return text, ""
    at = min(ends)
    return text[:at], text[at + (2 if text[at : at + 2] == "\r\n" else 1) :]


def _nearest(text: str, last: bool) -> str:
    """The nearest line that is not blank; looks at 4,000 characters."""
    lines = lines_of(text[-4000:] if last else text[:4000])
    return next((line for line in (reversed(lines) if last else lines) if line.strip()), "")


def _indentation(head: str, tail: str, levels: list[int]) -> Indentation:
    near = head[-20_000:] or tail[:20_000]
    tabs = near.count("\n\t") > near.count("\n  ")
    unit = min((inner - outer for outer, inner in pairwise(levels)), default=0)
    if not unit:
        unit = min((found for found in map(indent_of, lines_of(near)[-200:]) if found), default=4)
    return Indentation(4 if tabs else unit, tabs)
