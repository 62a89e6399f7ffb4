"""What is known of a value: which outside data it holds, its constant, what it is made of, and what it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from orchestra_lsp.review.flow.code import Class, Function, Place


class Unknown:
    """The constant of a value that has none."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
MOST_TAINTS = 4
MOST_STEPS = 6
MOST_ITEMS = 64
DEEPEST = 4
ALL = "*"  # cleaned for every sink


@dataclass(frozen=True, slots=True)
class Taint:
    """Data from outside: where it came in, what it is called, the sinks it was made harmless for, and the way it took since."""

    origin: Place
    what: str
    cleaned: frozenset[str] = frozenset()
    steps: tuple[Place, ...] = ()
    part: str = ""  # which entry of it, where it was taken by a constant key

    def reaches(self, sink: str) -> bool:
        return sink not in self.cleaned and ALL not in self.cleaned


@dataclass(frozen=True, slots=True)
class Box:
    """What stands under constant keys or positions, and (`rest`) under any other. `exact`: a list of `items` 0 to n-1 and no more."""

    items: Mapping[object, Value]
    rest: Value | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function and the variables around it."""

    function: Function
    around: Mapping[str, Value]
    owner: Value | None = None  # what a method was taken from


@dataclass(frozen=True, slots=True)
class Value:
    """`ref` is the full dotted name it stands for, `made` the full name of what was called to make it."""

    taints: tuple[Taint, ...] = ()
    const: object = UNKNOWN
    ref: str = ""
    made: str = ""
    box: Box | None = None
    closure: Closure | None = None
    made_class: Class | None = None
    marks: frozenset[str] = frozenset()  # what was switched on in it
    known: bool = False  # made of constants and of data whose way is known, of nothing else: without taints it is harmless

    def with_taints(self, taints: Iterable[Taint]) -> Value:
        return replace(self, taints=merged((*self.taints, *taints)))


NOTHING: Final = Value()
HARMLESS: Final = Value(known=True)  # a truth or a number, whichever


def constant(value: object) -> Value:
    return Value(const=value, known=True)


def tainted(taints: Iterable[Taint], known: bool = False) -> Value:
    found = merged(taints)
    return Value(taints=found, known=known) if found or known else NOTHING


def merged(taints: Iterable[Taint]) -> tuple[Taint, ...]:
    """Each origin once; it is only as clean as its dirtiest way."""
    found: dict[tuple[Place, str, str], Taint] = {}
    for taint in taints:
        key = (taint.origin, taint.what, taint.part)
        known = found.get(key)
        if known is None:
            found[key] = taint
        elif known is not taint:
            dirtier = min((known, taint), key=lambda one: (len(one.cleaned), len(one.steps)))
            found[key] = replace(dirtier, cleaned=known.cleaned & taint.cleaned)
    return tuple(found.values())[:MOST_TAINTS]


def all_taints(value: Value, depth: int = DEEPEST) -> tuple[Taint, ...]:
    """The outside data of a value and of what it holds."""
    if value.box is None or depth <= 0:
        return value.taints
    return merged((*value.taints, *(taint for part in parts_of(value) for taint in all_taints(part, depth - 1))))


def parts_of(value: Value) -> Iterator[Value]:
    if value.box is not None:
        yield from value.box.items.values()
        if value.box.rest is not None:
            yield value.box.rest


def stepped(value: Value, at: Place) -> Value:
    """The value after one more step on its way."""
    if not value.taints:
        return value
    return replace(value, taints=tuple(_stepped(taint, at) for taint in value.taints))


def _stepped(taint: Taint, at: Place) -> Taint:
    last = taint.steps[-1] if taint.steps else taint.origin
    if len(taint.steps) >= MOST_STEPS or (last[0] >= at[0] and last[1] <= at[1] and last == at):
        return taint
    return replace(taint, steps=(*taint.steps, at))


def cleaned(value: Value, sinks: Iterable[str], depth: int = DEEPEST) -> Value:
    """The value, harmless for some sinks."""
    names = frozenset(sinks)
    taints = tuple(replace(taint, cleaned=taint.cleaned | names) for taint in value.taints)
    box = value.box
    if box is not None and depth > 0:
        items = {key: cleaned(item, names, depth - 1) for key, item in box.items.items()}
        box = replace(box, items=items, rest=cleaned(box.rest, names, depth - 1) if box.rest is not None else None)
    return replace(value, taints=taints, box=box)


def joined(one: Value, other: Value, depth: int = DEEPEST) -> Value:
    """What is known when it is either of two values."""
    if one is other:
        return one
    same = type(one.const) is type(other.const) and one.const == other.const
    return Value(
        taints=merged((*one.taints, *other.taints)),
        const=one.const if same else UNKNOWN,
        ref=one.ref if one.ref == other.ref else "",
        made=one.made if one.made == other.made else one.made or other.made,
        box=_joined_box(one, other, depth),
        closure=one.closure if one.closure is not None else other.closure,
        made_class=one.made_class if one.made_class is not None else other.made_class,
        marks=one.marks | other.marks,
        known=one.known and other.known,
    )


def _joined_box(one: Value, other: Value, depth: int) -> Box | None:
    if one.box is None or other.box is None or depth <= 0:
        return one.box or other.box if depth > 0 else None
    if one.box is other.box:
        return one.box
    items: dict[object, Value] = {}
    for key in {**one.box.items, **other.box.items}:
        first, second = one.box.items.get(key, one.box.rest), other.box.items.get(key, other.box.rest)
        items[key] = joined(first or NOTHING, second or NOTHING, depth - 1)
    rests = [rest for rest in (one.box.rest, other.box.rest) if rest is not None]
    exact = one.box.exact and other.box.exact and len(one.box.items) == len(other.box.items)
    return Box(items, joined_all(rests) if rests else None, exact)


def joined_all(values: Iterable[Value]) -> Value:
    found: Value | None = None
    for value in values:
        found = value if found is None else joined(found, value)
    return found if found is not None else NOTHING
