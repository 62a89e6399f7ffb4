"""One request on its way through the tools: one deadline, a hedge when the first is late, the next one at once on a failure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from orchestra_lsp.engine.chart import Chart
from orchestra_lsp.engine.outgoing import Attempt, Called, Outgoing, Terms, Tools
from orchestra_lsp.engine.rings import breaker, hedge, limiter, order
from orchestra_lsp.engine.rings.history import TYPING, WORKING, Pace
from orchestra_lsp.engine.rings.queue import Queue
from orchestra_lsp.engine.trial import Trial
from orchestra_lsp.model import Answer, Kind
from orchestra_lsp.tools.contract import ToolError

log = logging.getLogger("orchestra")

TOGETHER = 3  # calls for one request at a time
JITTER_S, LONGEST_JITTER_S = 0.1, 1.0
LATE_S = 10.0  # an answer that comes so long after the deadline is still worth keeping
QUICK = frozenset({Kind.COMPLETE, Kind.NEXT_EDIT})


@dataclass(slots=True)
class Office:
    """What all requests of one process share. Belongs to one event loop."""

    random: Random
    charts: dict[str, Chart] = field(default_factory=dict)
    queue: Queue = field(init=False)
    budget: hedge.Budget = hedge.Budget()
    stragglers: set[asyncio.Task[None]] = field(default_factory=set)
    ending: set[asyncio.Task[Answer]] = field(default_factory=set)  # told to stop; the loop itself would not keep them

    def __post_init__(self) -> None:
        self.queue = Queue(lambda tool: limiter.allowed(self.chart(tool).limiter))

    def chart(self, tool: str) -> Chart:
        if tool not in self.charts:
            self.charts[tool] = Chart(tool, self.random)
        return self.charts[tool]

    def ended(self, task: asyncio.Task[Answer]) -> None:
        self.ending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.debug("a call that was told to stop ended with: %s", error)


@dataclass(frozen=True, slots=True)
class Errand:
    """One request: which tools in which order, what they are asked, until when (seconds of `time.monotonic()`) and how."""

    names: tuple[str, ...]
    tools: Tools
    outgoing: Outgoing
    deadline: float
    terms: Terms

    @property
    def kind(self) -> Kind:
        return self.outgoing.prompt.kind


def pace_of(kind: Kind) -> Pace:
    return TYPING if kind in QUICK else WORKING


class Race:
    """Runs once. Whatever becomes of it, no call that it started goes on unwatched."""

    def __init__(self, errand: Errand, office: Office) -> None:
        self._errand = errand
        self._office = office
        self._pace = pace_of(errand.kind)
        self._running: dict[asyncio.Task[Answer], Trial] = {}
        self._hedged: set[Trial] = set()
        self._attempts: list[Attempt] = []
        self._untried: list[str] = []
        self._hopeless: set[str] = set()  # tools that will never answer this request
        self._round = 0
        self._begun = ""  # restored text of an answer that broke off

    async def run(self) -> Called:
        self._office.budget = hedge.earned(self._office.budget)
        answer: Answer | None = None
        ended = False
        try:
            answer = await self._answer()
            ended = True
        finally:
            self._leave(answer, ended)
        return Called(answer, tuple(self._attempts))

    async def _answer(self) -> Answer | None:
        deadline = self._errand.deadline
        while time.monotonic() < deadline:
            if not any(not trial.late for trial in self._running.values()) and not await self._another() and not self._running:
                return None
            if self._running:
                pause = max(0.0, self._wake() - time.monotonic())
                done, _ = await asyncio.wait(self._running, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if answer := self._settle(task):
                        return answer
                self._look(time.monotonic())
        return None

    # --- starting ---

    async def _another(self) -> bool:
        """Start the next tool, waiting for a free slot; at the end of a round a new one begins. False: nobody is left."""
        while not self._untried:
            if not await self._next_round():
                return False
        if len(self._running) >= TOGETHER:
            self._give_up(next(iter(self._running)), "did not begin to answer")
        errand, queue = self._errand, self._office.queue
        if self._beside():
            return True
        name = await queue.wait(self._untried, errand.terms.priority, errand.kind, errand.deadline)
        if name:
            self._start(name)
        return bool(name)

    async def _next_round(self) -> bool:
        """Who can be asked now. First those that are well; when they failed, all, after a pause. False: nobody before the deadline."""
        now, errand = time.monotonic(), self._errand
        busy = {trial.tool.name for trial in self._running.values() if not trial.late}
        standings = {
            name: self._office.chart(name).standing(self._pace, now)
            for name in errand.names
            if name in errand.tools and name not in self._hopeless and name not in busy
        }
        well = [one for one in standings.values() if one.usable]
        self._round += 1
        if self._round == 1 and well:
            self._untried = [name for name in order.arrange(list(standings.values())) if standings[name].usable]
            return True
        asking = [one for name, one in standings.items() if one.usable or not self._office.chart(name).breaker.held]
        until = now if asking else min((one.open_until for one in standings.values()), default=errand.deadline)
        if self._round > self._pace.rounds or until >= errand.deadline:
            return False
        # The first look at tools that are all out needs no pause; after that they get time to recover, each request its own.
        longest = 0.0 if not self._attempts else JITTER_S if well else min(LONGEST_JITTER_S, JITTER_S * 2**self._round)
        await self._pause(until - now + self._office.random.uniform(0, longest))
        self._untried = list(order.arrange(asking))
        return True

    async def _pause(self, seconds: float) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        elif seconds > 0:
            await asyncio.sleep(min(seconds, max(0.0, self._errand.deadline - time.monotonic())))

    def _beside(self, usable_only: bool = False) -> bool:
        """Start the next tool that has a free slot; False when there is none."""
        errand, office, now = self._errand, self._office, time.monotonic()
        for name in self._untried:
            chart = office.chart(name)
            if usable_only and not breaker.usable(chart.breaker, now):
                continue
            if office.queue.take(name, errand.terms.priority, errand.kind):
                self._start(name)
                return True
        return False

    def _start(self, name: str) -> None:
        """The slot is taken already."""
        errand, chart = self._errand, self._office.chart(name)
        if name in self._untried:
            self._untried.remove(name)
        outgoing = errand.outgoing.going_on(self._begun) if self._begun else errand.outgoing
        until = errand.deadline + (LATE_S if errand.terms.late else 0.0)
        trial = Trial(errand.tools[name], outgoing, until, self._begun)
        trial.hedge_at = trial.started + chart.hedge_delay(self._pace, trial.started)
        trial.limit_at = trial.started + chart.first_limit(self._pace)
        chart.begun(trial, trial.started)
        self._running[asyncio.ensure_future(trial.ask(errand.terms.enough))] = trial

    # --- watching ---

    def _wake(self) -> float:
        """When the next decision is due."""
        return min((self._due(trial) for trial in self._running.values() if not trial.late), default=self._errand.deadline)

    def _due(self, trial: Trial) -> float:
        if trial.first_s is not None:
            due = trial.last_at + self._pace.patience_s
        else:
            due = trial.limit_at if trial in self._hedged else trial.hedge_at
        return min(due, self._errand.deadline)

    def _look(self, now: float) -> None:
        """What is overdue: a hedge for a late first word, the next tool for a very late one or for an answer that stands still."""
        for task, trial in list(self._running.items()):
            if trial.late or task.done() or now < self._due(trial):
                continue
            if trial.first_s is not None:
                if any(name != trial.tool.name and name not in self._hopeless for name in self._errand.names):
                    self._give_up(task, "stopped in the middle of its answer")
                else:
                    trial.last_at = now  # nobody else could go on: look again later
            elif trial in self._hedged:
                trial.late = True
                self._office.chart(trial.tool.name).overdue(trial, self._pace, now)
            else:
                self._hedged.add(trial)
                self._hedge(trial)

    def _hedge(self, trial: Trial) -> None:
        office, errand = self._office, self._errand
        if not errand.terms.hedge or len(self._running) >= TOGETHER or not hedge.affordable(office.budget):
            return
        started = self._beside(usable_only=True)
        if not started and self._pace is TYPING and len(errand.names) > 1 and self._all_others_out(trial.tool.name):
            # The one tool that is left: another connection to it is a better bet than tools that are known to be out.
            started = office.queue.take(trial.tool.name, errand.terms.priority, errand.kind)
            if started:
                self._start(trial.tool.name)
        if started:
            office.budget = hedge.spent(office.budget)

    def _all_others_out(self, name: str) -> bool:
        now, others = time.monotonic(), (other for other in self._errand.names if other != name and other not in self._hopeless)
        return not any(breaker.usable(self._office.chart(other).breaker, now) for other in others)

    def _give_up(self, task: asyncio.Task[Answer], why: str) -> None:
        """Tell a tool to stop; what it said so far may be of use to the next one."""
        trial = self._running.pop(task)
        self._failed(trial, ToolError(trial.tool.name, why, "nothing to do: another tool is asked"))
        self._stop(task, trial)

    # --- ending ---

    def _settle(self, task: asyncio.Task[Answer]) -> Answer | None:
        trial = self._running.pop(task)
        self._back(trial)
        try:
            answer = task.result()
        except ToolError as error:
            log.info("%s", error)
            self._failed(trial, error)
            return None
        self._office.chart(trial.tool.name).good(trial, self._pace, time.monotonic())
        self._attempts.append(Attempt(trial.tool.name, answer.latency_ms))
        return answer

    def _failed(self, trial: Trial, error: ToolError) -> None:
        name = trial.tool.name
        self._office.chart(name).bad(trial, error, self._pace, time.monotonic())
        self._attempts.append(Attempt(name, _ms_since(trial.started), error))
        if not error.retryable:
            self._hopeless.add(name)
        elif self._errand.kind is Kind.COMPLETE:
            # Where text fills a gap, the next tool can go on behind it: for it, it is part of the code before the cursor. Any other
            # answer is one piece (a block, an explanation) whose halves by two models would not fit, so it begins anew.
            self._begun = max(self._begun, trial.kept(), key=len)

    def _leave(self, answer: Answer | None, ended: bool) -> None:
        """End what is still under way: losers are told to stop, and past the deadline an answer may still come for the cache."""
        now, chart = time.monotonic(), self._office.chart
        late = self._errand.terms.late if ended and answer is None else None
        for task, trial in self._running.items():
            name = trial.tool.name
            if answer:
                chart(name).lost(trial, self._pace, now)
                self._attempts.append(Attempt(name, _ms_since(trial.started), lost=True))
            elif ended:
                error = ToolError(name, f"did not answer within {_ms_since(trial.started):.0f} ms", "try again, or give it more time")
                chart(name).bad(trial, error, self._pace, now)
                self._attempts.append(Attempt(name, _ms_since(trial.started), error))
            else:
                chart(name).forget(trial)
            if late is None:
                self._stop(task, trial)
            else:
                self._back(trial)
        if late and self._running:
            straggler = asyncio.ensure_future(_straggle(list(self._running), late))
            self._office.stragglers.add(straggler)
            straggler.add_done_callback(self._office.stragglers.discard)
        self._running = {}

    def _stop(self, task: asyncio.Task[Answer], trial: Trial) -> None:
        self._back(trial)
        self._office.ending.add(task)
        task.add_done_callback(self._office.ended)
        task.cancel()

    def _back(self, trial: Trial) -> None:
        self._office.queue.give_back(trial.tool.name)


async def _straggle(tasks: Iterable[asyncio.Task[Answer]], late: Callable[[Answer], None]) -> None:
    """The first of the tasks that still brings an answer; they end by themselves LATE_S after the deadline."""
    waiting = set(tasks)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            answers = [task.result() for task in done if not task.cancelled() and task.exception() is None]
            if answers:
                late(answers[0])
                return
    finally:
        for task in waiting:
            task.cancel()


def _ms_since(start: float) -> float:
    return (time.monotonic() - start) * 1e3
