"""What becomes of findings, and which rules are demoted for it."""

from __future__ import annotations

from collections import Counter

import pytest

from orchestra_lsp.review.tally import State, Tally, ended, tallies


@pytest.mark.parametrize(
    ("fixed", "suppressed", "ignored", "demoted"),
    [(0, 0, 10, True), (0, 5, 5, True), (0, 0, 9, False), (2, 0, 8, False), (1, 0, 9, True), (10, 0, 0, False), (20, 40, 41, True)],
)
def test_a_rule_is_demoted_when_more_than_four_in_five_are_ignored(fixed: int, suppressed: int, ignored: int, demoted: bool) -> None:
    assert Tally(100, fixed, suppressed, ignored).demoted is demoted


def test_rows_become_tallies() -> None:
    assert tallies([("a", "shown", 3), ("a", "fixed", 2), ("b", "ignored", 1)]) == {"a": Tally(5, 2, 0, 0), "b": Tally(1, 0, 0, 1)}


def states(peak: set[str], left: set[str], silenced: int = 0) -> list[tuple[str, State]]:
    found = ended({"r": frozenset(peak)}, {"r": frozenset(left)}, Counter(r=silenced))
    return [(one, state) for _, one, state in found]


def test_what_is_left_is_ignored_and_what_is_gone_is_fixed_or_suppressed() -> None:
    assert states({"1", "2"}, {"1"}) == [("1", State.IGNORED), ("2", State.FIXED)]
    assert states({"1", "2"}, set(), silenced=1) == [("1", State.SUPPRESSED), ("2", State.FIXED)]


def test_a_line_that_was_only_rewritten_is_not_fixed() -> None:
    assert states({"old"}, {"new"}) == [("new", State.IGNORED)]
