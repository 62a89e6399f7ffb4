"""The embedded engine's offer and a model's answer for the same place: what is shown when, and what is called at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Ask, Outcome, Suggestion, Trigger
from tests.engine.test_recall import Model, ask, orchestra, served, until

LINE = "    total_amount = compute_total(order, discount)\n"
BODIES = "".join(f"def {name}(order, discount):\n{LINE}    {name}_order(total_amount)\n\n\n" for name in ("pay", "show", "store", "send"))
#: The embedded engine goes on here with a little less than certainty.
KNOWN = BODIES + "def last(order, discount):\n    total_am|"
REST = "ount = compute_total(order, discount)"
MODEL = "ount = quite_another(order)"


@asynccontextmanager
async def both(pause_s: float, text: str = MODEL, sure: float = 0.999, wait_ms: int = 100) -> AsyncIterator[tuple[Orchestra, Model]]:
    """The embedded engine, never sure enough, and a model that takes its time."""
    settings = {"prefetch": False, "sure": sure, "wait_ms": wait_ms}
    async with served(text, pause_s) as (model, tools), orchestra(tools, local=True, **settings) as band:
        await band.ask(ask("warm = |", trigger=Trigger.MANUAL))
        model.asked.clear()
        yield band, model


async def offered(band: Orchestra, where: Ask) -> Suggestion:
    found = await band.ask(where)
    assert found
    return found


async def test_after_the_wait_the_embedded_offer_is_shown_and_the_models_answer_comes_next() -> None:
    async with both(0.5) as (band, model):
        heard: list[Ask] = []
        band.when_late(heard.append)
        began = time.monotonic()
        first = await offered(band, ask(KNOWN))
        assert time.monotonic() - began < 0.45
        assert (first.tool, first.text) == ("local", REST)
        assert "has not answered yet" in first.reason
        assert await until(lambda: bool(heard))
        again = await offered(band, ask(KNOWN, kept=True))
        assert (again.tool, again.text) == ("far", MODEL)
        assert model.calls == 1


async def test_a_model_that_is_quick_is_shown_alone() -> None:
    async with both(0.0, wait_ms=2000) as (band, _):
        heard: list[Ask] = []
        band.when_late(heard.append)
        assert (await offered(band, ask(KNOWN))).text == MODEL
        assert heard == []


async def test_who_hears_of_later_answers_gets_the_sure_part_at_once() -> None:
    async with both(0.3, sure=0.95, wait_ms=5000) as (band, _):
        heard: list[Ask] = []
        band.when_late(heard.append)
        began = time.monotonic()
        first = await offered(band, ask(KNOWN, later=True))
        assert time.monotonic() - began < 0.25
        assert first.tool == "local"
        assert REST.startswith(first.text)
        assert (first.confidence or 0) >= 0.95 or first.text == REST
        assert await until(lambda: bool(heard))
        assert (await offered(band, ask(KNOWN, kept=True))).text == MODEL


async def test_asked_by_hand_the_model_is_waited_for() -> None:
    async with both(0.3) as (band, _):
        assert (await offered(band, ask(KNOWN, trigger=Trigger.MANUAL))).text == MODEL


async def test_an_answer_that_says_the_same_is_not_told() -> None:
    async with both(0.3, text=REST) as (band, model):
        heard: list[Ask] = []
        band.when_late(heard.append)
        assert (await offered(band, ask(KNOWN))).text == REST
        assert await until(lambda: model.calls == 1)
        await asyncio.sleep(0.5)
        assert heard == []


async def test_typing_on_before_the_pause_is_over_calls_nobody() -> None:
    async with served("f(1)") as (model, tools), orchestra(tools, prefetch=False) as band:
        word = "zebra_of_the_north"
        for end in range(1, 7):  # the rhythm becomes known
            await band.ask(ask(f"x = {word[:end]}|o", trigger=Trigger.AUTOMATIC))
            await asyncio.sleep(0.02)
        assert model.calls == 0
        running: list[asyncio.Task[Suggestion | None]] = []
        for end in range(7, len(word)):
            older, running = running, [asyncio.ensure_future(band.ask(ask(f"x = {word[:end]}|")))]
            await asyncio.sleep(0.02)
            for one in older:
                one.cancel()
        last = await running[0]
        assert last
        assert model.calls == 1


async def test_a_place_that_goes_on_behind_the_cursor_costs_no_call_but_has_the_embedded_offer() -> None:
    async with both(0.0) as (band, model):
        assert await band.ask(ask("x = zebra| + other(1)\n")) is None
        assert model.calls == 0
        assert "goes on behind" in band.decisions.last(1)[0].dropped
        assert await band.ask(ask("x = zebra| + other(1)\n", trigger=Trigger.MANUAL)) is not None
        assert model.calls == 1


async def test_a_dismissed_line_is_left_alone_until_it_is_asked_by_hand() -> None:
    async with both(0.0) as (band, model):
        first = await offered(band, ask(KNOWN))
        band.record(first.id, Outcome.DISMISSED)
        model.asked.clear()
        assert await band.ask(ask(KNOWN.replace("am|", "amo|"))) is None
        assert model.calls == 0
        assert await band.ask(ask(KNOWN, trigger=Trigger.MANUAL)) is not None


async def test_after_three_dismissals_only_sure_offers_are_shown() -> None:
    async with both(0.0) as (band, model):
        for number in range(3):
            band.record((await offered(band, ask("value = 1\n" * number + KNOWN))).id, Outcome.DISMISSED)
        model.asked.clear()
        elsewhere = KNOWN.replace("def last", "\n\n\ndef last")
        assert await band.ask(ask(elsewhere)) is None
        assert model.calls == 0
        assert await band.ask(ask(elsewhere, trigger=Trigger.MANUAL)) is not None


@pytest.mark.parametrize("answer", ["if value == None:\n        return 0", "eval(value)"])
async def test_an_answer_that_brings_a_finding_of_ours_is_not_shown_unasked_and_says_so_by_hand(answer: str) -> None:
    async with served(answer) as (_, tools), orchestra(tools, prefetch=False) as band:
        place = "def f(value):\n    |\n"
        assert await band.ask(ask(place)) is None
        assert "review finding" in band.decisions.last(1)[0].dropped
        found = await band.ask(ask(place, trigger=Trigger.MANUAL))
        assert found is None or "review finding" in found.reason


async def test_what_was_dismissed_is_not_shown_again_whoever_says_it() -> None:
    async with served("record(1)") as (model, tools), orchestra(tools, prefetch=False, cache_on_disk=False) as band:
        first = await offered(band, ask("x = |\n"))
        band.record(first.id, Outcome.DISMISSED)
        for _ in range(2):
            band.record(first.id, Outcome.ACCEPTED)  # so that the line is not left alone
        assert await band.ask(ask("x = |\n")) is None
        assert model.calls == 2
        assert await band.ask(ask("x = |\n", trigger=Trigger.MANUAL)) is not None
