"""Reuse through the whole engine: what a model was asked for, and what it was not."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Ask, Kind, Outcome, Span, Suggestion, Trigger
from orchestra_lsp.store.store import Store
from orchestra_lsp.syntax.parse import open_buffer
from tests.support.providers.canned import Canned, canned, stream

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
Reply = Callable[[str], str]


class Model:
    """A model that answers by a function of what it was sent."""

    def __init__(self, reply: Reply, pause_s: float = 0.0) -> None:
        self.reply = reply
        self.pause_s = pause_s
        self.seen: Canned | None = None
        self.asked: list[str] = []
        self.hung_up = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self.seen
        body = json.loads(self.seen.bodies[-1])
        self.asked.append(body["messages"][-1]["content"] if isinstance(body["messages"][-1]["content"], str) else json.dumps(body))
        text = self.reply(json.dumps(body))
        gone = asyncio.ensure_future(reader.read(1))
        if self.pause_s:
            await asyncio.wait({gone}, timeout=self.pause_s)
        if gone.done():
            self.hung_up += 1
            raise ConnectionError
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        first = {"choices": [{"delta": {"content": text}, "finish_reason": None}]}
        writer.write(stream(first, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, "[DONE]"))
        await writer.drain()

    @property
    def calls(self) -> int:
        return len(self.asked)


@asynccontextmanager
async def served(reply: Reply | str, pause_s: float = 0.0) -> AsyncIterator[tuple[Model, dict[str, Any]]]:
    model = Model((lambda _: reply) if isinstance(reply, str) else reply, pause_s)
    async with canned(model.answer) as server:
        model.seen = server
        yield model, {"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m", "fill_in_middle": "chat"}}


@asynccontextmanager
async def orchestra(tools: dict[str, Any], store: Store | None = None, local: bool = False, **completion: Any) -> AsyncIterator[Orchestra]:
    tree = {"tools": {"local": {"enabled": local}, **tools}, "completion": completion, "route": {"learn": False}}
    made = Orchestra(Settings.model_validate(tree), store)
    try:
        yield made
    finally:
        await made.close()


def ask(marked: str, kind: Kind = Kind.COMPLETE, trigger: Trigger = Trigger.AUTOMATIC, seconds: float = 10, **more: Any) -> Ask:
    """The cursor is `|`; two of them mark a selection."""
    parts = marked.split("|")
    first = len(parts[0].encode())
    last = first + (len(parts[1].encode()) if len(parts) > 2 else 0)
    buffer = open_buffer("file:///w/a.py", "/w/a.py", 1, "python", "".join(parts))
    return Ask(f"ask-{time.monotonic_ns()}", kind, buffer, Span(first, last), trigger, time.monotonic() + seconds, roots=("/w",), **more)


async def text(band: Orchestra, asked: Ask) -> str | None:
    found = await band.ask(asked)
    return found.text if found else None


async def shown(band: Orchestra, asked: Ask) -> Suggestion:
    found = await band.ask(asked)
    assert found is not None
    return found


FAR_ABOVE = "# a line that is far away\n" + "value = 1\n" * 600


async def test_a_kept_answer_is_polished_again_where_it_is_to_stand() -> None:
    async with served("```python\nrecord(one, two)\n```") as (model, tools), orchestra(tools) as band:
        assert await text(band, ask(FAR_ABOVE + "x = |\n")) == "record(one, two)"
        # Another text far above: nothing is typed along, but the answer is kept for these surroundings.
        assert await text(band, ask("y = 2\n" + FAR_ABOVE + "x = rec|\n")) == "ord(one, two)"
        found = await shown(band, ask("y = 3\n" + FAR_ABOVE + "x = record(one, |\n"))
        assert (found.text, found.cached) == ("two)", True)
        assert model.calls == 1
        assert band.telemetry.counts()["reused.memory"] == 2


async def test_a_long_answer_is_shown_as_far_as_it_fits_and_the_rest_is_kept_as_next() -> None:
    async with served("first(1)\n    second(2)\n    third(3)") as (model, tools), orchestra(tools, prefetch=False) as band:
        assert await text(band, ask("def f():\n    |\n", trigger=Trigger.AUTOMATIC)) == "first(1)\n    second(2)\n    third(3)"
        assert await text(band, ask(FAR_ABOVE + "def f():\n    |\n")) is not None
        calls = model.calls
        # Accepted by line, then Enter.
        assert await text(band, ask("# edited far away\n" + FAR_ABOVE + "def f():\n    first(1)\n    |\n")) == "second(2)\n    third(3)"
        assert model.calls == calls


async def test_a_very_long_answer_is_offered_part_by_part_from_one_call() -> None:
    first = "".join(f"    first_{number}({number})\n" for number in range(15))
    second = "".join(f"    second_{number}({number})\n" for number in range(15))
    answer = f"{first}\n{second}".strip("\n")
    async with served(answer) as (model, tools), orchestra(tools, prefetch=False) as band:
        assert await text(band, ask("def f():\n|\nend = 1\n")) == first.rstrip("\n")
        assert await text(band, ask(f"def f():\n{first}\n|\nend = 1\n")) == second.rstrip("\n")
        assert model.calls == 1


async def test_reuse_switched_off_reuse_asks_every_time() -> None:
    async with served("record(1)") as (model, tools), orchestra(tools, cache=False) as band:
        for _ in range(3):
            assert await text(band, ask("x = |\n")) == "record(1)"
        assert model.calls == 3


async def test_a_refresh_bypasses_memory_disk_and_flights(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    numbers = iter(range(1, 100))
    async with served(lambda _: f"record({next(numbers)})") as (model, tools), orchestra(tools, store, prefetch=False) as band:
        assert await text(band, ask("x = |\n")) == "record(1)"
        assert await text(band, ask("x = |\n", refresh=True)) == "record(2)"
        assert await text(band, ask("x = |\n")) == "record(2)"
        both = await asyncio.gather(text(band, ask("x = |\n", refresh=True)), text(band, ask("x = |\n", refresh=True)))
        assert sorted(both) == ["record(3)", "record(4)"]  # type: ignore[type-var]
        assert model.calls == 4
    store.close()


async def test_the_manual_trigger_pressed_where_a_suggestion_is_shown_brings_another() -> None:
    numbers = iter(range(1, 100))
    async with served(lambda _: f"record({next(numbers)})") as (_, tools), orchestra(tools, prefetch=False) as band:
        first = await shown(band, ask("x = |\n", trigger=Trigger.MANUAL))
        assert await text(band, ask("x = |\n", trigger=Trigger.MANUAL)) == first.text
        band.record(first.id, Outcome.SHOWN)
        assert await text(band, ask("x = |\n", trigger=Trigger.MANUAL)) == "record(2)"


async def test_answers_survive_a_restart_with_secrets_filled_in_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    code = f'token = "{TOKEN}"\n|def f():\n    return 1\n|'

    def reply(body: str) -> str:
        found = re.search(r"ORCSEC_\w+", body)
        assert found
        assert TOKEN not in body
        return f'It uses "{found.group()}".'

    async with served(reply) as (model, tools):
        for turn in range(2):
            store = Store(path)
            async with orchestra(tools, store) as band:
                found = await shown(band, ask(code, Kind.EXPLAIN))
                assert found.text == f'It uses "{TOKEN}".'
                assert found.cached is bool(turn)
                assert store.flush()
            store.close()
        assert model.calls == 1
        store = Store(path)
        async with orchestra(tools, store, cache_on_disk=False) as band:
            await shown(band, ask(code, Kind.EXPLAIN))
        store.close()
        assert model.calls == 2
    for file in tmp_path.iterdir():
        assert TOKEN.encode() not in file.read_bytes()


async def test_a_dismissed_answer_comes_back_from_neither_memory_nor_disk(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite3"
    async with served("record(1)") as (model, tools):
        store = Store(path)
        async with orchestra(tools, store, prefetch=False) as band:
            first = await shown(band, ask("x = |\n"))
            assert store.flush()
            band.record(first.id, Outcome.DISMISSED)
            again = await band.ask(ask("x = |\n"))
            assert again is None or not again.cached
            assert store.flush()
        store.close()
        calls = model.calls
        store = Store(path)
        async with orchestra(tools, store) as band:
            later = await band.ask(ask("x = |\n"))
            assert later is None or not later.cached
        store.close()
        assert model.calls > calls


async def test_a_late_answer_is_next_at_its_place() -> None:
    async with served("record(late)", pause_s=0.6) as (model, tools), orchestra(tools, prefetch=False) as band:
        heard: list[Ask] = []
        band.when_late(heard.append)
        assert await text(band, ask("x = |\n", seconds=0.3)) is None
        for _ in range(100):
            if heard:
                break
            await asyncio.sleep(0.02)
        assert [one.buffer.uri for one in heard] == ["file:///w/a.py"]
        found = await shown(band, ask("x = rec|\n", trigger=Trigger.MANUAL))
        assert (found.text, found.cached) == ("ord(late)", True)
        assert "late" in found.reason
        assert model.calls == 1
        assert band.decisions.find(found.id) is not None


async def test_typing_on_waits_for_the_request_that_is_under_way() -> None:
    async with served("record(1)", pause_s=0.12) as (model, tools), orchestra(tools, prefetch=False) as band:
        first = asyncio.ensure_future(text(band, ask("x = |\n")))
        await asyncio.sleep(0.06)
        later = asyncio.ensure_future(text(band, ask("x = re|\n")))
        await asyncio.sleep(0.03)
        first.cancel()
        assert await later == "cord(1)"
        assert model.calls == 1


async def test_an_explanation_of_the_same_code_is_marked_and_can_be_refreshed() -> None:
    async with served("It adds.") as (model, tools), orchestra(tools) as band:
        code = "import os\n|def f(a):\n    return a + 1\n|"
        await shown(band, ask(code, Kind.EXPLAIN))
        found = await shown(band, ask(code.replace("import os", "import sys").replace("a + 1", "a + 1  # one more"), Kind.EXPLAIN))
        assert found.cached
        assert "kept answer" in found.reason
        assert "refresh" in found.reason
        assert model.calls == 1
        assert not (await shown(band, ask(code, Kind.EXPLAIN, refresh=True))).cached
        assert model.calls == 2


# --- looking ahead ---


async def until(holds: Callable[[], bool], seconds: float = 3.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if holds():
            return True
        await asyncio.sleep(0.02)
    return holds()


def next_call(body: str) -> str:
    """A model that always goes on: after step N comes step N + 1."""
    steps = [int(found) for found in re.findall(r"step_(\d+)\(\)", body)]
    return f"step_{max(steps, default=0) + 1}()"


async def test_what_follows_an_accept_is_prepared_while_the_suggestion_is_shown() -> None:
    async with served(next_call) as (model, tools), orchestra(tools) as band:
        first = await shown(band, ask("def f():\n    |\n"))
        assert first.text == "step_1()"
        band.record(first.id, Outcome.SHOWN)
        assert await until(lambda: model.calls == 2)
        await asyncio.sleep(0.1)
        found = await shown(band, ask("def f():\n    step_1()\n    |\n"))
        assert (found.text, found.cached) == ("step_2()", True)
        assert model.calls == 2


async def test_models_are_not_asked_ahead_when_the_setting_says_so() -> None:
    async with served(next_call) as (model, tools), orchestra(tools, prefetch=False) as band:
        first = await shown(band, ask("def f():\n    |\n"))
        band.record(first.id, Outcome.SHOWN)
        await asyncio.sleep(0.3)
        assert model.calls == 1


async def test_looking_ahead_costs_a_bounded_share_of_calls() -> None:
    async with served(next_call) as (model, tools), orchestra(tools) as band:
        for number in range(30):
            found = await shown(band, ask(f"def f{number}():\n    |\n"))
            band.record(found.id, Outcome.SHOWN)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        assert 31 <= model.calls <= 30 * 1.2 + 2


async def test_typing_elsewhere_gives_up_what_was_being_prepared() -> None:
    async with served(next_call, pause_s=0.25) as (model, tools), orchestra(tools) as band:
        first = await shown(band, ask("def f():\n    |\n"))
        band.record(first.id, Outcome.SHOWN)
        assert await until(lambda: model.calls == 2)
        await text(band, ask("def other():\n    pass\n\nx = |\n"))
        assert await until(lambda: model.hung_up == 1)


REPEATS = """\
def open_account(bank, owner):
    bank.journal.record("open", owner, bank.clock.now())
    bank.ledger.write(owner)


def close_account(bank, owner):
    bank.journal.record("close", owner, bank.clock.now())
    bank.ledger.write(owner)


def freeze_account(bank, owner):
    bank.journal.record("freeze", owner, bank.clock.now())|
"""


async def test_in_idle_time_the_embedded_engine_foretells_the_next_line() -> None:
    async with orchestra({}, local=True, sure=0.3) as band:
        await band.ask(ask(REPEATS))
        assert await until(lambda: len(band._cache._memory) > 0, 5)
        found = await shown(band, ask(REPEATS.replace("|", "\n    |")))
        assert found.text.startswith("bank.ledger.write(owner)")
        assert found.cached


@pytest.mark.parametrize("kind", [Kind.EXPLAIN, Kind.EDIT])
async def test_asking_the_same_again_says_that_it_was_kept(kind: Kind) -> None:
    async with served("value = 2") as (model, tools), orchestra(tools) as band:
        for _ in range(2):
            found = await shown(band, ask("|value = 1|\n", kind, instruction="two"))
        assert found.cached
        assert "refresh" in found.reason
        assert model.calls == 1


async def test_a_doubtful_guess_that_was_asked_for_by_hand_does_not_come_up_by_itself() -> None:
    doubtful = REPEATS.replace('record("freeze", owner, bank.clock.now())|', "|")
    async with orchestra({}, local=True, minimum=0.95, sure=0.96) as band:
        found = await shown(band, ask(doubtful, trigger=Trigger.MANUAL))
        assert (found.confidence or 0) < 0.95
        assert await text(band, ask("# elsewhere\n" + FAR_ABOVE + doubtful)) is None
