"""What becomes of findings, by rule: which are fixed, suppressed or ignored, and which rules are ignored so much that they only hint."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

ENOUGH: Final = 10  # findings whose end is known, before anything follows from them
MOSTLY: Final = 0.8  # of them ignored or suppressed

#: Rule, state and count of one project.
QUERY: Final = "SELECT rule, state, count(*) FROM rule_finding WHERE project = ? GROUP BY rule, state"


class State(StrEnum):
    """How far a finding has come."""

    SHOWN = "shown"
    FIXED = "fixed"
    SUPPRESSED = "suppressed"
    IGNORED = "ignored"  # still there when the person had worked on the file and closed it


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings of one rule, each counted once; `shown` are all of them."""

    shown: int
    fixed: int
    suppressed: int
    ignored: int

    @property
    def demoted(self) -> bool:
        ended = self.fixed + self.suppressed + self.ignored
        return ended >= ENOUGH and self.suppressed + self.ignored > MOSTLY * ended


def project_key(root: str) -> str:
    """A digest under which a project stands in the store."""
    return hashlib.sha256(os.path.normcase(os.path.realpath(root)).encode("utf-8", "replace")).hexdigest()[:24]


def tallies(rows: Iterable[Sequence[Any]]) -> Mapping[str, Tally]:
    """By rule, of the rows of QUERY."""
    counts: dict[str, Counter[str]] = {}
    for rule, state, count in rows:
        counts.setdefault(rule, Counter())[state] += count
    return {
        rule: Tally(sum(found.values()), found[State.FIXED], found[State.SUPPRESSED], found[State.IGNORED])
        for rule, found in counts.items()
    }


def ended(
    peak: Mapping[str, frozenset[str]], left: Mapping[str, frozenset[str]], silenced: Counter[str]
) -> Iterable[tuple[str, str, State]]:
    """Rule, finding and state of all whose end is known when a document that was worked on is closed.

    `peak`: the most findings of a rule that were there at once; `left`: what is there at the end; `silenced`: how many comments that
    silence a rule have come. A line that was only rewritten has a new finding for an old one, and neither was fixed.
    """
    for rule, most in sorted(peak.items()):
        remaining = left.get(rule, frozenset())
        yield from ((rule, one, State.IGNORED) for one in sorted(remaining))
        gone = sorted(most - remaining)[: max(0, len(most) - len(remaining))]
        for number, one in enumerate(gone):
            yield rule, one, State.SUPPRESSED if number < silenced[rule] else State.FIXED
