"""Money: what is known and what is not, the guard before the budget is spent, and the sum over all processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestra_lsp.config import RouteSettings, Settings
from orchestra_lsp.engine import ledger as accounts
from orchestra_lsp.engine.cost import Budget, Stance, estimate, guarded, money
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.judging.case import Case
from orchestra_lsp.engine.ledger import FAILED, REJECTED, USED, Ledger, midnight
from orchestra_lsp.engine.live import mark_of, watch, watched
from orchestra_lsp.engine.outgoing import Attempt, Called
from orchestra_lsp.engine.settle import Means, Settler
from orchestra_lsp.model import Answer, Candidate, Choice, Complexity, Kind, Span, Usage
from orchestra_lsp.store.records import CallRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.registry import Shared, build
from tests.engine.test_cascade import GOOD, edit_reply
from tests.engine.test_orchestra import ask, asked, orchestra
from tests.support.providers.canned import canned

ESTIMATES = {"dear": 0.5, "cheap": 0.01, "near": 0.0, "odd": None}


def order(budget: Budget, names: str = "dear odd cheap near") -> tuple[str, str]:
    """The order, and who is left out."""
    found = guarded(Choice(tuple(Candidate(name, "because") for name in names.split())), ESTIMATES, budget)
    assert all(one.reason for one in (*found.order, *found.left_out))
    return " ".join(one.tool for one in found.order), " ".join(one.tool for one in found.left_out)


def test_without_a_budget_or_far_from_it_nothing_changes() -> None:
    assert order(Budget()) == ("dear odd cheap near", "")
    assert order(Budget(5.0, 1.0)) == ("dear odd cheap near", "")


def test_from_80_percent_on_the_cheapest_goes_first_and_an_unknown_price_last() -> None:
    assert order(Budget(5.0, 4.0)) == ("near cheap dear odd", "")
    found = guarded(Choice((Candidate("odd", "because"), Candidate("dear", "because"))), ESTIMATES, Budget(5.0, 4.1))
    assert "82% of today's budget is spent" in found.order[0].reason
    assert "price is unknown" in found.order[1].reason


def test_what_costs_more_than_is_left_is_left_out_and_told_what_to_do() -> None:
    assert order(Budget(5.0, 4.9)) == ("near cheap odd", "dear")
    assert order(Budget(5.0, 6.0)) == ("near odd", "dear cheap")
    assert order(Budget(0.3, 0.0)) == ("odd cheap near", "dear")
    reason = guarded(Choice((Candidate("dear", ""),)), ESTIMATES, Budget(5.0, 4.9)).left_out[0].reason
    assert reason == "would cost about $0.50, and $0.10 of today's $5.00 is left; raise route.budget_usd"


@given(some.floats(0, 10), some.floats(0, 20))
def test_a_budget_is_never_overdrawn_by_what_is_known(limit: float, spent: float) -> None:
    budget = Budget(limit, spent)
    assert budget.left is not None
    assert 0 <= budget.left <= limit
    found = guarded(Choice(tuple(Candidate(name, "") for name in ESTIMATES)), ESTIMATES, budget)
    assert all((ESTIMATES[one.tool] or 0.0) <= budget.left for one in found.order)
    assert {one.tool for one in (*found.order, *found.left_out)} == set(ESTIMATES)
    if limit:
        assert (budget.stance is Stance.OPEN) == (spent < 0.8 * limit)


def test_estimates_know_what_they_do_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = {
        "listed": {"kind": "claude", "model": "claude-haiku-5-5", "key": "env:NO_SUCH_KEY_HERE"},
        "own": {"kind": "openai", "url": "https://gate.example/v1", "model": "m", "price": {"input": 1.0, "output": 2.0}},
        "odd": {"kind": "openai", "url": "https://gate.example/v1", "model": "m"},
        "near": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m", "local": True},
    }
    monkeypatch.setenv("NO_SUCH_KEY_HERE", "x")
    built = build(Settings.model_validate({"tools": tools}), Shared())
    found = {name: estimate(tool, 1_000_000, 1_000_000) for name, tool in built.tools.items()}
    assert found == {"listed": pytest.approx(0.5 + 2.5), "own": pytest.approx(3.0), "odd": None, "near": 0.0}


@pytest.mark.parametrize(
    ("dollars", "said"),
    [(None, "unknown"), (0.0, "$0.00"), (1.234, "$1.23"), (0.0123, "$0.012"), (0.00234, "$0.0023"), (0.00001, "under $0.0001")],
)
def test_money_is_readable(dollars: float | None, said: str) -> None:
    assert money(dollars) == said


# --- the ledger ---


def test_it_adds_up_and_counts_what_nobody_knows() -> None:
    ledger = Ledger(None)
    ledger.note("a", Kind.EDIT, "dear", USED, 10.0, Usage(1, 1, 0.25))
    ledger.note("a", Kind.EDIT, "cheap", REJECTED, 10.0, Usage(1, 1, 0.05))
    ledger.note("b", Kind.EDIT, "odd", USED, 10.0)
    ledger.note("b", Kind.EDIT, "dead", FAILED, 10.0)
    assert ledger.budget(1.0) == Budget(1.0, pytest.approx(0.3), 1)
    with ledger.holding(0.6):
        assert ledger.budget(1.0).left == pytest.approx(0.1)
    assert ledger.budget(1.0).left == pytest.approx(0.7)


SPENDER = """
import sys, asyncio
from pathlib import Path
from orchestra_lsp.engine.ledger import Ledger, USED
from orchestra_lsp.model import Kind, Usage
from orchestra_lsp.store.store import Store
store = Store(Path(sys.argv[1]))
ledger = Ledger(store)
for _ in range(20):
    ledger.note("x", Kind.EDIT, "dear", USED, 1.0, Usage(1, 1, 0.01))
ledger.note("x", Kind.EDIT, "odd", USED, 1.0)
store.flush(); store.close()
"""


def test_what_other_processes_spent_today_counts(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    store = Store(path)
    ours = Ledger(store)
    ours.note("y", Kind.EDIT, "dear", USED, 1.0, Usage(1, 1, 0.5))
    running = [subprocess.Popen([sys.executable, "-c", SPENDER, str(path)]) for _ in range(2)]
    assert [one.wait(60) for one in running] == [0, 0]
    asyncio.run(ours.refresh())
    assert ours.budget(5.0) == Budget(5.0, pytest.approx(0.9), 2)
    store.flush()
    anew = Ledger(store)
    asyncio.run(anew.refresh())
    assert anew.budget(5.0).spent == pytest.approx(0.9), "a restart forgets nothing"
    store.close()


def test_yesterday_does_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    yesterday = midnight() - 1
    store.put(CallRecord("a", "other", yesterday, "edit", "dear", USED, 1.0, 1, 1, 4.0))
    store.put(CallRecord("a", "other", midnight() + 1, "edit", "dear", USED, 1.0, 1, 1, 1.0))
    store.flush()
    ledger = Ledger(store)
    asyncio.run(ledger.refresh())
    assert ledger.budget(5.0).spent == pytest.approx(1.0)
    assert midnight(time.time() - 86_400) < midnight() <= time.time_ns() // 1000
    assert accounts.REFRESH_S <= 10
    store.close()


async def spent_by(band_settings: dict[str, Any], store: Store | None = None, price: float = 1000.0) -> tuple[Any, Any]:
    reply = edit_reply(GOOD, (1000, 3000))
    async with canned(reply) as server:
        tools = {"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m", "price": {"input": price, "output": price}}}
        async with orchestra(tools, store, **band_settings) as band:
            found = asked(await band.ask(ask("‸def f(a):\n    return a + a\n‸", Kind.EDIT, instruction="double")))
            with pytest.raises(Unanswered) as told:
                await band.ask(ask("‸def f(b):\n    return b + b\n‸", Kind.EDIT, instruction="double"))
            return found, told.value


async def test_the_whole_way_a_spent_budget_stops_the_next_call_and_says_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    found, told = await spent_by({"route": {"budget_usd": 3.5}}, store)
    assert found.usage.cost == pytest.approx(4.0)
    assert "budget" in str(told)
    store.flush()
    assert store.read("SELECT kind, tool, outcome, cost_usd FROM tool_call") == [("edit", "far", "used", pytest.approx(4.0))]
    store.close()


# --- being watched ---


async def test_a_server_tells_how_it_is_only_while_somebody_watches(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    assert not watched(store.path)
    async with orchestra({"local": {}}, store) as band:
        await band.ask(ask("x = ‸"))
        await asyncio.sleep(0.2)
        store.flush()
        assert store.read("SELECT count(*) FROM live") == [(0,)]
        watch(store.path)
        assert watched(store.path)
        await asyncio.sleep(2.3)
        store.flush()
        assert store.read("SELECT count(*) FROM live") == [(1,)]
    os.utime(mark_of(store.path), (time.time() - 60, time.time() - 60))
    assert not watched(store.path)
    store.close()


async def settled(ledger: Ledger, called: Called, budget: float | None, estimates: dict[str, float | None]) -> Found:
    """One edit by tools that are not really there."""

    async def call(_order: object, _deadline: float) -> Called:
        return called

    async def weigh(answer: Answer) -> Found:
        return Found(answer, Span(0, 0), tool=answer.tool, usage=answer.usage)

    def case_of(_found: Found) -> Case:
        raise AssertionError("only a consensus compares")

    asking = ask("‸def f(a):\n    return a\n‸", Kind.EDIT)
    order = Choice(tuple(Candidate(name, "because") for name in estimates))
    means = Means(call, weigh, case_of, estimates, {})
    return await Settler(ledger).settle(asking, order, Complexity.SIMPLE, RouteSettings(budget_usd=budget), means)


async def test_every_call_is_written_down_with_what_became_of_it() -> None:
    ledger = Ledger(None)
    attempts = (
        Attempt("dead", 5.0, ToolError("dead", "failed")),
        Attempt("late", 5.0, lost=True),
        Attempt("near", 5.0, lost=True),
        Attempt("good", 5.0),
    )
    called = Called(Answer("x", "good", 5.0, Usage(1, 1, 0.25)), attempts)
    found = await settled(ledger, called, 5.0, {"good": 0.3, "late": 0.2, "near": 0.0, "dead": 0.1})
    assert found.tool == "good"
    assert ledger.budget(5.0) == Budget(5.0, 0.25, 1), "only what the late one may cost is unknown"


async def test_a_budget_that_is_nearly_spent_asks_the_cheap_tool() -> None:
    ledger = Ledger(None)
    ledger.note("a", Kind.EDIT, "dear", USED, 1.0, Usage(1, 1, 0.95))
    called = Called(Answer("x", "cheap", 5.0, Usage(1, 1, 0.01)), (Attempt("cheap", 5.0),))
    found = await settled(ledger, called, 1.0, {"dear": 0.3, "middling": 0.04, "cheap": 0.01})
    assert [one.tool for one in found.choice.order] == ["cheap", "middling"]
    assert [one.tool for one in found.choice.left_out] == ["dear"]
    assert [one.propensity for one in found.choice.order] == [1.0, 0.0]
    assert "of today's budget is spent" in found.reason


def test_what_is_left_within_the_budget_shares_the_chance_to_be_first() -> None:
    drawn = Choice(tuple(Candidate(name, "", odds) for name, odds in (("dear", 0.5), ("here", 0.3), ("cheap", 0.2))))
    found = guarded(drawn, {"dear": 9.0, "here": 0.0, "cheap": 0.1}, Budget(5.0, 1.0))
    assert [(one.tool, one.propensity) for one in found.order] == [("here", pytest.approx(0.6)), ("cheap", pytest.approx(0.4))]
    sparing = guarded(drawn, {"dear": 0.0, "here": 0.0, "cheap": 0.1}, Budget(5.0, 4.5))
    assert [(one.tool, one.propensity) for one in sparing.order] == [
        ("dear", pytest.approx(0.625)),
        ("here", pytest.approx(0.375)),
        ("cheap", 0.0),
    ]
