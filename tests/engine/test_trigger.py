"""When a model is asked: never at some places, else after a pause that fits the person; and what the typist remembers of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.trigger import LEFT_ALONE_S, Moment, delay_ms, obstacle, patience, wants_quiet
from orchestra_lsp.engine.typist import Typist
from orchestra_lsp.model import Outcome, Trigger
from tests.engine.placing import ask

STEADY = Moment(gaps_ms=(150.0,) * 10)
DISMISSED, TAKEN = (False, 1.0), (True, 1.0)


@pytest.mark.parametrize(
    ("text", "moment", "why"),
    [
        ("x = |", Moment(), ""),
        ("f(|)", Moment(), ""),
        ("f(|) {", Moment(), ""),
        ("f('|');\nnext", Moment(), ""),
        ("x = fo|o", Moment(), "inside a word"),
        ("x = |é", Moment(), "inside a word"),
        ("x = | + 1", Moment(), "goes on behind"),
        ("x = 1;|\n", Moment(), "complete"),
        ("x = 1;|)", Moment(), ""),
        ("x = |", Moment(shrank=True), "taken away"),
        ("x = |", Moment(dismissed_here=True), "just dismissed"),
        ("x = |", Moment(outcomes=(DISMISSED,) * 3), "all dismissed"),
        ("    |", Moment(outcomes=(DISMISSED,) * 3), ""),
        ("x = |", Moment(outcomes=(DISMISSED, DISMISSED, TAKEN)), ""),
        ("x = |", Moment(outcomes=((False, 9999.0),) * 3), ""),
    ],
)
def test_where_no_model_is_asked(text: str, moment: Moment, why: str) -> None:
    found = obstacle(ask(text), moment)
    assert why in found
    assert bool(found) is bool(why)
    assert obstacle(replace(ask(text), trigger=Trigger.MANUAL), moment) == ""


def test_the_pause_follows_the_rhythm_and_the_last_outcomes_and_a_slow_tool_shortens_it() -> None:
    here = ask("value = wo|")
    slow, fast = Moment(gaps_ms=(300.0,) * 10), Moment(gaps_ms=(110.0,) * 10)
    assert delay_ms(here, fast, None) < delay_ms(here, STEADY, None) < delay_ms(here, slow, None)
    assert delay_ms(ask("value(|"), STEADY, None) < delay_ms(here, STEADY, None)
    assert delay_ms(here, STEADY, 100.0) == pytest.approx(delay_ms(here, STEADY, None) - 100.0)
    assert delay_ms(here, STEADY, 5000.0) == pytest.approx(165.0)  # not less than the gap between two keys
    assert delay_ms(here, replace(STEADY, outcomes=(DISMISSED,)), None) > delay_ms(here, STEADY, None)
    assert delay_ms(here, replace(STEADY, outcomes=(TAKEN,)), None) < delay_ms(here, STEADY, None)


def test_nothing_is_waited_for_by_hand_and_before_a_rhythm_is_known() -> None:
    assert delay_ms(replace(ask("x = |"), trigger=Trigger.MANUAL), STEADY, None) == 0
    assert delay_ms(ask("x = |"), Moment(gaps_ms=(150.0,) * 3), None) == 0


moments = st.builds(
    Moment,
    gaps_ms=st.lists(st.floats(0, 5000), max_size=40).map(tuple),
    shrank=st.booleans(),
    outcomes=st.lists(st.tuples(st.booleans(), st.floats(0, 1e5)), max_size=10).map(tuple),
)


@given(st.text(alphabet="ab (;}\n\r\té", max_size=20), st.text(alphabet="ab );\n", max_size=20), moments, st.none() | st.floats(0, 1e5))
def test_a_pause_is_always_bounded(before: str, after: str, moment: Moment, latency: float | None) -> None:
    here = ask(f"{before}|{after}")
    assert 0 <= delay_ms(here, moment, latency) <= 1000
    assert 0.5 <= patience(moment) <= 3
    obstacle(here, moment)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_typist_remembers_gaps_deletions_and_dismissals() -> None:
    clock = Clock()
    typist = Typist(clock)
    for text in ("x|", "xy|", "xyz|"):
        clock.now += 0.2
        typist.note(ask(text))
        typist.note(ask(text))  # two features of the editor ask for the same key
    assert typist.moment(ask("xyz|")).gaps_ms == pytest.approx((200.0, 200.0))
    typist.note(ask("xy|"))
    assert typist.moment(ask("xy|")).shrank
    clock.now += 60
    typist.note(ask("xyz|"))
    assert typist.moment(ask("xyz|")) == replace(Moment(), gaps_ms=typist.moment(ask("xyz|")).gaps_ms)
    assert max(typist.moment(ask("xyz|")).gaps_ms) < 1000  # a pause is no rhythm
    typist.heard(Outcome.DISMISSED, ask("xyz|"))
    assert typist.moment(ask("xyzz|")).dismissed_here
    assert not typist.moment(ask("xyz\nx|")).dismissed_here
    clock.now += LEFT_ALONE_S + 0.1
    assert not typist.moment(ask("xyz|")).dismissed_here
    typist.heard(Outcome.DISMISSED, None)
    typist.heard(Outcome.SHOWN, None)
    typist.heard(Outcome.DISMISSED, None)
    assert wants_quiet(typist.moment(ask("xyz|")))
    typist.heard(Outcome.ACCEPTED, ask("xyz|"))
    assert not wants_quiet(typist.moment(ask("xyz|")))


def test_a_paste_and_another_document_are_no_rhythm() -> None:
    clock = Clock()
    typist = Typist(clock)
    for text, uri in (("x|", "file:///a.py"), ("x" * 50 + "|", "file:///a.py"), ("y|", "file:///b.py")):
        clock.now += 0.1
        typist.note(ask(text, uri))
    assert typist.moment(ask("x|")) == Moment()
