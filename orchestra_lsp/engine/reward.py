"""How good an answer was, from what became of it: 1 is taken and kept, 0 is looked at and not wanted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from orchestra_lsp.model import Outcome

TAKEN = 0.6
KEPT = 0.4
PARTLY = 0.7  # of what the whole would have earned
EDITED_AWAY = 0.2
WORSENED = 0.4  # is taken off
#: How often the answer at each place is looked at at all. The first one of several is taken about four times out of five whatever
#: stands there (lmarena, copilot-arena), so that not being taken further down says little.
LOOKED_AT = (1.0, 0.35, 0.2)
#: For an editor that tells what is taken and never what it shows: what was not taken may not have been seen.
UNTOLD = 0.2


@dataclass(frozen=True, slots=True)
class Reward:
    """`value` 0..1, and how much it counts."""

    value: float
    weight: float


def reward(became: Collection[Outcome], over: bool = False, untold: bool = False, position: int = 0) -> Reward | None:
    """None: nothing is known (yet), which is no failure.

    `over`: nothing more is to be expected. `untold`: the editor tells what is taken, and never what it shows. `position`: 0 when it
    was offered first.
    """
    if Outcome.ACCEPTED in became or Outcome.PARTLY_ACCEPTED in became:
        return Reward(_taken(became), 1.0)
    looked_at = LOOKED_AT[min(position, len(LOOKED_AT) - 1)]
    if Outcome.DISMISSED in became or (over and Outcome.SHOWN in became):
        return Reward(0.0, looked_at)
    return Reward(0.0, UNTOLD * looked_at) if over and untold else None


def _taken(became: Collection[Outcome]) -> float:
    value = TAKEN
    if Outcome.EDITED_AWAY in became:
        value = EDITED_AWAY
    elif Outcome.KEPT in became:
        value += KEPT
    if Outcome.ACCEPTED not in became:
        value *= PARTLY
    if Outcome.WORSENED in became:
        value -= WORSENED
    elif Outcome.IMPROVED in became:
        value = max(value, TAKEN + KEPT)
    return max(0.0, value)
