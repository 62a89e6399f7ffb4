"""What the parts of the interpreter share while one function is followed: the file, the tables, what was found, and how much is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from orchestra_lsp.review.flow.code import Expr, Function, Place
from orchestra_lsp.review.flow.tables import Handler, Tables
from orchestra_lsp.review.flow.value import Closure, Taint, Value, all_taints
from orchestra_lsp.review.flow.world import World

Env = dict[str, Value]
MOST_STEPS = 12_000  # expressions looked at for one function and the helpers it calls
DEEPEST_CALL = 5


class Exhausted(Exception):
    """The function is too large to be followed to its end."""


@dataclass(slots=True, eq=False)
class Frame:
    """One call under way. `at` is the call in the caller; `exits` holds what leaves each loop."""

    function: Function
    at: Place | None
    handler: Handler | None = None
    returns: list[Value] = field(default_factory=list)
    leaving: list[Env] = field(default_factory=list)
    exits: list[list[Env]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """Outside data at a sink: the place, the sink's name, what was called, and the way there."""

    sink: str
    at: Place
    called: str
    taint: Taint
    deeper: Place | None = None  # the sink itself, where it stands in a helper


@dataclass(slots=True, eq=False)
class Argument:
    """An evaluated argument, with what was written."""

    value: Value
    name: str = ""
    spread: bool = False
    written: Expr | None = None


@dataclass(slots=True, eq=False)
class Machine:
    """`evaluate` and `invoke` are put in by the engine, so that its parts need not import each other."""

    world: World
    tables: Tables
    evaluate: Callable[[Machine, Expr, Env], Value]
    invoke: Callable[[Machine, Closure, Sequence[Argument], Place], Value]
    narrow: Callable[[Machine, Expr, Env], tuple[Env | None, Env | None]]
    frames: list[Frame] = field(default_factory=list)
    found: dict[tuple[str, Place], Found] = field(default_factory=dict)
    steps: int = 0
    harmless: dict[tuple[str, Place], bool] = field(default_factory=dict)  # sinks that were seen, and whether all that reaches them is
    marked: dict[str, list[Place]] = field(default_factory=dict)  # where something was switched on
    nested: list[tuple[Function, Mapping[str, Value]]] = field(default_factory=list)
    ran: set[Place] = field(default_factory=set)

    def step(self) -> None:
        """Counts one expression. Raises Exhausted."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Exhausted

    def report(self, sink: str, value: Value, at: Place, called: str, own: bool = False) -> None:
        """Note what outside data of a value reaches a sink; `own`: not what it merely holds."""
        taints = value.taints if own else all_taints(value)
        for taint in taints:
            if not taint.reaches(sink) or self._is_theirs(taint):
                continue
            outer = next((frame.at for frame in self.frames[1:] if not self._is_inside(frame)), None)
            place = outer or at
            self.found.setdefault((sink, place), Found(sink, place, called, taint, at if outer is not None else None))

    def judge(self, sink: str, needs: str, at: Place, values: Sequence[Value]) -> None:
        """Note whether everything that reaches a sink of the function itself is known to do no harm there."""
        if any(not self._is_inside(frame) for frame in self.frames):
            return
        fine = all(value.known and not any(taint.reaches(sink) for taint in all_taints(value)) for value in values)
        for place in (at, *(self.marked.get(needs, ()) if needs else ())):
            self.harmless[sink, place] = fine and self.harmless.get((sink, place), True)

    def _is_inside(self, frame: Frame) -> bool:
        """Whether a function under way is the followed one, or stands inside it."""
        outer, inner = self.frames[0].function.at, frame.function.at
        return outer[0] <= inner[0] and inner[1] <= outer[1]

    def _is_theirs(self, taint: Taint) -> bool:
        """Whether a helper reads the data itself: it is then reported there."""
        return any(
            not self._is_inside(frame) and frame.function.at[0] <= taint.origin[0] and taint.origin[1] <= frame.function.at[1]
            for frame in self.frames
        )


def given(args: Sequence[Argument], key: int | str) -> Value | None:
    """An argument by its position or name; None if it is not given."""
    if isinstance(key, int):
        plain = [arg for arg in args if not arg.name]
        return plain[key].value if key < len(plain) and not any(arg.spread for arg in plain[:key]) else None
    return next((arg.value for arg in args if arg.name == key), None)
