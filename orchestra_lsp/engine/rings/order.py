"""In which order the chosen tools are asked right now: the choice's own, but those that are not themselves come later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestra_lsp.engine.rings import trend

WORSE = 1.6  # times its own usual, when the others are as ever


@dataclass(frozen=True, slots=True)
class Standing:
    """One tool, as far as the order depends on it. Times in seconds; `open_until` of the monotonic clock."""

    name: str
    usable: bool = True
    open_until: float = 0.0
    expected_s: float = 0.0
    worsened: float = 1.0
    trend: float = 0.0
    overdue: bool = False  # a call to it is under way and later than it should be


def arrange(standings: Sequence[Standing]) -> tuple[str, ...]:
    """First the usable in the order of the choice, then those that got slower or fail more, then those that are out.

    Which tool is better or faster by nature is the choice's business; here only a change against its own past counts.
    """
    calm = min((one.worsened for one in standings if one.usable), default=1.0)

    def key(place: int) -> tuple[int, float, int]:
        one = standings[place]
        if not one.usable:
            return (2, one.open_until, place)
        if one.overdue or one.trend >= trend.WARN or one.worsened > WORSE * max(1.0, calm):
            return (1, one.expected_s, place)
        return (0, 0.0, place)

    return tuple(standings[place].name for place in sorted(range(len(standings)), key=key))
