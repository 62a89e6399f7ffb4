"""What calls cost and what may still be spent today: the guard moves to cheaper tools first and stops only what cannot be paid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from orchestra_lsp.model import Candidate, Choice, Reach, Usage
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.wire.prices import Tariff
from orchestra_lsp.trust.mask import MaskedPrompt

SOFT: Final = 0.8  # share of the budget from which on the cheapest tool goes first

THRIFT: Final = 5.0  # times the usual weight of the price, from there on


class Stance(StrEnum):
    """How the budget stands: nothing in the way, the cheapest tool first, or spent."""

    OPEN = "open"
    SPARING = "sparing"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Budget:
    """Today's money in US dollars. `limit` None: no limit. `unknown`: calls whose cost nobody knows, which `spent` cannot hold."""

    limit: float | None = None
    spent: float = 0.0
    unknown: int = 0

    @property
    def left(self) -> float | None:
        """None: no limit."""
        return None if self.limit is None else max(0.0, self.limit - self.spent)

    @property
    def stance(self) -> Stance:
        if self.limit is None or self.spent < SOFT * self.limit:
            return Stance.OPEN
        return Stance.SPARING if self.spent < self.limit else Stance.SPENT

    @property
    def thrift(self) -> float:
        """How much more than usual price counts when tools are compared: nothing more at first, much from SOFT on."""
        return 1.0 if self.stance is Stance.OPEN else THRIFT

    def holding(self, dollars: float) -> Budget:
        """The same with more set aside for calls that are under way."""
        return replace(self, spent=self.spent + dollars) if dollars else self


#: What each tool would ask for one request, in US dollars; None: not known.
Estimates = Mapping[str, float | None]


def estimate(tool: Tool[MaskedPrompt], prompt_tokens: int, answer_tokens: int) -> float | None:
    """What one call would cost. A tool on this machine costs nothing, unless the person gave it a price."""
    tariff = getattr(tool, "tariff", None)  # only tools that are billed by token have one
    known = tariff.priced(Usage(prompt_tokens, answer_tokens)).cost if isinstance(tariff, Tariff) else None
    if known is None and tool.abilities.reach is not Reach.OUTSIDE:
        return 0.0
    return known


def dearness(dollars: float | None) -> float:
    """For sorting: what is not known comes last, because it may be anything."""
    return math.inf if dollars is None else dollars


def guarded(choice: Choice, estimates: Estimates, budget: Budget) -> Choice:
    """The choice within the budget: from SOFT on the cheapest first; what costs more than is left is left out, each with its reason."""
    left = budget.left
    if left is None or (budget.stance is Stance.OPEN and all((estimates.get(one.tool) or 0) <= left for one in choice.order)):
        return choice
    kept = [one for one in choice.order if (estimates.get(one.tool) or 0.0) <= left]
    out = [replace(one, reason=_too_dear(estimates[one.tool], budget), propensity=0.0) for one in choice.order if one not in kept]
    if budget.stance is not Stance.OPEN:
        kept.sort(key=lambda one: dearness(estimates.get(one.tool)))
        kept = [_said(one, estimates.get(one.tool), budget) for one in kept]
        least = dearness(estimates.get(kept[0].tool)) if kept else 0.0
        rivals = [one.propensity if dearness(estimates.get(one.tool)) == least else 0.0 for one in kept]
    else:
        rivals = [one.propensity for one in kept]
    return Choice(tuple(_likelier(kept, rivals)), (*choice.left_out, *out))


def _likelier(kept: Sequence[Candidate], rivals: Sequence[float]) -> Iterator[Candidate]:
    """With the chance of each to be first, now that only those can be whose share in `rivals` is not 0."""
    everyone = sum(rivals)
    for at, (one, share) in enumerate(zip(kept, rivals, strict=True)):
        yield replace(one, propensity=share / everyone if everyone else float(not at))


def _said(candidate: Candidate, dollars: float | None, budget: Budget) -> Candidate:
    if dollars is None:
        why = "its price is unknown, so the budget cannot count it"
    else:
        why = f"{_share(budget)} of today's budget is spent, so the cheapest goes first"
    return replace(candidate, reason=f"{candidate.reason}; {why}")


def _too_dear(dollars: float | None, budget: Budget) -> str:
    return f"would cost about {money(dollars)}, and {money(budget.left)} of today's {money(budget.limit)} is left; raise route.budget_usd"


def _share(budget: Budget) -> str:
    return f"{budget.spent / budget.limit:.0%}" if budget.limit else "all"


def money(dollars: float | None) -> str:
    """For people: cents where there are any, else as many digits as it takes."""
    if dollars is None:
        return "unknown"
    return f"${dollars:.2f}" if dollars >= 0.095 or not dollars else f"${dollars:.2g}" if dollars >= 0.0001 else "under $0.0001"
