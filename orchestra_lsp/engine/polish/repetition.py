"""Drops an answer that runs in circles: the same line again and again, or the same few words."""

from __future__ import annotations

from orchestra_lsp.engine.polish.chain import Draft

#: As often in a row is no accident of good code: tables of data repeat lines, but seldom whole ones.
_LINES_IN_A_ROW = 3
_BLOCKS_IN_A_ROW = 3
#: Shortest and longest phrase that is looked for, and how often it must stand in a row at the end.
_PHRASE = range(3, 121)
_LONG_PHRASE = 10
_TIMES_SHORT, _TIMES_LONG = 6, 4
#: Loops are looked for at the end: a model that runs in circles does not leave them. Bounds the cost as well.
_END = 800


def polish(draft: Draft) -> Draft | None:
    lines = [line.strip() for line in draft.text.split("\n") if line.strip()]
    if _repeats(lines, 1, _LINES_IN_A_ROW) or any(_repeats(lines, size, _BLOCKS_IN_A_ROW) for size in (2, 3, 4)):
        return None
    return None if _ends_in_a_loop(draft.text[-_END:].rstrip()) else draft


def _ends_in_a_loop(end: str) -> bool:
    for size in _PHRASE:
        # The last turn may be cut off in its second half.
        wanted = size * (_TIMES_LONG if size >= _LONG_PHRASE else _TIMES_SHORT) - size // 2
        at = len(end) - 1
        while at >= size and end[at] == end[at - size]:
            at -= 1
        if len(end) - 1 - at + size >= wanted and any(character.isalnum() for character in end[-size:]):
            return True
    return False


def _repeats(lines: list[str], size: int, times: int) -> bool:
    """Whether a block of `size` lines stands `times` in a row; blocks of brackets alone do not count."""
    for start in range(len(lines) - size * times + 1):
        block = lines[start : start + size]
        if sum(len(line) for line in block) > 4 * size and all(
            lines[start + size * turn : start + size * (turn + 1)] == block for turn in range(1, times)
        ):
            return True
    return False
