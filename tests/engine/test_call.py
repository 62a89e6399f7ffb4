"""Calling tools that fail in every way, under one deadline: who is asked, who is told to stop, and what the person gets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import pytest

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.call import Called, Caller, Outgoing, Priority, Terms
from orchestra_lsp.model import Abilities, Answer, Candidate, Health, Kind, Outcome, Piece, Prompt, Reach, State
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.registry import Shared, build
from orchestra_lsp.tools.wire.faults import Refused
from orchestra_lsp.trust.mask import MaskedPrompt, Vault
from tests.support.providers.processes import FakeProvider, fake_provider

Step = float | str | ToolError


@dataclass
class Scripted:
    """A tool that plays one line of its script for each call, the last one again and again: waits, pieces of text, an error.

    A line ends with a whole answer unless it ends with an error or with "cut".
    """

    name: str
    lines: Sequence[Sequence[Step]]
    asked: list[MaskedPrompt] = field(default_factory=list)
    stopped: int = 0
    together: int = 0
    most: int = 0
    model: str = ""
    endpoint: None = None
    abilities: Abilities = field(default_factory=lambda: Abilities(frozenset(Kind), Reach.OUTSIDE, True, 8192))

    async def ask(self, prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        line = self.lines[min(len(self.asked), len(self.lines) - 1)]
        self.asked.append(prompt)
        self.together += 1
        self.most = max(self.most, self.together)
        try:
            for step in line:
                if isinstance(step, ToolError):
                    raise step
                if isinstance(step, float):
                    left = deadline - time.monotonic()
                    await asyncio.sleep(min(step, left))
                    if step > left:
                        raise ToolError(self.name, "did not answer in time")
                elif step != "cut":
                    yield Piece(step)
            if not line or line[-1] != "cut":
                yield Piece(finish="stop")
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise
        finally:
            self.together -= 1

    async def start(self) -> None:
        """Nothing to make ready."""

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        """Does not learn."""

    async def check(self) -> Health:
        return Health(State.READY)

    async def close(self) -> None:
        """Nothing to give back."""


QUICK: Sequence[Step] = (0.01, "x = ", "1")


def error(name: str = "a", **more: object) -> ToolError:
    return ToolError(name, "has a fault", **more)  # type: ignore[arg-type]  # the keywords of ToolError


def asking(text: str = "x\n", kind: Kind = Kind.COMPLETE) -> Outgoing:
    return Outgoing(Prompt(kind, "python", "file:///w/a.py", "a.py", text, "", ""), Vault())


async def called(caller: Caller, tools: Sequence[Scripted], seconds: float = 3.0, terms: Terms | None = None, **more: Kind) -> Called:
    order = [Candidate(tool.name, "") for tool in tools]
    return await caller.run(order, {tool.name: tool for tool in tools}, asking(**more), time.monotonic() + seconds, terms)  # type: ignore[arg-type]  # `kind` alone is passed on


def text(found: Called) -> str:
    assert found.answer
    return found.answer.text


def tried(found: Called) -> list[str]:
    return [one.tool for one in found.attempts]


async def settled() -> None:
    await asyncio.sleep(0.05)


@pytest.mark.parametrize("line", [[error()], [0.01, error()], ["half", "cut"], [], ["  \n"], ["x\ufffdy"], ["x\x00y"]], ids=repr)
async def test_every_failure_goes_to_the_next_tool_at_once(line: Sequence[Step]) -> None:
    caller, broken, well = Caller(), Scripted("a", [line]), Scripted("b", [QUICK])
    start = time.monotonic()
    found = await called(caller, [broken, well])
    assert text(found).endswith("x = 1")
    assert tried(found) == ["a", "b"]
    assert found.attempts[0].error
    assert time.monotonic() - start < 2.5
    await caller.close()


async def test_a_late_first_word_is_hedged_and_the_loser_told_to_stop() -> None:
    caller, hanging, well = Caller(), Scripted("a", [QUICK, QUICK, QUICK, [60.0]]), Scripted("b", [QUICK])
    for _ in range(3):
        assert tried(await called(caller, [hanging, well])) == ["a"]
    start = time.monotonic()
    found = await called(caller, [hanging, well])
    assert text(found) == "x = 1"
    assert time.monotonic() - start < 2.5
    assert [(one.tool, one.lost) for one in found.attempts] == [("b", False), ("a", True)]
    await settled()
    assert hanging.stopped == 1
    assert hanging.together == 0
    await caller.close()


async def test_no_hedge_when_the_first_word_has_come_or_none_is_wanted() -> None:
    caller = Caller()
    talking = Scripted("a", [QUICK, QUICK, QUICK, ["x", 0.3, "y"]])
    other = Scripted("b", [QUICK])
    for _ in range(4):
        await called(caller, [talking, other])
    assert not other.asked
    silent = Scripted("c", [QUICK, QUICK, QUICK, [0.3, "z"]])
    for _ in range(4):
        assert tried(await called(caller, [silent, other], terms=Terms(hedge=False))) == ["c"]
    await caller.close()


async def test_hedges_have_a_budget() -> None:
    caller, lame, other = Caller(), Scripted("a", [[0.2, "x"]]), Scripted("b", [[0.2, "y"]])
    attempts = 0
    for _ in range(20):
        caller._office.chart("a")._histories.clear()  # as if it were always new, so that each request would like a hedge
        caller._office.charts.clear()
        attempts += len((await called(caller, [lame, other])).attempts)
    assert attempts <= 20 + 20 * 0.15 + 2
    await caller.close()


async def test_a_tool_that_failed_twice_is_left_alone_and_comes_back() -> None:
    caller = Caller(random=Random(1))
    broken, well = Scripted("a", [QUICK, [error()], [error()], QUICK]), Scripted("b", [QUICK])
    for _ in range(3):
        await called(caller, [broken, well])
    vital = caller.vitals()["a"]
    assert not vital.usable
    assert vital.failures == 2
    health = caller.health("a")
    assert health
    assert (health.state, health.reason) == (State.DOWN, "has a fault")
    assert tried(await called(caller, [broken, well])) == ["b"]
    await asyncio.sleep(max(0.0, vital.open_until - time.monotonic()))
    assert tried(await called(caller, [broken, well])) == ["a"]
    assert caller.health("a") == Health(State.READY)
    await caller.close()


async def test_retry_after_is_honoured_even_when_nobody_else_is_left() -> None:
    caller, limited = Caller(), Scripted("a", [[error(retry_after=0.4)], QUICK])
    start = time.monotonic()
    found = await called(caller, [limited])
    assert text(found) == "x = 1"
    assert time.monotonic() - start >= 0.4
    limited = Scripted("b", [[error("b", retry_after=30.0)], QUICK])
    assert (await called(caller, [limited], seconds=1.0)).answer is None
    assert len(limited.asked) == 1
    await caller.close()


async def test_a_spent_account_is_never_asked_again() -> None:
    spent = Refused("a", "the account has no credit left", "look at the account", retryable=False, status=402)
    caller, poor, well = Caller(), Scripted("a", [[spent]]), Scripted("b", [QUICK])
    for _ in range(5):
        assert text(await called(caller, [poor, well])) == "x = 1"
    assert len(poor.asked) == 1
    alone = Scripted("c", [[Refused("c", "no credit", "", retryable=False, status=402)]])
    assert (await called(caller, [alone], seconds=0.6)).answer is None
    assert len(alone.asked) == 1
    await caller.close()


async def test_what_the_request_is_to_blame_for_does_not_open_the_breaker() -> None:
    long = Refused("a", "the request is too long", "", retryable=False, status=413)
    caller, first, well = Caller(), Scripted("a", [[long]]), Scripted("b", [QUICK])
    for _ in range(4):
        await called(caller, [first, well])
    assert len(first.asked) == 4
    assert caller.vitals()["a"].usable
    await caller.close()


async def test_never_all_out() -> None:
    caller = Caller()
    one, two = Scripted("a", [[error()]] * 4 + [QUICK]), Scripted("b", [[error("b")]])
    found = await called(caller, [one, two], seconds=5)
    assert text(found) == "x = 1"
    found = await called(caller, [two, one], seconds=5)
    assert text(found) == "x = 1"
    await caller.close()


async def test_the_last_tool_standing_is_asked_again_when_it_hangs() -> None:
    caller = Caller(random=Random(1))
    down, hangs_once = Scripted("a", [[error()]]), Scripted("b", [QUICK, QUICK, QUICK, [60.0], QUICK])
    for _ in range(3):
        await called(caller, [hangs_once])
    start = time.monotonic()
    found = await called(caller, [down, hangs_once])
    assert text(found) == "x = 1"
    assert time.monotonic() - start < 2.5
    await settled()
    assert hangs_once.together == 0
    await caller.close()


async def test_a_break_in_a_completion_goes_on_behind_what_was_received() -> None:
    caller = Caller()
    broken = Scripted("a", [["total = ", "sum(", error()]])
    well = Scripted("b", [["values)"]])
    found = await called(caller, [broken, well])
    assert text(found) == "total = sum(values)"
    assert well.asked[0].prefix.endswith("x\ntotal = sum(")
    await caller.close()


async def test_a_break_in_anything_else_begins_anew() -> None:
    caller, broken, well = Caller(), Scripted("a", [["one half", error()]]), Scripted("b", [["a whole"]])
    found = await called(caller, [broken, well], kind=Kind.EXPLAIN)
    assert text(found) == "a whole"
    assert well.asked[0].prefix == "x\n"
    await caller.close()


async def test_an_answer_that_stands_still_is_gone_on_with_elsewhere() -> None:
    caller, stuck, well = Caller(), Scripted("a", [["x = ", 60.0]]), Scripted("b", [["1"]])
    start = time.monotonic()
    found = await called(caller, [stuck, well])
    assert text(found) == "x = 1"
    assert time.monotonic() - start < 2.5
    await settled()
    assert stuck.stopped == 1
    await caller.close()


async def test_it_stops_as_soon_as_it_has_enough() -> None:
    caller, talker = Caller(), Scripted("a", [["one line\n", 60.0, "and more"]])
    found = await called(caller, [talker], terms=Terms(enough=lambda so_far: "\n" in so_far))
    assert text(found) == "one line\n"
    await settled()
    assert talker.together == 0
    await caller.close()


async def test_one_deadline_for_all() -> None:
    caller, tools = Caller(), [Scripted(name, [[60.0]]) for name in "abc"]
    start = time.monotonic()
    found = await called(caller, tools, seconds=1.0)
    assert found.answer is None
    assert 0.95 <= time.monotonic() - start < 2.0
    assert all(one.error for one in found.attempts)
    await settled()
    assert [tool.together for tool in tools] == [0, 0, 0]
    await caller.close()


async def test_an_answer_after_its_deadline_is_not_lost() -> None:
    caller, slow = Caller(), Scripted("a", [[0.5, "late but whole"]])
    came: list[Answer] = []
    found = await called(caller, [slow], seconds=0.2, terms=Terms(late=came.append))
    assert found.answer is None
    await asyncio.sleep(0.5)
    assert [one.text for one in came] == ["late but whole"]
    assert (await called(caller, [slow], seconds=0.1)).answer is None
    await asyncio.sleep(0.6)
    assert len(came) == 1, "nobody wanted the second one"
    assert slow.together == 0
    await caller.close()


async def test_who_no_longer_waits_stops_everything() -> None:
    caller, tools = Caller(), [Scripted(name, [[60.0]]) for name in "ab"]
    running = asyncio.ensure_future(called(caller, tools, terms=Terms(late=lambda _: None)))
    await asyncio.sleep(0.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await settled()
    assert [tool.together for tool in tools] == [0, 0]
    assert all(one.in_flight == 0 for one in caller.vitals().values())
    await caller.close()


async def test_a_tool_gets_no_more_calls_at_a_time_than_it_can_take() -> None:
    caller, tool = Caller(), Scripted("a", [[0.05, "x"]])
    found = await asyncio.gather(*(called(caller, [tool]) for _ in range(12)))
    assert all(one.answer for one in found)
    assert tool.most <= 8
    assert tool.most >= 4
    assert caller.waiting() == 0
    await caller.close()


async def test_typing_passes_the_background() -> None:
    caller, tool, ended = Caller(), Scripted("a", [[0.05, "x"]]), []

    async def one(name: str, priority: Priority) -> None:
        await called(caller, [tool], terms=Terms(priority))
        ended.append(name)

    work = [asyncio.ensure_future(one("background", Priority.BACKGROUND)) for _ in range(8)]
    await asyncio.sleep(0.01)
    await one("typing", Priority.TYPING)
    assert len([name for name in ended if name == "background"]) <= 3, "it did not wait for the line"
    await asyncio.gather(*work)
    await caller.close()


async def test_a_tool_that_is_out_is_probed_in_the_background_and_only_then() -> None:
    probed: list[str] = []

    async def check(name: str) -> Health:
        probed.append(name)
        return Health(State.DOWN, "still down")

    caller, broken, well = Caller(check, Random(1)), Scripted("a", [[error()]]), Scripted("b", [QUICK])
    await called(caller, [well])
    await asyncio.sleep(0.05)
    assert not probed
    await called(caller, [broken, well])
    first = caller.vitals()["a"].open_until
    await asyncio.sleep(first - time.monotonic() + 0.1)
    assert probed == ["a"]
    assert caller.vitals()["a"].open_until > first, "a bad probe keeps it out, and no request had to find out"
    await caller.close()


async def test_a_tool_that_answers_its_probe_is_left_to_the_next_request() -> None:
    probed: list[str] = []

    async def check(name: str) -> Health:
        probed.append(name)
        return Health(State.READY)

    caller, broken, well = Caller(check, Random(1)), Scripted("a", [[error()], QUICK]), Scripted("b", [QUICK])
    await called(caller, [broken, well])
    await asyncio.sleep(caller.vitals()["a"].open_until - time.monotonic() + 1.2)
    assert probed == ["a"], "one probe is enough, however long nobody asks"
    health = caller.health("a")
    assert health
    assert health.state is State.DEGRADED
    assert tried(await called(caller, [broken, well])) == ["a"]
    await caller.close()


async def test_a_tool_that_is_always_slow_keeps_answering() -> None:
    caller, slow = Caller(), Scripted("a", [[0.9, "x"]])
    for _ in range(3):
        assert text(await called(caller, [slow])) == "x"
    await caller.close()


# --- against the provider with faults, over real sockets ---


@asynccontextmanager
async def real(provider: FakeProvider, *names: str) -> AsyncIterator[Callable[..., object]]:
    shared = Shared()
    tools = {name: {"kind": "openai", "url": provider.url_of(name), "model": "m"} for name in names}
    built = build(Settings.model_validate({"tools": {"local": {"enabled": False}, **tools}}), shared).tools
    caller = Caller()

    async def ask() -> Called:
        return await caller.run([Candidate(name, "") for name in names], built, asking(), time.monotonic() + 5)

    try:
        yield ask
    finally:
        await caller.close()
        await shared.close()


async def test_losers_are_cancelled_at_the_provider() -> None:
    trace = {"deployments": {"b": {"ttft_ms": 5}}, "faults": [{"deployment": "a", "kind": "hang"}]}
    with fake_provider(trace) as provider:
        async with real(provider, "a", "b") as ask:
            found = await ask()  # type: ignore[misc]  # a coroutine function
            assert found.answer.tool == "b"
            await asyncio.sleep(0.3)
            stats = await asyncio.to_thread(provider.stats)
            assert stats["a"]["client_cancelled"] == 1
            assert "client_cancelled" not in stats["b"]
            assert not any((await asyncio.to_thread(provider.in_flight)).values())


@pytest.mark.parametrize(
    "fault", ["http_error", "rate_limit", "refuse", "hang", "reset_mid_stream", "hang_mid_stream", "truncate", "malformed_json", "empty"]
)
async def test_every_fault_of_a_provider_ends_with_an_answer_of_the_other(fault: str) -> None:
    trace = {"deployments": {name: {"ttft_ms": 5, "tpot_ms": 0.5} for name in "ab"}, "faults": [{"deployment": "a", "kind": fault}]}
    with fake_provider(trace) as provider:
        async with real(provider, "a", "b") as ask:
            for _ in range(3):
                found = await ask()  # type: ignore[misc]  # the same
                assert found.answer.tool == "b"
                assert found.answer.latency_ms < 2000
