"""How much price and time weigh against quality, by the person's profile and the kind of request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from orchestra_lsp.model import Kind, Trigger

#: Tokens of a usual answer, to know a price beforehand.
USUAL_ANSWER: Final = {
    Kind.COMPLETE: 60,
    Kind.NEXT_EDIT: 120,
    Kind.EXPLAIN: 500,
    Kind.EDIT: 800,
    Kind.TEST: 1500,
    Kind.DOCUMENT: 400,
    Kind.REVIEW: 1000,
    Kind.CHANGE: 8000,
}
#: US dollars that a request of the kind costs with a middling model. Below it prices are small change: a tenth of a cent
#: must not decide who writes an edit.
USUAL_PRICE: Final = {
    Kind.COMPLETE: 0.0006,
    Kind.NEXT_EDIT: 0.002,
    Kind.EXPLAIN: 0.008,
    Kind.EDIT: 0.012,
    Kind.TEST: 0.02,
    Kind.DOCUMENT: 0.006,
    Kind.REVIEW: 0.015,
    Kind.CHANGE: 0.25,
}
#: Quality (0..1) that a usual price, and the whole time limit, are worth.
PROFILES: Final = {"economy": (0.14, 0.10), "balanced": (0.06, 0.10), "quality": (0.005, 0.03)}
#: Suggestions nobody asked for are many, and most are not taken: cheap and fast counts more. Those asked for are waited for.
TYPING: Final = {Trigger.AUTOMATIC: 1.5, Trigger.MANUAL: 0.5}


@dataclass(frozen=True, slots=True)
class Weights:
    """`price`: quality that `usual_price` (US dollars) is worth; `time`: quality that the whole time limit is worth."""

    price: float
    time: float
    usual_price: float


@cache
def weights_for(kind: Kind, trigger: Trigger, profile: str) -> Weights:
    """`profile` is one of PROFILES."""
    price, time = PROFILES[profile]
    haste = TYPING[trigger] if kind in (Kind.COMPLETE, Kind.NEXT_EDIT) else 1.0
    return Weights(price * haste, time * haste, USUAL_PRICE[kind])
