"""Contexts that are not just the last few tokens: with a gap, by the head of the line, by the lines before, by the call around."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from orchestra_lsp.tools.local.lexer import BREAK, NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    T = TypeVar("T", bound=np.generic)
    Hashes = npt.NDArray[np.uint32]
    Classes = npt.NDArray[np.uint8]

#: What each kind of context is made of; t1 is the token in front, t2 the one before it.
KINDS = (
    "t1 t3",
    "t2 t3",
    "head of line, t1, place in line",
    "heads of two lines before",
    "heads of three lines before",
    "call, t1",
    "head of line before, head of line, t1",
    "shape 3",
    "shape 5",
    "shape 8",
)
#: Of the last kinds: how many tokens a shape has. A shape is what remains of them when names are told apart and forgotten, so that
#: `for user in users` is like `for item in items`; a name in it predicts the one at the same place here.
SHAPES = (3, 5, 8)
#: Tokens in front of a place that are enough to know all its contexts.
REACH = 200
_FACTORS = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
_LAST_PLACE = 15


@lru_cache(100_000)
def hash_of(text: str) -> int:
    """The same in every process, 32 bits."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def call_keys(tokens: list[str] | tuple[str, ...]) -> list[str]:
    """For each token of a line and for its end: the call around it and the number of the argument; "" outside of brackets."""
    around: list[tuple[str, int]] = []
    keys = []
    for at, token in enumerate(tokens):
        keys.append(f"\x01{around[-1][0]}\x01{around[-1][1]}" if around else "")
        if token in ("(", "[", "{"):
            around.append((tokens[at - 1] if at else "", 0))
        elif token in (")", "]", "}"):
            if around:
                around.pop()
        elif token == "," and around:
            around[-1] = (around[-1][0], around[-1][1] + 1)
    keys.append(f"\x01{around[-1][0]}\x01{around[-1][1]}" if around else "")
    return keys


def contexts(hashes: Hashes, classes: Classes, calls: Hashes) -> list[Hashes]:
    """For each kind and each position, the hash of the context in front of that position; 0 where there is none of this kind.

    `hashes`: of the tokens; `classes`: theirs (see `lexer.class_of`); `calls`: hashes of the call around each position.
    """
    import numpy as np

    count = len(hashes)
    at = np.arange(count)
    breaks = classes == BREAK
    back = [_shifted(hashes, by) for by in range(max(SHAPES) + 1)]
    last = np.maximum.accumulate(np.where(breaks, at, 0))
    line = _shifted(last, 1)  # the line break in front of the token in front
    head = np.where(line + 1 < at, hashes[np.minimum(line + 1, count - 1)], np.uint32(0))
    place = np.minimum(at - line, _LAST_PLACE).astype(np.uint32)
    before = [line]
    for _ in range(3):
        before.append(last[np.maximum(before[-1] - 1, 0)])
    heads = [hashes[np.minimum(start + 1, count - 1)] for start in before]
    first = _shifted(breaks, 1)
    nothing = np.uint32(0)
    return [
        _mixed(0, back[1], back[3]),
        _mixed(2, back[2], back[3]),
        np.where(first, nothing, _mixed(3, head, back[1], place)),
        np.where(first, _mixed(4, back[1], heads[1], heads[2]), nothing),
        np.where(first, _mixed(5, back[1], heads[1], heads[2], heads[3]), nothing),
        np.where(calls != 0, _mixed(6, calls, back[1]), nothing),
        np.where(first, nothing, _mixed(7, heads[1], head, back[1])),
        *_shapes(back, classes),
    ]


def context_here(tokens: Sequence[int], hashes: Sequence[int], classes: Sequence[int], call: int) -> list[int]:
    """`contexts` for the end of a text alone, in plain numbers. `tokens`: its last REACH; `call`: the hash of the call around the end."""
    end = len(tokens)
    back = [0, *(hashes[tokens[end - by]] if by <= end else 0 for by in range(1, max(SHAPES) + 1))]
    starts = [at for at in range(end - 1, -1, -1) if classes[tokens[at]] == BREAK][:4] + [0] * 4
    heads = [hashes[tokens[start + 1]] if start + 1 < end else 0 for start in starts[:4]]
    first = bool(end) and classes[tokens[-1]] == BREAK
    found = [_mix(0, back[1], back[3]), _mix(2, back[2], back[3])]
    if first:
        found += [0, _mix(4, back[1], heads[1], heads[2]), _mix(5, back[1], heads[1], heads[2], heads[3])]
    else:
        found += [_mix(3, heads[0], back[1], min(end - starts[0], _LAST_PLACE)), 0, 0]
    found += [_mix(6, call, back[1]) if call else 0, 0 if first else _mix(7, heads[1], heads[0], back[1])]
    mixed = 77
    for by in range(1, max(SHAPES) + 1):
        name = by <= end and classes[tokens[end - by]] == NAME
        part = back.index(back[by], 1) if name else back[by]
        mixed = (mixed ^ part) * _FACTORS[by % len(_FACTORS)] & 0xFFFFFFFF
        mixed ^= mixed >> 15
        if by in SHAPES:
            found.append(mixed)
    return found


def _mix(kind: int, *parts: int) -> int:
    mixed = (kind + 1) * 2 + 1
    for part, factor in zip(parts, _FACTORS, strict=False):
        mixed = (mixed ^ part) * factor & 0xFFFFFFFF
        mixed ^= mixed >> 15
    return mixed


def _shapes(back: Sequence[Hashes], classes: Classes) -> Iterator[Hashes]:
    """Each name replaced by how far behind the end it stands for the first time."""
    import numpy as np

    names = [_shifted(classes, by) == NAME for by in range(len(back))]
    mixed = np.full(len(classes), 77, np.uint32)
    for by in range(1, len(back)):
        seen = np.full(len(classes), by, np.uint32)
        for nearer in range(by - 1, 0, -1):
            seen = np.where(back[nearer] == back[by], np.uint32(nearer), seen)
        mixed = (mixed ^ np.where(names[by], seen, back[by])) * np.uint32(_FACTORS[by % len(_FACTORS)])
        mixed ^= mixed >> np.uint32(15)
        if by in SHAPES:
            yield mixed


def _mixed(kind: int, *parts: Hashes) -> Hashes:
    import numpy as np

    mixed = np.full(len(parts[0]), (kind + 1) * 2 + 1, np.uint32)
    for part, factor in zip(parts, _FACTORS, strict=False):
        mixed = (mixed ^ part) * np.uint32(factor)
        mixed ^= mixed >> np.uint32(15)
    return mixed


def _shifted(values: npt.NDArray[T], by: int) -> npt.NDArray[T]:
    import numpy as np

    if not by:
        return values
    moved = np.zeros_like(values)
    moved[by:] = values[:-by]
    return moved
