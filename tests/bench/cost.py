"""What one person's day costs: the real choice, cascade, judge's part, budget and reuse decide; only tools and person are simulated.

Every assumption is a field of `Day`, with where it comes from; each is also halved and doubled. Always-best-single sends everything
to one tool; work that ours accepts less of is bought from that tool at its price, so that the accepted work is equal. Nobody's endpoint
gives a discount for prompts that it has seen, and nothing is learned during the day.
"""

from __future__ import annotations

import asyncio
import sysconfig
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from orchestra_lsp.config import RouteSettings
from orchestra_lsp.engine import route
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.judge import Verdict
from orchestra_lsp.engine.kept.along import Along
from orchestra_lsp.engine.ledger import Ledger
from orchestra_lsp.engine.outgoing import Attempt, Called
from orchestra_lsp.engine.settle import Means, Settler, expected_for
from orchestra_lsp.engine.weights import USUAL_ANSWER
from orchestra_lsp.model import Abilities, Answer, Ask, Buffer, Candidate, Complexity, Kind, Reach, Span, Suggestion, Trigger, Usage
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.local.engine import LocalEngine
from orchestra_lsp.tools.wire.prices import price_of

SEEDS = range(5)
FEWER = range(2)  # for halving and doubling
BAR = 0.40
SURE = 0.6  # completion.sure
WHEN = datetime(2026, 11, 23, 14, tzinfo=UTC)
EASY, MIDDLE, HOPELESS = "easy", "middle", "hopeless"
SHOWN_AS = {EASY: (Complexity.SIMPLE, 12), MIDDLE: (Complexity.MODERATE, 60), HOPELESS: (Complexity.COMPLEX, 450)}
STRONG, FAST, REUSING = "strong", "fast", "reusing"  # the last: the strong tool behind our reuse and embedded engine
TEXT = frozenset(Kind) - {Kind.NEXT_EDIT, Kind.CHANGE}


@dataclass(frozen=True)
class Day:
    """Chances are 0..1; tokens are of one request."""

    completions: float = 1000  # requests that editors send, after their own pause; the mission's day
    edits: float = 60  # the mission's day, as are the next two
    explanations: float = 20
    reviews: float = 5
    acceptance: float = 0.27  # of each completion of the best single tool, when it is shown (Ziegler and others, arXiv 2205.06537)
    fast_completes: float = 0.90  # acceptance of the fast tool's completions, as a share of that
    at_once: float = 0.8  # of right suggestions are accepted each time they are shown; the others are typed along
    completion_in: float = 3500  # 12 kB before and 4 kB behind the cursor, and neighbours, in a file of middling size
    completion_out: float = 40
    edit_in: float = 4500
    edit_out: float = 600
    read_in: float = 5000  # explanations and reviews
    read_out: float = 700
    easy: float = 0.40  # share of edits; 24 models x 500 tasks, as are the next six
    hopeless: float = 0.10
    strong_right: float = 0.74  # of all edits by the strong tool; by difficulty .97, .66 and .25 as long as this is .74
    gap_easy: float = 0.07  # by which the fast tool is worse: .01 to .13
    gap_middle: float = 0.235  # .18 to .29
    gap_hopeless: float = 0.09  # .03 to .15
    refuses_good: float = 0.15  # errors of the judge; between the measured verifiers of 80/80 and 90/60
    passes_bad: float = 0.30
    misjudged: float = 0.30  # share of edits whose difficulty looks other than it is
    explains: float = 0.85  # of the strong tool's explanations and reviews are good
    fast_explains: float = 0.90  # share of that for the fast tool
    engine: float = 1.0  # share of the places where the embedded engine was sure (measured here) at which it counts


@dataclass
class Bill:
    """Money and accepted work of one day, by kind of request."""

    dollars: Counter[str] = field(default_factory=Counter)
    work: Counter[str] = field(default_factory=Counter)
    calls: int = 0

    def add(self, other: Bill) -> None:
        self.dollars.update(other.dollars)
        self.work.update(other.work)
        self.calls += other.calls


@dataclass(frozen=True)
class Roster:
    """Two tools by their real prices."""

    strong: tuple[str, str]  # adapter, model
    fast: tuple[str, str]

    def of(self, tool: str) -> tuple[str, str]:
        return self.strong if tool == STRONG else self.fast


ROSTERS = {
    "Opus 5.5 + Haiku 5.5": Roster(("claude", "claude-opus-5-5"), ("claude", "claude-haiku-5-5")),
    "Sonnet 5.5 + Haiku 5.5": Roster(("claude", "claude-sonnet-5-5"), ("claude", "claude-haiku-5-5")),
    "Sonnet 5.5 + Haiku 4.5": Roster(("claude", "claude-sonnet-5-5"), ("claude", "claude-haiku-4-5")),
    "gpt-6-sol + DeepSeek flash": Roster(("openai", "gpt-6-sol"), ("deepseek", "deepseek-flash")),
}


@dataclass(frozen=True)
class Keystroke:
    """A place where a completion is asked for: the text so far, what the person will write, and the embedded engine's own offer."""

    buffer: Buffer
    at: int
    rest: str
    offer: str
    sure: float
    line: int


class Tools:
    """Two simulated tools, seen by the real choice as players with real prices and the catalogue's expectations."""

    def __init__(self, day: Day, roster: Roster, dice: Random) -> None:
        self.day, self.roster, self.dice = day, roster, dice

    def players(self) -> list[route.Player]:
        return [self._player(name) for name in (STRONG, FAST)]

    def price(self, tool: str, tokens: tuple[int, int]) -> float:
        found = price_of(*self.roster.of(tool), Usage(*tokens), WHEN)
        assert found is not None, "the table has no price for the roster"
        return found

    def tokens(self, kind: Kind) -> tuple[int, int]:
        day = self.day
        table = {Kind.COMPLETE: (day.completion_in, day.completion_out), Kind.EDIT: (day.edit_in, day.edit_out)}
        counts = table.get(kind, (day.read_in, day.read_out))
        return int(counts[0]), int(counts[1])

    def right(self, tool: str, kind: Kind, hard: str) -> bool:
        day, fast = self.day, tool == FAST
        if kind is Kind.COMPLETE:
            chance = min(1.0, day.acceptance / day.at_once) * (day.fast_completes if fast else 1)
        elif kind is Kind.EDIT:
            scale = day.strong_right / 0.74
            chance = {EASY: 0.97, MIDDLE: 0.66, HOPELESS: 0.25}[hard] * scale
            chance -= {EASY: day.gap_easy, MIDDLE: day.gap_middle, HOPELESS: day.gap_hopeless}[hard] if fast else 0
        else:
            chance = day.explains * (day.fast_explains if fast else 1)
        return self.dice.random() < chance

    def _player(self, name: str) -> route.Player:
        adapter, model = self.roster.of(name)
        one, other = self.price(name, (1000, 0)) / 1000, self.price(name, (0, 1000)) / 1000
        abilities = Abilities(TEXT, Reach.OUTSIDE, streaming=True, context_tokens=200_000)
        return route.Player(name, abilities, rate=route.Rate(one, other), prior=prior(adapter, model))


class Ours:
    """The orchestra's own policies over simulated tools."""

    def __init__(self, tools: Tools, bill: Bill) -> None:
        self.tools, self.bill = tools, bill
        self.settings = RouteSettings()
        self.settler = Settler(Ledger(None))

    async def ask(self, ask: Ask, hard: str, complexity: Complexity) -> Found:
        kind, tools = ask.kind, self.tools
        tokens = tools.tokens(kind)
        request = route.Request(
            kind, "python", tokens[0], complexity, trigger=ask.trigger, limit_ms=1500 if kind is Kind.COMPLETE else 60_000
        )
        players = tools.players()
        choice = route.choose(request, players, route.Taste())
        estimates = {one.name: tools.price(one.name, (tokens[0], USUAL_ANSWER[kind])) for one in players}
        means = Means(self._call(kind, tokens), self._weigh(ask, hard), _no_case, estimates, expected_for(request, players))
        return await self.settler.settle(ask, choice, complexity, self.settings, means)

    def _call(self, kind: Kind, tokens: tuple[int, int]):  # type: ignore[no-untyped-def]
        async def call(order: Sequence[Candidate], _deadline: float) -> Called:
            tool = order[0].tool
            dollars = self.tools.price(tool, tokens)
            self.bill.dollars[kind.value] += dollars
            self.bill.calls += 1
            return Called(Answer("?", tool, 300.0, Usage(*tokens, cost=dollars)), (Attempt(tool, 300.0),))

        return call

    def _weigh(self, ask: Ask, hard: str):  # type: ignore[no-untyped-def]
        async def weigh(answer: Answer) -> Found:
            right = self.tools.right(answer.tool, ask.kind, hard)
            judged = ask.kind is Kind.EDIT
            day, dice = self.tools.day, self.tools.dice
            accepted = not judged or dice.random() < ((1 - day.refuses_good) if right else day.passes_bad)
            text = "right" if right else "wrong"
            verdict = Verdict(0.8 if accepted else 0.3, accepted, () if accepted else ("refused",))
            return Found(replace(answer, text=text), ask.span, tool=answer.tool, usage=answer.usage, took_ms=300.0, verdict=verdict)

        return weigh


def _no_case(_found: Found) -> None:  # type: ignore[return]
    raise AssertionError("nobody asks for a consensus here")


def keystrokes() -> list[list[Keystroke]]:
    """Lines of a real file typed character by character, with what the real embedded engine offers there; each line's places in order."""
    text = (Path(sysconfig.get_paths()["stdlib"]) / "configparser.py").read_text("utf-8")
    lines = text.splitlines(keepends=True)
    engine = LocalEngine()
    found = []
    for number in range(150, len(lines), 7):
        body = lines[number].strip()
        if len(body) < 16 or body.startswith(("#", '"', "'")):
            continue
        start = len("".join(lines[:number]).encode()) + len(lines[number]) - len(lines[number].lstrip())
        places = []
        for step in range(2, min(10, len(body) - 4)):
            data = (
                "".join(lines[:number]) + lines[number][: len(lines[number]) - len(lines[number].lstrip())] + body[:step] + "\n"
            ).encode()
            data += "".join(lines[number + 1 :]).encode()
            at = start + step
            buffer = Buffer("file:///c.py", "/c.py", step, "python", data, (0,), None)
            offer = engine.offer(buffer, at, (), False, 0.4)
            places.append(Keystroke(buffer, at, body[step:], offer.text, offer.confidence, number))
        found.append(places)
    return found


async def typing(places: Sequence[Sequence[Keystroke]], ours: Ours, singles: Sequence[Bill], count: int) -> None:
    """The same places for ours and for each single tool, until as many requests were sent."""
    tools = ours.tools
    for bill, single in zip((ours.bill, *singles), (None, STRONG, FAST, REUSING), strict=True):
        sent, number = 0, 0
        while sent < count:
            line = places[number % len(places)]
            number += 1
            sent += await _line(line, tools, bill, single, ours)


async def _line(line: Sequence[Keystroke], tools: Tools, bill: Bill, single: str | None, ours: Ours) -> int:
    """Requests sent for one line; it ends when a suggestion is accepted, or was typed."""
    along = Along()
    for sent, place in enumerate(line, start=1):
        ask = Ask("c", Kind.COMPLETE, place.buffer, Span(place.at, place.at), Trigger.AUTOMATIC, time.monotonic() + 60)
        own = single in (None, REUSING)
        if own and (kept := along.find(ask)):
            right = place.rest.startswith(kept.text)
        elif own and place.sure >= SURE and tools.dice.random() < tools.day.engine:
            right = place.rest.startswith(place.offer)
            along.add(ask, _suggestion(place.offer, ask, "local"))
        elif single is None:
            found = await ours.ask(ask, EASY, Complexity.MODERATE)
            right = bool(found.answer and found.answer.text == "right")
            along.add(ask, _suggestion(place.rest if right else "something else", ask, found.tool))
        else:
            tool = STRONG if single == REUSING else single
            right = tools.right(tool, Kind.COMPLETE, EASY)
            bill.dollars[Kind.COMPLETE.value] += tools.price(tool, tools.tokens(Kind.COMPLETE))
            bill.calls += 1
            along.add(ask, _suggestion(place.rest if right else "something else", ask, tool))
        if right and tools.dice.random() < tools.day.at_once:
            bill.work[Kind.COMPLETE.value] += 1
            return sent
    return len(line)


def _suggestion(text: str, ask: Ask, tool: str) -> Suggestion:
    return Suggestion("s", text, ask.span, tool, "", 1.0)


async def asking(ours: Ours, singles: Sequence[Bill], kind: Kind, count: int) -> None:
    tools, dice = ours.tools, ours.tools.dice
    day = tools.day
    for _ in range(count):
        draw = dice.random()
        hard = EASY if draw < day.easy else HOPELESS if draw > 1 - day.hopeless else MIDDLE
        looks = dice.choice([EASY, MIDDLE, HOPELESS]) if dice.random() < day.misjudged else hard
        complexity, lines = SHOWN_AS[looks]
        buffer = open_buffer("file:///e.py", "/e.py", 1, "text", "x\n" * lines)
        ask = Ask("e", kind, buffer, Span(0, len(buffer.data) - 1), Trigger.MANUAL, time.monotonic() + 60)
        found = await ours.ask(ask, hard, complexity)
        ours.bill.work[kind.value] += bool(found.answer and found.answer.text == "right")
        for bill, single in zip(singles, (STRONG, FAST, STRONG), strict=True):
            bill.work[kind.value] += tools.right(single, kind, hard)
            bill.dollars[kind.value] += tools.price(single, tools.tokens(kind))
            bill.calls += 1


async def simulate(
    day: Day, roster: Roster, places: Sequence[Sequence[Keystroke]], seeds: Sequence[int] = SEEDS
) -> tuple[Bill, dict[str, Bill]]:
    mine, single = Bill(), {STRONG: Bill(), FAST: Bill(), REUSING: Bill()}
    for seed in seeds:
        tools = Tools(day, roster, Random(seed))
        ours = Ours(tools, mine)
        await typing(places, ours, list(single.values()), int(day.completions))
        for kind, count in ((Kind.EDIT, day.edits), (Kind.EXPLAIN, day.explanations), (Kind.REVIEW, day.reviews)):
            await asking(ours, list(single.values()), kind, int(count))
    return mine, single


def at_equal_work(mine: Bill, alone: Bill) -> float:
    """Our dollars, and what the single tool takes for the work that we had less of, kind by kind; more work is not counted."""
    total = sum(mine.dollars.values())
    for kind, work in alone.work.items():
        missing = max(0, work - mine.work[kind])
        total += missing * alone.dollars[kind] / work if work else 0.0
    return total


def saving(mine: Bill, alone: Bill) -> float:
    return 1 - at_equal_work(mine, alone) / sum(alone.dollars.values())


def cost(_rounds: int) -> None:
    """The table, then each assumption halved and doubled."""
    places = keystrokes()
    offered = [place for line in places for place in line if place.sure >= SURE]
    good = sum(place.rest.startswith(place.offer) for place in offered)
    every = sum(map(len, places))
    print(f"one person's day, {len(SEEDS)} seeds   [bar: at least {BAR:.0%} less than the best single tool, at equal accepted work]")
    right = good / max(1, len(offered))
    print(f"  embedded engine sure at {len(offered) / every:.0%} of {every} real places, right at {right:.0%} of these\n")
    days = len(SEEDS)
    for name, roster in ROSTERS.items():
        mine, single = asyncio.run(simulate(Day(), roster, places))
        alone, reusing = saving(mine, single[STRONG]), saving(mine, single[REUSING])
        print(f"  {name}: {alone:.0%} less than {roster.strong[1]} alone; {reusing:.0%} less than that behind our reuse and engine")
        bills = (
            ("ours", mine),
            (f"always {roster.strong[1]}", single[STRONG]),
            ("the same, with our reuse", single[REUSING]),
            (f"always {roster.fast[1]}", single[FAST]),
        )
        for label, bill in bills:
            work = "  ".join(f"{kind} {bill.work[kind] / days:.0f} for ${bill.dollars[kind] / days:.3f}" for kind in sorted(bill.work))
            print(f"    {label:26} ${sum(bill.dollars.values()) / days:6.2f}  {bill.calls / days:5.0f} calls   accepted: {work}")
    print("\n  each assumption halved and doubled, saving by roster:")
    worst = 1.0
    for assumption in fields(Day):
        value = getattr(Day(), assumption.name)
        row = []
        for factor in (0.5, 2.0):
            changed = value * factor
            if value <= 1:
                changed = min(0.95 if value < 1 else 1.0, changed)
            day = replace(Day(), **{assumption.name: changed})
            savings = [
                saving(mine, single[STRONG])
                for mine, single in (asyncio.run(simulate(day, one, places, FEWER)) for one in ROSTERS.values())
            ]
            worst = min(worst, *savings)
            row.append(f"{changed:8.3g}: " + " ".join(f"{one:4.0%}" for one in savings))
        print(f"    {assumption.name:16} {'   '.join(row)}")
    print(f"\n  the least of all: {worst:.0%}   {'met' if worst >= BAR else 'MISSED'}\n")


if __name__ == "__main__":
    cost(0)
