"""The decisions around a call, as plain functions of values: breaker, hedge, limit, order, trend, and who is served next."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.rings import breaker, hedge, limiter, trend
from orchestra_lsp.engine.rings.history import NEW_USUAL, TYPING, History, Timing
from orchestra_lsp.engine.rings.order import Standing, arrange
from orchestra_lsp.engine.rings.queue import Priority, Queue
from orchestra_lsp.model import Kind

# --- breaker ---


def test_one_failure_opens_nothing_and_two_in_a_row_do() -> None:
    once = breaker.failed(breaker.CLOSED, 100.0, 0.5)
    assert breaker.usable(once, 100.0)
    twice = breaker.failed(once, 100.0, 0.5)
    assert not breaker.usable(twice, 100.1)
    assert breaker.usable(breaker.failed(breaker.succeeded(once), 100.0, 0.5), 100.0)


def test_open_time_grows_is_jittered_and_is_bounded() -> None:
    state, now, opened = breaker.CLOSED, 0.0, []
    for _ in range(8):
        state = breaker.failed(state, now, draw=0.0)
        if breaker.is_open(state, now):
            opened.append(state.open_until - now)
            now = state.open_until
    assert opened == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert breaker.failed(breaker.Breaker(failures=1), 0.0, draw=1.0).open_until == 1.0


def test_half_open_lets_one_probe_through() -> None:
    state = breaker.failed(breaker.Breaker(failures=1), 0.0, 1.0)
    assert breaker.half_open(state, 1.0)
    probing = breaker.started(state, 1.0)
    assert not breaker.usable(probing, 1.0)
    assert breaker.usable(breaker.abandoned(probing), 1.0)
    assert breaker.succeeded(probing) == breaker.CLOSED
    again = breaker.failed(probing, 1.0, 1.0)
    assert again.open_until == 3.0, "a probe that fails opens it again at once, for longer"


def test_the_wish_of_a_tool_is_honoured_after_one_failure() -> None:
    state = breaker.failed(breaker.CLOSED, 10.0, 0.0, hold_s=30.0)
    assert state.held
    assert not breaker.usable(state, 39.9)
    assert breaker.usable(state, 40.0)
    out = breaker.failed(breaker.Breaker(failures=1), 10.0, 0.0)
    later = breaker.failed(out, 10.1, 0.0, hold_s=30.0)
    assert (later.open_until, later.held) == (40.1, True), "also when it was out already"
    assert breaker.failed(later, 11.0, 1.0).open_until == 40.1


@given(now=st.floats(0, 1e9), jump=st.floats(-1e9, 1e9), draw=st.floats(0, 1))
def test_a_jump_of_the_clock_locks_nobody_away(now: float, jump: float, draw: float) -> None:
    state = breaker.failed(breaker.Breaker(failures=1), now, draw)
    later = now + jump
    shut = breaker.is_open(state, later)
    assert not shut or state.open_until - later <= breaker.LONGEST_HELD_S
    assert breaker.usable(state, state.open_until)


# --- hedge ---


def test_hedges_are_a_share_of_the_requests() -> None:
    budget, spent = hedge.Budget(0.0), 0
    for _ in range(1000):
        budget = hedge.earned(budget)
        if hedge.affordable(budget):
            budget, spent = hedge.spent(budget), spent + 1
    assert 140 <= spent <= 150
    for _ in range(1000):
        budget = hedge.earned(budget)
    assert budget.tokens == hedge.MOST


def test_a_doubtful_tool_is_hedged_earlier() -> None:
    bounds = hedge.Bounds(0.05, 0.8)
    assert hedge.delay(0.1, 0.2, doubtful=False, bounds=bounds) == pytest.approx(0.2 * hedge.LATE)
    assert hedge.delay(0.1, 0.2, doubtful=True, bounds=bounds) == pytest.approx(0.125)
    assert hedge.delay(0.001, 0.001, doubtful=False, bounds=bounds) == 0.05
    assert hedge.delay(9, 9, doubtful=False, bounds=bounds) == 0.8


# --- limiter ---


def test_the_limit_grows_by_one_for_a_round_and_halves() -> None:
    state = limiter.Limiter(4.0)
    for _ in range(4):
        state = limiter.succeeded(state, in_flight=4)
    assert limiter.allowed(state) in (4, 5)
    assert 4.8 < state.limit < 5.1
    assert limiter.succeeded(limiter.Limiter(4.0), in_flight=1).limit == 4.0, "a limit that is not used is not raised"
    for _ in range(10):
        state = limiter.overloaded(state)
    assert limiter.allowed(state) == 1
    for _ in range(200):
        state = limiter.succeeded(state, in_flight=8)
    assert limiter.allowed(state) == 8


# --- history and trend ---


def quick(seconds: float) -> Timing:
    return Timing(seconds * 0.7, seconds, 2)


def fed(*seconds: float) -> History:
    history = History(TYPING)
    for number, one in enumerate(seconds):
        history.good(quick(one), float(number))
    return history


def test_a_slow_answer_does_not_become_the_usual() -> None:
    history = fed(*[0.2] * 10)
    assert history.is_slow(quick(0.7))
    history.slow(quick(0.7), 10.0)
    assert history.wholes_at(0.95) == 0.2
    assert history.worsened(10.0) > 1.6


def test_but_a_tool_that_stays_slow_is_slow_by_nature() -> None:
    history = fed(*[0.2] * 10)
    for number in range(NEW_USUAL):
        assert history.is_slow(quick(0.9))
        history.slow(quick(0.9), 10.0 + number)
    assert not history.is_slow(quick(0.9))


def test_slowness_is_forgiven_while_nobody_asks() -> None:
    history = fed(*[0.2] * 10)
    history.slow(quick(1.0), 10.0)
    assert history.worsened(10.0) > 2
    assert history.worsened(40.0) < 1.05


def test_long_answers_are_not_slow_answers() -> None:
    assert Timing(0.1, 0.1 + 0.004 * 160, 160).nominal_s == pytest.approx(Timing(0.1, 0.1 + 0.004 * 16, 16).nominal_s)


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(-1e6, 1e6))
def test_whatever_the_clock_does_the_figures_stay_figures(times: list[float], jump: float) -> None:
    history = fed(*times)
    for now in (len(times) + jump, float(len(times))):
        history.lost(0.3, now)
        assert history.expected_s(now) >= 0
        assert 0 <= history.foretold(now) <= 1


@pytest.mark.parametrize(
    ("took", "failed", "warned"),
    [
        ([0.2] * 10, [False] * 10, False),
        ([0.2, 0.22, 0.19, 0.25, 0.18, 0.21, 0.24, 0.2], [False] * 8, False),
        ([0.2, 0.2, 0.2, 0.2, 1.5, 0.2, 0.2, 0.2], [False] * 8, False),
        ([0.2 * 1.12**step for step in range(10)], [False] * 10, True),
        ([0.2] * 10, [False] * 8 + [True, True], True),
        ([0.2] * 10, [False] * 9 + [True], False),
        ([0.2] * 3, [True] + [False] * 9, False),
    ],
)
def test_failure_is_foretold(took: list[float], failed: list[bool], warned: bool) -> None:
    assert (trend.foretell(took, failed, 0.2) >= trend.WARN) is warned


def test_a_tool_that_gets_slower_is_demoted_before_it_breaks() -> None:
    history = fed(*[0.2] * 20)
    for step in range(12):
        took, now = 0.2 * 1.12**step, 20.0 + step
        assert not history.is_slow(quick(took)), "the breaker would have been first"
        history.good(quick(took), now)
        if history.foretold(now) >= trend.WARN:
            break
    else:
        pytest.fail("nothing was foretold")
    assert arrange([Standing("worse", trend=history.foretold(now)), Standing("other")]) == ("other", "worse")


# --- order ---


def test_the_order_is_the_choices_own_but_for_what_changed() -> None:
    well = [Standing("a", expected_s=0.9), Standing("b", expected_s=0.1), Standing("c", expected_s=0.5)]
    assert arrange(well) == ("a", "b", "c")
    out = Standing("a", usable=False, open_until=9.0)
    assert arrange([out, *well[1:]]) == ("b", "c", "a")
    assert arrange([Standing("a", expected_s=0.9, worsened=2.0), *well[1:]]) == ("b", "c", "a")
    assert arrange([Standing("a", overdue=True), *well[1:]]) == ("b", "c", "a")
    assert arrange([Standing(name, worsened=3.0) for name in "abc"]) == ("a", "b", "c"), "all are slower: the network is"
    assert arrange([Standing("a", usable=False, open_until=9.0), Standing("b", usable=False, open_until=5.0)]) == ("b", "a")


# --- queue ---


async def test_typing_goes_before_what_was_asked_for_before_the_background() -> None:
    queue, served = Queue(lambda _: 1), []
    assert queue.take("t", Priority.ASKED, Kind.EXPLAIN)

    async def ask(name: str, priority: Priority, kind: Kind) -> None:
        assert await queue.wait(["t"], priority, kind, time.monotonic() + 5) == "t"
        served.append(name)
        queue.give_back("t")

    waiting = [
        asyncio.ensure_future(ask(name, priority, kind))
        for name, priority, kind in (
            ("test 1", Priority.BACKGROUND, Kind.TEST),
            ("complete 1", Priority.BACKGROUND, Kind.COMPLETE),
            ("test 2", Priority.BACKGROUND, Kind.TEST),
            ("complete 2", Priority.BACKGROUND, Kind.COMPLETE),
            ("asked", Priority.ASKED, Kind.EDIT),
            ("typing", Priority.TYPING, Kind.COMPLETE),
        )
    ]
    await asyncio.sleep(0)
    assert queue.waiting() == 6
    queue.give_back("t")
    await asyncio.gather(*waiting)
    assert served == ["typing", "asked", "test 1", "test 2", "complete 1", "complete 2"]
    assert queue.in_flight("t") == 0


async def test_the_background_leaves_a_slot_free() -> None:
    queue = Queue(lambda _: 2)
    assert [queue.take("t", Priority.BACKGROUND, Kind.COMPLETE) for _ in range(2)] == [True, False]
    assert queue.take("t", Priority.TYPING, Kind.COMPLETE)


async def test_who_gives_up_waiting_takes_no_slot() -> None:
    queue = Queue(lambda _: 1)
    assert queue.take("t", Priority.TYPING, Kind.COMPLETE)
    assert await queue.wait(["t"], Priority.TYPING, Kind.COMPLETE, time.monotonic() + 0.01) == ""
    cancelled = asyncio.ensure_future(queue.wait(["t"], Priority.TYPING, Kind.COMPLETE, time.monotonic() + 5))
    await asyncio.sleep(0)
    queue.give_back("t")  # its turn, but it is cancelled before it runs
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert queue.in_flight("t") == 0
    assert queue.take("t", Priority.TYPING, Kind.COMPLETE)
