"""The lines in which two versions of a file differ, as edits that leave everything else of the file as it is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import accumulate

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.text import decode

Line = tuple[bytes, bool]  # its text, and whether a line end follows

#: Pairs of lines that are compared at most; beyond, the whole middle counts as changed.
_MOST_PAIRS = 25_000_000


def line_edits(old: bytes, new: bytes) -> tuple[Edit, ...]:
    """Edits that give `old` the lines of `new`, both UTF-8.

    Line ends are those of the old file, and so is whether its last line has one: whoever wrote `new` often cares for neither.
    """
    before, after = _lines(old), _lines(new)
    if before and after:
        after[-1] = (after[-1][0], before[-1][1])
    starts = list(accumulate(map(len, old.splitlines(keepends=True)), initial=0))
    end_of_line = _usual_end(old) or _usual_end(new) or b"\n"
    return tuple(
        Edit(Span(starts[first], starts[last]), decode(b"".join(text + end_of_line * ended for text, ended in after[begin:end])))
        for first, last, begin, end in _changes(before, after)
    )


def similarity(one: bytes, other: bytes) -> float:
    """The share of lines that two files have in common, 0..1, in whatever order they stand."""
    from collections import Counter

    first, second = (Counter(text.strip() for text, _ in _lines(data)) for data in (one, other))
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 1.0


def _lines(data: bytes) -> list[Line]:
    return [(text, len(text) < len(whole)) for text, whole in zip(data.splitlines(), data.splitlines(keepends=True), strict=True)]


def _usual_end(data: bytes) -> bytes:
    r"""The line end that most lines have: \n, \r\n or \r; empty where there is none."""
    windows = data.count(b"\r\n")
    counts = {b"\n": data.count(b"\n") - windows, b"\r\n": windows, b"\r": data.count(b"\r") - windows}
    return max(counts, key=lambda end: counts[end]) if any(counts.values()) else b""


def _changes(before: Sequence[Line], after: Sequence[Line]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of lines to replace: first and last of the old ones, begin and end of the new ones; ends exclusive."""
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old and not new:
        return
    if len(old) * len(new) > _MOST_PAIRS:
        yield head, head + len(old), head, head + len(new)
        return
    for kind, first, last, begin, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield head + first, head + last, head + begin, head + end
