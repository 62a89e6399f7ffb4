"""Chances are chances, and better witnesses count for more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.local.blend import LADDER, blend

names = st.sampled_from([name for name, _ in LADDER])
counts = st.dictionaries(st.sampled_from("abcdefghijkl"), st.integers(1, 50), min_size=1)


@given(st.dictionaries(names, counts, max_size=8))
def test_chances_leave_room_for_the_unseen(rungs: dict[str, dict[str, int]]) -> None:
    chances = blend(rungs)
    assert all(0 < chance < 1 for chance in chances.values())
    assert sum(chances.values()) < 1
    assert bool(chances) == bool(rungs)


def test_a_longer_context_outweighs_a_shorter_one() -> None:
    here = {f"file {length}": {"here": 3} for length in (2, 3, 4)}
    chances = blend({"file 1": {"often": 50, "here": 3}, **here})
    assert chances["here"] > chances["often"]


def test_agreement_is_surer_than_a_single_witness() -> None:
    assert blend({"file 2": {"a": 5}, "workspace 3": {"a": 5}})["a"] > blend({"file 2": {"a": 5}})["a"]


def test_many_kinds_of_continuation_make_none_likely() -> None:
    scattered = dict.fromkeys("abcdefgh", 1)
    assert max(blend({"file 3": scattered}).values()) < 0.1
