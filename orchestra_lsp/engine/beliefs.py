"""What was learned of the tools: sums in cells that get finer (tool, kind, language, complexity, project), each leaning on the coarser.

A cell holds how much better or worse a tool did than the catalogue expected, so that a tool's bad explanations also say something about
its edits although the two are rewarded on different scales.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt

from orchestra_lsp.engine.catalogue import Prior
from orchestra_lsp.model import Complexity, Kind

PERSON = ""  # the scope of what holds in every project
CAP = 200.0  # answers that a cell remembers; the older ones fade as new ones come
CHANGED_CAP = 25.0  # what is left of them when the tool is no longer what it was
LEAN = 40.0  # answers that the coarser cell counts for, at most
FADE_US = 1_745_000_000_000  # 14 days / ln 2: of what is added to again and again, half is left after 14 days
OUTGROWN = 12.0  # answers for each tool after which the catalogue's estimates weigh half
PLACES = 256  # whose beliefs are kept ready
LEAST_KEPT = 0.25  # of a cell in one step: a clock that jumps ahead must not make us forget everything


@dataclass(frozen=True, slots=True)
class Belief:
    """What is expected of one tool for one kind of request: mean reward (0..1), its uncertainty, and the answers behind it."""

    mean: float
    deviation: float
    answers: float
    said: str = ""  # for people; made once, because every choice shows it

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True, slots=True)
class Increment:
    """What one piece of feedback adds to one cell. `cap`: the most answers the cell may hold afterwards."""

    scope: str
    cell: str
    seen: float
    total: float
    expected: float
    at_us: int
    cap: float = CAP


@dataclass(slots=True)
class Cell:
    """Weight of the rewards seen, their weighted sum, and the sum that the catalogue expected; `at_us` of the last one."""

    seen: float = 0.0
    total: float = 0.0
    expected: float = 0.0
    at_us: int = 0

    def add(self, more: Increment) -> None:
        """The same arithmetic as `store/store.py` does in SQL, so that this process and the file agree."""
        kept = kept_after(more.at_us - self.at_us) if self.at_us else 1.0
        self.seen = max(0.0, self.seen * kept + more.seen)
        self.total = self.total * kept + more.total
        self.expected = self.expected * kept + more.expected
        self.at_us = more.at_us
        if self.seen > more.cap:
            share = more.cap / self.seen
            self.seen, self.total, self.expected = more.cap, self.total * share, self.expected * share


def kept_after(passed_us: float) -> float:
    """The share of a cell that still counts: all of it when the clock went back."""
    return max(LEAST_KEPT, FADE_US / (FADE_US + max(0.0, passed_us)))


@dataclass(frozen=True, slots=True)
class Place:
    """The part of a request that beliefs depend on; `project` is empty or a project's key."""

    kind: Kind
    language: str
    complexity: Complexity
    project: str = ""

    def cells(self) -> Iterator[tuple[str, str]]:
        """(scope, ending of the cell's name), from coarse to fine."""
        kind = f"|{self.kind.value}"
        yield PERSON, ""
        yield PERSON, kind
        yield PERSON, f"{kind}|{self.language}"
        if self.kind is not Kind.COMPLETE:
            yield PERSON, f"{kind}|{self.language}|{self.complexity.value}"
        if self.project:
            yield self.project, kind


@dataclass(slots=True)
class Beliefs:
    """All cells of one process by (scope, name). Belongs to one event loop."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    _known: dict[Place, dict[str, tuple[Prior, Belief]]] = field(default_factory=dict)  # until something is learned

    def about(self, place: Place) -> Callable[[str, Prior], Belief]:
        """What is believed of tools at one place, as a function of the tool's name and its prior."""
        if len(self._known) > PLACES:
            self._known.clear()
        known = self._known.setdefault(place, {})

        def of(tool: str, prior: Prior) -> Belief:
            found = known.get(tool)
            if found is None or found[0] is not prior:
                found = known[tool] = (prior, self._made(tool, prior, place))
            return found[1]

        return of

    def of(self, tool: str, prior: Prior, place: Place) -> Belief:
        return self.about(place)(tool, prior)

    def _made(self, tool: str, prior: Prior, place: Place) -> Belief:
        """Each cell's mean is shrunk to the one above it, as if that one were `lean` answers: (lean * above + sum) / (lean + seen).

        A coarser cell counts without the answers of the finer one below it, or they would count at every level.
        """
        sums = [(scope, self._sums(scope, tool + ending)) for scope, ending in place.cells()]
        # The more was learned of others, the less an estimate that nobody has tested may keep a tool from being tried.
        weight = prior.weight / (1 + self._learned(place.kind) / OUTGROWN)
        better, mass, answers = 0.0, weight, 0.0
        lean = weight
        for level, (scope, (seen, more)) in enumerate(sums):
            if level:  # the tool's own cell is of all kinds: it moves the mean, and does not tell how sure that is
                answers = max(answers, seen)
            if scope == PERSON and level + 1 < len(sums) and sums[level + 1][0] == PERSON:
                seen, more = max(0.0, seen - sums[level + 1][1][0]), more - sums[level + 1][1][1]
            if seen <= 0:
                continue
            if scope != PERSON:  # a project's answers are among the person's: they count half here
                lean = mass + LEAN
            better = (lean * better + more) / (lean + seen)
            if level:
                mass = lean + seen
                lean = min(mass, LEAN)
        mean = min(0.99, max(0.01, prior.expected(place.kind, place.complexity) + better))
        source = f"learned from {answers:.0f} answers" if answers >= 0.5 else "an estimate"
        return Belief(mean, sqrt(mean * (1 - mean) / (mass + 1)), answers, f"quality {mean:.2f} ({source})")

    def _learned(self, kind: Kind) -> float:
        """Answers for one kind, as a mean over the tools that gave any."""
        ending = f"|{kind.value}"
        seen = [cell.seen for (scope, name), cell in self.cells.items() if scope == PERSON and name.endswith(ending)]
        return sum(seen) / len(seen) if seen else 0.0

    def _sums(self, scope: str, name: str) -> tuple[float, float]:
        """Answers, and how much more they earned than expected."""
        cell = self.cells.get((scope, name))
        return (cell.seen, cell.total - cell.expected) if cell else (0.0, 0.0)

    def add(self, increments: Iterable[Increment]) -> None:
        self._known.clear()
        for one in increments:
            self.cells.setdefault((one.scope, one.cell), Cell()).add(one)

    def increments(self, tool: str, prior: Prior, place: Place, change: tuple[float, float], at_us: int) -> list[Increment]:
        """What feedback adds to all the cells it belongs to; `change` is the weight and the weighted reward that are new."""
        weight, total = change
        expected = weight * prior.expected(place.kind, place.complexity)
        return [Increment(scope, tool + ending, weight, total, expected, at_us) for scope, ending in place.cells()]

    def shrunk(self, tool: str, place: Place, at_us: int) -> list[Increment]:
        """Increments that add nothing and leave only CHANGED_CAP answers in the cells of a tool that is not what it was."""
        return [Increment(scope, tool + ending, 0.0, 0.0, 0.0, at_us, CHANGED_CAP) for scope, ending in place.cells()]


@dataclass(slots=True)
class PageHinkley:
    """Tells when what is earned has left what was believed, either way (Page 1954, Hinkley 1971).

    `slack` is the difference that does not matter, `threshold` the sum of differences beyond it that does.
    """

    slack: float = 0.12
    threshold: float = 8.0
    fall: float = 0.0
    rise: float = 0.0

    def moved(self, value: float, believed: float) -> bool:
        """Take the next value; True when the mean has moved, and then begin anew."""
        self.fall = max(0.0, self.fall + believed - value - self.slack)
        self.rise = max(0.0, self.rise + value - believed - self.slack)
        if max(self.fall, self.rise) <= self.threshold:
            return False
        self.fall = self.rise = 0.0
        return True
