"""When a model is asked while somebody types: never at some places, elsewhere after a pause that fits the person's rhythm.

Only calls are held back: what the embedded engine or the cache has is shown at once. Asked by hand, nothing is held back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import exp, prod
from typing import Final

from orchestra_lsp.model import Ask, Trigger

#: Gaps between keys that are known before a rhythm is taken from them, and the longest one that is typing (ms).
ENOUGH_GAPS: Final = 4
LONGEST_GAP_MS: Final = 400.0
_FASTEST_MS, _SLOWEST_MS = 100.0, 400.0
#: Keys of rhythm that are waited for in the middle of a word, and how much less at places where people stop to think.
_KEYS, _BEHIND_A_WORD, _LINE_END, _FILE_END = 3.0, 0.75, 0.6, 0.15
#: Less than one gap saves no call; more than a second is felt as broken.
_LEAST_GAPS, _MOST_MS = 1.1, 1000.0
#: What one outcome does to the pause, and how long it is remembered (seconds).
_DISMISSED, _TAKEN, _FADES_S = 1.5, 0.8, 600.0
_SHORTEST, _LONGEST = 0.5, 3.0
#: Seconds for which a line on which an offer was just dismissed is left alone.
LEFT_ALONE_S: Final = 5.0
#: So many dismissals in a row, none of them older than this (seconds): the person wants quiet.
QUIET_AFTER: Final = 3
_QUIET_S: Final = 600.0

_CLOSING_REST = re.compile(rb"[ \t]*[)>}\]\"'`]*[ \t]*[:{;,]?[ \t]*\Z")
_WORD = re.compile(rb"[\w$\x80-\xff]")
_FINISHED = (b";", b"}")


@dataclass(frozen=True, slots=True)
class Moment:
    """How the person types and what became of the last offers.

    `gaps_ms`: between the last keys. `shrank`: the last key took text away. `outcomes`: (taken, age in seconds) of the last offers that
    were taken or dismissed, newest last. `dismissed_here`: an offer on this line was dismissed within LEFT_ALONE_S.
    """

    gaps_ms: tuple[float, ...] = ()
    shrank: bool = False
    outcomes: tuple[tuple[bool, float], ...] = ()
    dismissed_here: bool = False


def obstacle(ask: Ask, moment: Moment) -> str:
    """Why no model is asked here; empty when one may be."""
    if ask.trigger is Trigger.MANUAL:
        return ""
    before, rest = _line(ask)
    if moment.dismissed_here:
        return "an offer on this line was just dismissed"
    if _WORD.match(rest):
        return "the cursor is inside a word"
    if not _CLOSING_REST.match(rest):
        return "the line goes on behind the cursor"
    if moment.shrank:
        return "text was just taken away"
    if before.rstrip().endswith(_FINISHED) and not rest.strip():
        return "the statement before the cursor is complete"
    if wants_quiet(moment) and before.strip():
        return "the last offers were all dismissed"
    return ""


def delay_ms(ask: Ask, moment: Moment, latency_ms: float | None) -> float:
    """How long after its ask a model is called; `latency_ms`: what its answer is expected to take, None when not known.

    The longer an answer takes, the less there is to wait for before it. But a pause shorter than the gap between two keys would
    let every key of a word through.
    """
    if ask.trigger is Trigger.MANUAL or len(moment.gaps_ms) < ENOUGH_GAPS:
        return 0.0
    gap = sum(min(one, LONGEST_GAP_MS) for one in moment.gaps_ms) / len(moment.gaps_ms)
    base = min(_SLOWEST_MS, max(_FASTEST_MS, gap))
    before, rest = _line(ask)
    keys = _KEYS - _BEHIND_A_WORD * (not _WORD.match(before[-1:])) - _LINE_END * (not rest.strip())
    keys -= _FILE_END * (not ask.buffer.data[ask.span.end : ask.span.end + 200].strip())
    wanted = keys * base * patience(moment) - (latency_ms or 0.0)
    return min(_MOST_MS, max(_LEAST_GAPS * base, wanted))


def patience(moment: Moment) -> float:
    """What the last outcomes make of the pause: above 1 after dismissals, below it after offers that were taken."""
    told = prod(1 + ((_TAKEN if taken else _DISMISSED) - 1) * exp(-age / _FADES_S) for taken, age in moment.outcomes)
    return min(_LONGEST, max(_SHORTEST, told))


def wants_quiet(moment: Moment) -> bool:
    """Whether the last offers were all dismissed: then only sure ones are shown unasked."""
    last = moment.outcomes[-QUIET_AFTER:]
    return len(last) == QUIET_AFTER and not any(taken or age > _QUIET_S for taken, age in last)


def _line(ask: Ask) -> tuple[bytes, bytes]:
    """The cursor's line before and behind the cursor."""
    data, here = ask.buffer.data, ask.span.end
    start = max(data.rfind(b"\n", 0, here), data.rfind(b"\r", 0, here)) + 1
    ends = [found for found in (data.find(b"\n", here), data.find(b"\r", here)) if found >= 0]
    return data[start:here], data[here : min(ends, default=len(data))]
