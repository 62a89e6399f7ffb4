"""Writes on from a cursor, token by token, always the likeliest one, until the line ends or nothing is likely any more."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from orchestra_lsp.tools.local.counts import Learned, Place, Seen, gap_before, look, nothing_seen
from orchestra_lsp.tools.local.cursor import Cursor
from orchestra_lsp.tools.local.document import NO_DOCUMENT, Document, Encoder
from orchestra_lsp.tools.local.lexer import BREAKS, DEEPER, MAX_LINE, SHALLOWER, gap_code, is_word, lex
from orchestra_lsp.tools.local.mixer import chances
from orchestra_lsp.tools.local.skips import call_keys
from orchestra_lsp.tools.local.stream import Streams
from orchestra_lsp.tools.local.taste import Taste

#: Tokens of one line.
MOST_TOKENS = 24
#: Ways to go on that are looked at from each place, and looks in all; after ENOUGH_LOOKS only one way is followed.
WIDTH = 3
MOST_LOOKS = 40
ENOUGH_LOOKS = 16
#: What the chance of a line counts that does not begin with the likeliest word.
ASIDE = 0.5
#: A further line is only written when all of it, the line breaks at both ends included, is at least this likely. Measured: nine
#: of ten such lines are right when the line before is.
SURE_LINE = 0.7
MOST_LINES = 6
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Step:
    """One token written: `text` with its white space, `chance` that all steps so far are right."""

    text: str
    chance: float


@dataclass(frozen=True, slots=True)
class Written:
    """`ended`: the line ends after the last step, or goes on with the text right of the cursor. `more`: whole further lines."""

    steps: tuple[Step, ...]
    ended: bool = False
    more: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where tokens are looked up besides the file itself."""

    encoder: Encoder
    others: Document = NO_DOCUMENT
    learned: Sequence[Learned] = ()
    taste: Taste = field(default_factory=Taste)
    streams: Streams = field(default_factory=Streams)


class Budget:
    """Seconds of work of this thread: a busy machine must not make offers worse.

    Asking for the work of a thread costs more than a look at the clock, so it is not asked before as many seconds have gone by there;
    then half of them are left.
    """

    def __init__(self, seconds: float) -> None:
        self._more = seconds / 2
        self._until = time.perf_counter() + seconds
        self._until_worked = float("inf")

    def is_spent(self) -> bool:
        if time.perf_counter() < self._until:
            return False
        worked = time.thread_time()
        if self._until_worked == float("inf"):
            self._until_worked = worked + self._more
        return worked >= self._until_worked


@dataclass(frozen=True, slots=True)
class Limits:
    """`least`: stop when the steps together are less likely."""

    least: float
    budget: Budget
    multiline: bool = False
    must: bool = False  # not to end where nothing is written yet


def decode(cursor: Cursor, sources: Sources, limits: Limits) -> Written:
    """The likeliest rest of the line and, where asked for and nearly certain, the lines after it."""
    writer = _Writer(cursor, sources, limits)
    opened = writer.indent_empty_line() if not cursor.left else 1.0
    steps = writer.line(opened, limits.least, WIDTH)
    if steps and writer.end:
        # The line as a whole is right when it ends here too.
        steps = (*steps[:-1], replace(steps[-1], chance=steps[-1].chance * writer.end))
    if not writer.end or not limits.multiline or cursor.right.strip():
        return Written(steps, writer.end > 0)
    more: list[Step] = []
    chance = steps[-1].chance if steps else 0.0
    before = {cursor.left.strip() + "".join([step.text for step in steps])}
    while chance and len(more) < MOST_LINES and (line := writer.further_line()):
        body = line.text.strip()
        # What repeats a line could go on for ever; the offer is cut there.
        if (body in before and is_word(body)) or chance * line.chance < limits.least:
            break
        before.add(body)
        chance *= line.chance
        more.append(Step(line.text, chance))
    return Written(steps, True, tuple(more))


@dataclass(order=True, slots=True)
class _Way:
    """One way to write on; those of the least cost are gone first. `over`: the line ends there, `end` being the chance of that. The fields
    from `place` on are known once it has been gone."""

    cost: float
    number: int
    chance: float = field(compare=False)
    steps: tuple[Step, ...] = field(compare=False)
    before: _Way | None = field(default=None, compare=False)
    text: str = field(default="", compare=False)
    over: bool = field(default=False, compare=False)
    end: float = field(default=0.0, compare=False)
    depth: int = field(default=0, compare=False)
    place: Place | None = field(default=None, compare=False)
    line: list[str] = field(default_factory=list, compare=False)
    written: tuple[tuple[int, int], ...] = field(default=(), compare=False)
    seen: Seen | None = field(default=None, compare=False)


def _came(way: _Way) -> tuple[int, float]:
    return len(way.steps), way.chance


def _gain(way: _Way) -> float:
    """Characters times their chance."""
    return way.chance * sum(len(step.text) for step in way.steps)


class _Writer:
    """The state of one decoding: the file as if all that was written stood in it."""

    def __init__(self, cursor: Cursor, sources: Sources, limits: Limits) -> None:
        self._cursor = cursor
        self._sources = sources
        self._budget = limits.budget
        self._must = limits.must
        self._levels = list(cursor.file.levels)
        self._floor = len(self._levels)
        encoder = sources.encoder
        stream = sources.streams.of("file", cursor.file, cursor.settled, encoder)
        beside = sources.streams.of("others", sources.others, len(sources.others.tokens), encoder)
        self._line = list(lex(cursor.left, cursor.language).tokens[: -1 if cursor.start else None])
        self._place = Place(cursor.file, sources.others, stream, beside, sources.learned, cursor.start)
        stream.call_here(self._call())
        self._seen = nothing_seen(self._place)
        right = lex(cursor.right.strip()[:MAX_LINE], cursor.language).tokens
        self._stop = right[0] if right else ""
        self._lead = ""
        self._last = (0, 0)
        self._ways = 0
        self.end = 0.0

    def indent_empty_line(self) -> float:
        """Choose the indentation of a line on which nothing stands yet; gives its chance."""
        kind, chance = _likeliest_break(self._chances())
        if not kind:
            return 0.0
        self._lead = self._break(kind)
        self._append(kind, gap_code(""))
        return chance

    def line(self, chance: float, least: float, width: int = 1) -> tuple[Step, ...]:
        """The likeliest rest of a line, found best first: of each way to go on the `width` likeliest, the likeliest of all is followed.

        Sets `end` to the chance that it ends there, 0 when it was not followed so far. A line that is not written to its end is the one
        that most is to be gained by.
        """
        self.end = 0.0
        begin = self._begin(chance)
        ways, stuck = [begin], []
        looks = 0
        while ways:
            way = heappop(ways)
            if way.over:
                self._go(way.before or begin)
                self.end = way.end
                return way.steps
            if looks >= MOST_LOOKS or len(way.steps) >= MOST_TOKENS or self._budget.is_spent():
                stuck.append(way)
                break
            self._go(way)
            looks += 1
            further = self._further(way, least, width)
            for one in further:
                heappush(ways, one)
            if not further:
                stuck.append(way)
            if looks == ENOUGH_LOOKS and ways:
                # No line is likely here: the one that came farthest is finished without looking at others.
                ways, width = [max(ways, key=_came)], 1
        best = max(stuck, key=_gain)
        self._go(best)
        return best.steps

    def _begin(self, chance: float) -> _Way:
        return _Way(-chance, 0, chance, (), place=self._place, line=self._line, written=())

    def _further(self, way: _Way, least: float, width: int) -> list[_Way]:
        """The likeliest ways to go on, the end of the line among them."""
        chances = self._chances()
        way.seen = self._seen
        ends = 0.0 if self._must and not way.steps else sum(chances[kind] for kind in BREAKS if kind in chances)
        likely = {text: chance for text, chance in chances.items() if text[0] != "\n"}
        stop = likely.pop(self._stop, 0.0) if not way.depth else 0.0
        best = sorted(likely, key=likely.__getitem__, reverse=True)[:width]
        end = stop if self._stop else ends
        # A line that goes on behind the cursor does not end here, whatever is usual.
        found = [(end, "", end), *((likely[text], text, 0.0) for text in best)]
        if self._stop:
            found.append((ends, "", 0.0))
        found = sorted(found, reverse=True)[:width]
        # Whoever takes a part of the line only, or reads on from its first word, wants that one to be the likeliest.
        doubts = (1.0, *([1.0 if way.steps else ASIDE] * width))
        return [
            self._way(way, doubt, *one) for doubt, one in zip(doubts, found, strict=False) if one[0] > 0 and way.chance * one[0] >= least
        ]

    def _way(self, before: _Way, doubt: float, likely: float, text: str, end: float) -> _Way:
        self._ways += 1
        return _Way(
            before.cost * likely * doubt, self._ways, before.chance * likely, before.steps, before, text, not text, end, before.depth
        )

    def _go(self, way: _Way) -> None:
        """Bring everything to where this way leads."""
        if way.place is None:
            assert way.before
            self._go(way.before)
            self._seen = way.before.seen or self._seen
            text = self._write(way.text, first=not way.before.steps)
            way.steps = (*way.before.steps, Step(text, way.chance))
            way.depth += (way.text in _OPENING) - (way.text in _CLOSING)
            way.place, way.line, way.written = self._place, self._line, (*way.before.written, self._last)
            return
        if self._place is not way.place:
            self._place, self._line = way.place, way.line
            self._place.stream.back_to(len(way.place.file.tokens) - len(way.written), way.written)

    def further_line(self) -> Step | None:
        """The next whole line with its line break; None when it is not nearly certain or the block ends."""
        kind, chance = _likeliest_break(self._chances())
        if not kind or chance < SURE_LINE:
            return None
        blank = gap_before(kind, self._seen, self._sources.encoder) or ""
        lead = "\n" * (1 + len(blank)) + self._break(kind)
        if len(self._levels) < self._floor:
            return None
        self._append(kind, gap_code(blank))
        steps = self.line(chance, SURE_LINE)
        if not steps or steps[-1].chance * self.end < SURE_LINE:
            return None
        return Step(lead + "".join([step.text for step in steps]).lstrip(), steps[-1].chance * self.end)

    def _chances(self) -> Mapping[str, float]:
        self._seen = look(self._place, self._sources.encoder)
        return chances(self._seen, self._sources.encoder, self._sources.taste.bias)

    def _call(self) -> int:
        key = call_keys(self._line)[-1]
        return ord(self._sources.encoder.character(key)) if key else 0

    def _write(self, text: str, first: bool) -> str:
        """Append a token; gives what has to be typed for it."""
        cursor = self._cursor
        if first and (self._place.start or cursor.left[-1:].isspace()):
            self._append(text, cursor.gap)
            return text[len(cursor.start) :]
        if first and not cursor.left:
            self._append(text, gap_code(""))
            return self._lead + text
        found = gap_before(text, self._seen, self._sources.encoder)
        gap = self._usual_gap(text) if found is None else found
        self._append(text, gap_code(gap))
        return gap + text

    def _append(self, text: str, gap: str) -> None:
        """`gap` is the code of the white space in front."""
        file, character = self._place.file, self._sources.encoder.character(text)
        self._line = [] if text in BREAKS else [*self._line, text]
        self._last = (ord(character), self._call())
        self._place.stream.append(*self._last)
        self._place = replace(self._place, file=Document(file.tokens + character, file.gaps + gap), start="")

    def _usual_gap(self, text: str) -> str:
        before = self._sources.encoder.text(self._place.file.tokens[-1])
        return " " if before == "," or (is_word(before) and is_word(text)) else ""

    def _break(self, kind: str) -> str:
        """Follow a line break; gives the white space of the new line."""
        levels = self._levels
        if kind == DEEPER:
            levels.append(levels[-1] + self._cursor.indentation.unit)
        elif kind in SHALLOWER:
            del levels[max(1, len(levels) - 1 - SHALLOWER.index(kind)) :]
        return self._cursor.indentation.text(levels[-1])


def _likeliest_break(chances: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest kind of line break and its chance among them; "" when there is none."""
    kinds = {kind: chances[kind] for kind in BREAKS if kind in chances}
    if not kinds:
        return "", 0.0
    best = max(kinds, key=kinds.__getitem__)
    return best, kinds[best] / sum(kinds.values())
