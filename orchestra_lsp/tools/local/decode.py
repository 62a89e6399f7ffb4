"""Writes on from a cursor, token by token, always the likeliest one, until the line ends or nothing is likely any more."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestra_lsp.tools.local.counts import Learned, Place, gap_before, look, nothing_seen
from orchestra_lsp.tools.local.cursor import Cursor
from orchestra_lsp.tools.local.document import NO_DOCUMENT, Document, Encoder
from orchestra_lsp.tools.local.lexer import BREAKS, DEEPER, MAX_LINE, SHALLOWER, gap_code, is_word, lex
from orchestra_lsp.tools.local.mixer import chances
from orchestra_lsp.tools.local.skips import call_keys
from orchestra_lsp.tools.local.stream import Streams
from orchestra_lsp.tools.local.taste import Taste

#: Tokens of one line.
MOST_TOKENS = 24
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


@dataclass(frozen=True, slots=True)
class Limits:
    """`least`: stop when the steps together are less likely; `until`: in seconds of `time.thread_time()`."""

    least: float
    until: float = float("inf")
    multiline: bool = False
    must: bool = False  # not to end where nothing is written yet


def decode(cursor: Cursor, sources: Sources, limits: Limits) -> Written:
    """The likeliest rest of the line and, where asked for and nearly certain, the lines after it."""
    writer = _Writer(cursor, sources, limits)
    opened = writer.indent_empty_line() if not cursor.left else 1.0
    steps = writer.line(opened, limits.least)
    if not writer.end or not limits.multiline or cursor.right.strip():
        return Written(tuple(steps), writer.end > 0)
    more: list[Step] = []
    chance = steps[-1].chance * writer.end if steps else 0.0
    before = {cursor.left.strip() + "".join([step.text for step in steps])}
    while chance and len(more) < MOST_LINES and (line := writer.further_line()):
        body = line.text.strip()
        # What repeats a line could go on for ever; the offer is cut there.
        if (body in before and is_word(body)) or chance * line.chance < limits.least:
            break
        before.add(body)
        chance *= line.chance
        more.append(Step(line.text, chance))
    return Written(tuple(steps), True, tuple(more))


class _Writer:
    """The state of one decoding: the file as if all that was written stood in it."""

    def __init__(self, cursor: Cursor, sources: Sources, limits: Limits) -> None:
        self._cursor = cursor
        self._sources = sources
        self._until = limits.until
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
        self.end = 0.0

    def indent_empty_line(self) -> float:
        """Choose the indentation of a line on which nothing stands yet; gives its chance."""
        kind, chance = _likeliest_break(self._chances())
        if not kind:
            return 0.0
        self._lead = self._break(kind)
        self._append(kind, gap_code(""))
        return chance

    def line(self, chance: float, least: float) -> list[Step]:
        """The rest of a line. Sets `end` to the chance that it ends there, 0 when it was not followed so far."""
        steps: list[Step] = []
        depth = 0
        self.end = 0.0
        while len(steps) < MOST_TOKENS and time.thread_time() < self._until:
            text, likely = _likeliest(self._chances(), self._must and not steps)
            if not text or (text == self._stop and depth == 0):
                # A line that goes on behind the cursor does not end here, whatever is usual.
                self.end = likely if text == self._stop else 0.0
                break
            chance *= likely
            if chance < least:
                break
            depth += (text in _OPENING) - (text in _CLOSING)
            steps.append(Step(self._write(text, first=not steps), chance))
        return steps

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
        self._place.stream.append(ord(character), self._call())
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


def _likeliest(chances: Mapping[str, float], must: bool) -> tuple[str, float]:
    """The likeliest token, "" for the end of the line (all kinds of line break together); the chance is 0 when nothing is known."""
    end = 0.0 if must else sum(chances[kind] for kind in BREAKS if kind in chances)
    best, chance = "", end
    for text, likely in chances.items():
        if likely > chance and text[0] != "\n":
            best, chance = text, likely
    return best, chance


def _likeliest_break(chances: Mapping[str, float]) -> tuple[str, float]:
    """The likeliest kind of line break and its chance among them; "" when there is none."""
    kinds = {kind: chances[kind] for kind in BREAKS if kind in chances}
    if not kinds:
        return "", 0.0
    best = max(kinds, key=kinds.__getitem__)
    return best, kinds[best] / sum(kinds.values())
