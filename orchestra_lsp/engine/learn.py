"""Learns from what becomes of answers: keeps what was decided until it is known, turns it into rewards, and shares it by the store."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestra_lsp.engine.beliefs import Beliefs, Cell, Increment, PageHinkley, Place, kept_after
from orchestra_lsp.engine.catalogue import Prior
from orchestra_lsp.engine.reward import Reward, reward
from orchestra_lsp.model import Outcome
from orchestra_lsp.store.records import BeliefRecord
from orchestra_lsp.store.store import Store

log = logging.getLogger("orchestra")

WAIT_S = 120.0  # after that, a suggestion that was shown and not taken counts as not wanted
REMEMBERED = 2000  # decisions whose late feedback can still be understood
READ = "SELECT scope, cell, seen, total, expected, at_us FROM belief"
CHECKED = Outcome.DISMISSED  # an answer that our own checks refuse earns what a person's refusal earns


@dataclass(slots=True)
class _Open:
    """A decision and what was heard of it; `weight` and `total` are what the beliefs were told already."""

    tool: str
    prior: Prior
    place: Place
    position: int
    until: float  # seconds of `time.monotonic()`
    became: set[Outcome] = field(default_factory=set)
    weight: float = 0.0
    total: float = 0.0


class Learner:
    """Belongs to one event loop; `load` may run in a thread before the first use."""

    def __init__(
        self, store: Store | None = None, clock: Callable[[], float] = time.monotonic, now_us: Callable[[], int] | None = None
    ) -> None:
        """`clock`: seconds that never jump, for waiting; `now_us`: the time of day in microseconds, for fading."""
        self.beliefs = Beliefs()
        self._store = store
        self._clock = clock
        self._now_us = now_us or (lambda: time.time_ns() // 1000)
        self._open: OrderedDict[str, _Open] = OrderedDict()  # oldest first
        self._settled: OrderedDict[str, _Open] = OrderedDict()
        self._moves: dict[str, PageHinkley] = {}
        self._tells: set[Outcome] = set()  # what the editors of this process tell at all

    def expect(self, decision_id: str, tool: str, prior: Prior, place: Place, position: int = 0) -> None:
        """Something of `tool` is offered; `hear` will say what becomes of it."""
        self._open[decision_id] = _Open(tool, prior, place, position, self._clock() + WAIT_S)
        self.settle()

    def hear(self, decision_id: str, outcome: Outcome) -> bool:
        """Late, repeated and contradictory feedback is understood; False when the id is not known (any more), and nothing is learned."""
        one = self._open.get(decision_id) or self._settled.get(decision_id)
        if one is None:
            log.debug("an outcome (%s) is of a decision that is not remembered", outcome)
            return False
        self._tells.add(outcome)
        one.became.add(outcome)
        self._credit(one, over=decision_id in self._settled)
        return True

    def refuse(self, tool: str, prior: Prior, place: Place) -> None:
        """The answer was not fit to be shown, so nobody will ever say what they think of it."""
        self._credit(_Open(tool, prior, place, 0, 0.0, {CHECKED}), over=True)

    def earned(self, tool: str, prior: Prior, place: Place, value: float) -> None:
        """An answer whose worth (0..1) is known at once, for instance by tests."""
        self._add(_Open(tool, prior, place, 0, 0.0), Reward(value, 1.0))

    def settle(self) -> None:
        """Close what has waited long enough: shown and not taken is an answer, too."""
        now = self._clock()
        while self._open:
            decision_id, one = next(iter(self._open.items()))
            if one.until > now and len(self._open) <= REMEMBERED:
                break
            del self._open[decision_id]
            self._settled[decision_id] = one
            self._credit(one, over=True)
        while len(self._settled) > REMEMBERED:
            self._settled.popitem(last=False)

    def load(self) -> None:
        """Take what all processes have learned, this one included. Never raises; without a store there is nothing to take."""
        if self._store is None:
            return
        self._store.flush(1.0)
        try:
            rows = self._store.read(READ)
        except sqlite3.Error as error:
            log.warning("what was learned cannot be read, so the built-in estimates count: %s", error)
            return
        now = self._now_us()
        cells = {}
        for scope, name, seen, total, expected, at_us in rows:
            kept = kept_after(now - at_us)
            cells[scope, name] = Cell(seen * kept, total * kept, expected * kept, min(at_us, now))
        self.beliefs = Beliefs(cells)

    def _credit(self, one: _Open, over: bool) -> None:
        """Tell the beliefs the difference between what they were told of this decision and what is known now."""
        untold = Outcome.ACCEPTED in self._tells and Outcome.SHOWN not in self._tells
        if earned := reward(one.became, over, untold, one.position):
            self._add(one, earned)

    def _add(self, one: _Open, earned: Reward) -> None:
        weight, total = earned.weight - one.weight, earned.weight * earned.value - one.total
        if weight == 0 and total == 0:
            return
        first = one.weight == 0
        one.weight, one.total = earned.weight, earned.weight * earned.value
        increments = self.beliefs.increments(one.tool, one.prior, one.place, (weight, total), self._now_us())
        if first and self._moved(one, earned.value):
            increments += self.beliefs.shrunk(one.tool, one.place, self._now_us())
        self.beliefs.add(increments)
        if self._store:
            for added in increments:
                self._store.put(_record(added))

    def _moved(self, one: _Open, value: float) -> bool:
        """Whether the tool is not what it was, so that little of what was learned still counts."""
        detector = self._moves.setdefault(f"{one.tool}|{one.place.kind.value}|{one.place.language}", PageHinkley())
        return detector.moved(value, self.beliefs.of(one.tool, one.prior, one.place).mean)


def project_key(roots: Sequence[str], path: str) -> str:
    """A short name that gives nothing away of the project that a file belongs to; empty outside of all workspace folders."""
    inside = [root for root in roots if root and path.startswith(root.rstrip("/\\") + os.sep)]
    return hashlib.sha256(os.path.normcase(os.path.normpath(max(inside, key=len))).encode()).hexdigest()[:16] if inside else ""


def _record(added: Increment) -> BeliefRecord:
    return BeliefRecord(added.scope, added.cell, added.seen, added.total, added.expected, added.at_us, added.cap)
