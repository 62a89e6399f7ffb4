"""From an order of tools to one answer: within the budget, by steps, or by several tools at once; every call is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import PurePath
from typing import TYPE_CHECKING

from orchestra_lsp.engine import cascade, consensus, ledger
from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.cascade import Call, Climbed, Stairs, Weigh
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.consensus import CaseOf
from orchestra_lsp.engine.cost import Budget, Estimates, estimate, guarded
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.ledger import Ledger
from orchestra_lsp.engine.outgoing import Called, Tools
from orchestra_lsp.engine.route import Player, Request
from orchestra_lsp.model import Answer, Ask, Candidate, Choice, Complexity, Reach, Usage

if TYPE_CHECKING:
    from orchestra_lsp.config import RouteSettings


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """How tools are called, answers weighed and compared, and what is known of them before."""

    call: Call
    weigh: Weigh
    case_of: CaseOf
    estimates: Estimates
    expected: Mapping[str, float]  # by tool: the chance (0..1) that its answer is good


class Settler:
    """Belongs to one event loop."""

    def __init__(self, accounts: Ledger) -> None:
        self.ledger = accounts

    async def budget(self, settings: RouteSettings) -> Budget:
        """What may be spent now; for the choice."""
        if settings.budget_usd is not None:
            await self.ledger.refresh()
        return self.ledger.budget(settings.budget_usd)

    async def settle(self, ask: Ask, choice: Choice, complexity: Complexity, settings: RouteSettings, means: Means) -> Found:
        """The answer to show, with its verdict and the choice as it was made in the end."""
        budget = self.ledger.budget(settings.budget_usd)
        choice = guarded(choice, means.estimates, budget)
        nothing = Found(None, ask.span, choice=choice, complexity=complexity)
        call = self._paid(means.call, means.estimates)
        several = wanted(ask, settings)
        if several and len(choice.order) > 1:
            asked = consensus.chosen(_affordable(choice.order, means.estimates, budget), several)
            climbed = await consensus.gather(asked, nothing, (call, means.weigh), means.case_of, ask.deadline)
        else:
            choice = self._by_steps(ask, choice, complexity, settings, means)
            stairs = Stairs(
                choice.order,
                ask.deadline,
                means.estimates,
                lambda: self.ledger.budget(settings.budget_usd).left,
                cascade.MOST_TRIES if ask.kind in cascade.KINDS else 1,
            )
            climbed = await cascade.climb(stairs, nothing, call, means.weigh)
        self._write_down(ask, climbed, means.estimates)
        return replace(climbed.found, choice=choice, attempts=climbed.attempts, complexity=complexity, refused=_refused(climbed))

    def _by_steps(self, ask: Ask, choice: Choice, complexity: Complexity, settings: RouteSettings, means: Means) -> Choice:
        """A person's own order is kept as it is."""
        lines = ask.buffer.data.count(b"\n", ask.span.start, ask.span.end) + 1
        hard = cascade.difficulty(complexity, lines)
        own = settings.prefer.get(ask.kind.value)
        if own or not cascade.cheap_first(ask.kind, hard, settings.profile):
            return choice
        return cascade.arranged(choice, means.estimates, means.expected, hard)

    def _paid(self, call: Call, estimates: Estimates) -> Call:
        """The call with money set aside for the first of its tools while it is under way."""

        async def paid(order: Sequence[Candidate], deadline: float) -> Called:
            with self.ledger.holding(estimates.get(order[0].tool) or 0.0 if order else 0.0):
                return await call(order, deadline)

        return paid

    def _write_down(self, ask: Ask, climbed: Climbed, estimates: Estimates) -> None:
        best = climbed.found
        for one in climbed.tried:
            shown = one.tool == best.tool and best.answer is not None
            outcome = ledger.USED if shown else ledger.COMPARED if one.answer and one.verdict.accepted else ledger.REJECTED
            self.ledger.note(ask.id, ask.kind, one.tool, outcome, one.took_ms, one.usage)
        answered = {one.tool for one in climbed.tried}
        for attempt in climbed.attempts:
            if attempt.lost:
                free = estimates.get(attempt.tool) == 0.0
                self.ledger.note(ask.id, ask.kind, attempt.tool, ledger.LOST, attempt.took_ms, Usage(cost=0.0 if free else None))
            elif attempt.error and attempt.tool not in answered:
                self.ledger.failed(ask.id, ask.kind, attempt.tool, attempt.took_ms, attempt.error.problem)


def _refused(climbed: Climbed) -> tuple[str, ...]:
    """The tools whose answers the judge did not accept, but for the one that is shown all the same."""
    shown = climbed.found.tool if climbed.found.answer else ""
    return tuple(one.tool for one in climbed.tried if one.tool != shown and (one.answer is None or not one.verdict.accepted))


def wanted(ask: Ask, settings: RouteSettings) -> int:
    """How many tools are to answer at once: as asked for, or by the person's policy for critical code; 0: one is enough."""
    if ask.kind not in cascade.KINDS:
        return 0
    if ask.consensus:
        return ask.consensus
    critical = any(entry == ask.kind.value or _matches(ask, entry) for entry in settings.consensus)
    return settings.consensus_tools if critical else 0


def _matches(ask: Ask, glob: str) -> bool:
    path = PurePath(ask.buffer.path)
    inside = [path.relative_to(root) for root in ask.roots if path.is_relative_to(root)] or [path]
    return any(fnmatch(one.as_posix(), glob) or fnmatch(one.name, glob) for one in inside)


def _affordable(order: Sequence[Candidate], estimates: Estimates, budget: Budget) -> list[Candidate]:
    """As many of the order as what is left of the budget pays for together; at least the first."""
    left = budget.left
    chosen: list[Candidate] = []
    for one in order:
        cost = estimates.get(one.tool) or 0.0
        if left is not None and chosen and cost > left:
            continue
        chosen.append(one)
        left = None if left is None else left - cost
    return chosen


def estimates_for(tools: Tools, prompt_tokens: int, answer_tokens: int) -> Estimates:
    return {name: estimate(tool, prompt_tokens, answer_tokens) for name, tool in tools.items()}


def expected_for(request: Request, players: Sequence[Player], beliefs: Beliefs | None = None) -> Mapping[str, float]:
    """What the answers of each tool are expected to be worth, 0..1: as learned, else by the catalogue."""
    known = {one.name: one.prior or prior(one.name, one.name, one.abilities.reach) for one in players}
    if beliefs is None:
        return {name: one.expected(request.kind, request.complexity) for name, one in known.items()}
    return {name: beliefs.of(name, one, request.place).mean for name, one in known.items()}


def priced(answer: Answer, tools: Tools) -> Answer:
    """A tool on this machine costs nothing, so that its answers are no unknown cost."""
    tool = tools.get(answer.tool)
    if answer.usage.cost is not None or tool is None or tool.abilities.reach is Reach.OUTSIDE:
        return answer
    return replace(answer, usage=replace(answer.usage, cost=0.0))
