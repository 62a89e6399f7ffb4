"""The steps of a request with real tools: the embedded engine, a real llama.cpp server, a provider that fails on cue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Ask, Kind, Outcome, Span, State, Suggestion, Trigger
from orchestra_lsp.store.store import Store
from orchestra_lsp.syntax.parse import open_buffer
from tests.support.providers.canned import canned, stream
from tests.support.providers.processes import FakeProvider, fake_provider, llama_cpp

REPEATS = """\
def open_account(bank, owner):
    bank.journal.record("open", owner, bank.clock.now())


def close_account(bank, owner):
    bank.journal.record("close", owner, bank.clock.now())


def freeze_account(bank, owner):
    bank.journal.‸
"""


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    with llama_cpp() as url:
        yield url


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@asynccontextmanager
async def orchestra(tools: Mapping[str, Any], store: Store | None = None, **settings: Any) -> AsyncIterator[Orchestra]:
    made = Orchestra(Settings.model_validate({"tools": {"local": {"enabled": False}, **tools}, **settings}), store)
    try:
        yield made
    finally:
        await made.close()


def local_openai(url: str, **more: Any) -> dict[str, Any]:
    return {"kind": "openai", "url": f"{url}/v1", "model": "tiny", "local": True, "fill_in_middle": "chat", **more}


def ask(marked: str, kind: Kind = Kind.COMPLETE, path: str = "/w/a.py", seconds: float = 20, **more: Any) -> Ask:
    """The cursor is `‸`; two of them mark a selection."""
    parts = marked.split("‸")
    text, first = "".join(parts), len(parts[0].encode())
    last = first + (len(parts[1].encode()) if len(parts) > 2 else 0)
    buffer = open_buffer(f"file://{path}", path, 1, "python", text)
    return Ask("ask", kind, buffer, Span(first, last), Trigger.MANUAL, time.monotonic() + seconds, roots=("/w",), **more)


def asked(suggestion: Suggestion | None) -> Suggestion:
    assert suggestion is not None
    return suggestion


async def test_a_sure_embedded_offer_needs_no_call(provider: FakeProvider) -> None:
    provider.reset({})
    tools = {"local": {}, "far": {"kind": "openai", "url": provider.url_of("far"), "model": "m", "local": True}}
    async with orchestra(tools, completion={"sure": 0.3}) as band:
        found = asked(await band.ask(ask(REPEATS)))
        assert found.tool == "local"
        assert found.text.startswith("record(")
        assert "sure enough" in found.reason
    assert not provider.stats().get("far")


async def test_the_same_cursor_again_is_answered_from_memory() -> None:
    async with orchestra({"local": {}}) as band:
        first = asked(await band.ask(ask(REPEATS)))
        again = asked(await band.ask(ask(REPEATS)))
        assert (again.id, again.text, again.cached) == (first.id, first.text, True)


async def test_a_real_llama_server_explains(llama: str) -> None:
    async with orchestra({"llama": local_openai(llama)}) as band:
        found = asked(await band.ask(ask("def f(x):\n    ‸return x‸\n", Kind.EXPLAIN, seconds=90)))
        assert found.tool == "llama"
        assert found.text
        assert found.usage.output_tokens
        decision = band.decisions.last(1)[0]
        assert decision.tool == "llama"
        assert decision.complexity is not None


async def test_a_dead_tool_fails_over_and_is_kept_for_last_afterwards(provider: FakeProvider) -> None:
    provider.reset({})
    tools = {
        "dead": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m", "local": True},
        "alive": {"kind": "openai", "url": provider.url_of("alive"), "model": "m", "local": True},
    }
    async with orchestra(tools) as band:
        assert asked(await band.ask(ask("x = ‸1‸\n", Kind.EXPLAIN))).tool == "alive"
        assert [tool for tool, _, error in band.decisions.last(1)[0].attempts if error] == ["dead"]
        assert band.health()["dead"].state is State.DOWN
        assert band.health()["dead"].remedy
        asked(await band.ask(ask("y = ‸2‸\n", Kind.EXPLAIN)))
        assert [one.tool for one in band.decisions.last(1)[0].order] == ["alive", "dead"]


@pytest.mark.parametrize("fault", ["hang", "http_error", "truncate", "malformed_json", "empty", "refuse", "reset_mid_stream"])
async def test_whatever_a_tool_does_the_embedded_engine_is_the_floor(provider: FakeProvider, fault: str) -> None:
    provider.reset({"faults": [{"kind": fault}]})
    tools = {"local": {}, "far": {"kind": "openai", "url": provider.url_of("far"), "model": "m", "local": True}}
    async with orchestra(tools, completion={"sure": 1.0}) as band:
        start = time.perf_counter()
        found = asked(await band.ask(ask(REPEATS, seconds=1.0)))
        assert found.tool == "local"
        assert time.perf_counter() - start < 2.0
        assert band.decisions.last(1)[0].attempts[0][2], "the failed attempt is remembered with its reason"


async def test_a_hanging_tool_is_told_that_nobody_waits(provider: FakeProvider) -> None:
    provider.reset({"faults": [{"kind": "hang"}]})
    # A name of its own: a call that another test left behind may end only now.
    tools = {"far": {"kind": "openai", "url": provider.url_of("hanging"), "model": "m", "local": True}}
    async with orchestra(tools) as band:
        running = asyncio.ensure_future(band.ask(ask("x = ‸1‸\n", Kind.EXPLAIN)))
        await asyncio.sleep(0.5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await asyncio.sleep(0.3)
    assert provider.stats()["hanging"]["client_cancelled"] == 1


async def test_without_a_tool_a_person_is_told_what_to_add() -> None:
    async with orchestra({"local": {}}) as band:
        with pytest.raises(Unanswered) as told:
            await band.ask(ask("x = ‸1‸\n", Kind.EXPLAIN))
    assert "No tool that can explain is configured" in str(told.value)
    assert "orchestra init" in told.value.remedy


async def test_private_files_and_offline_stay_on_this_machine() -> None:
    tools = {"far": {"kind": "openai", "url": "https://far.example/v1", "model": "m"}}
    async with orchestra(tools) as band:
        with pytest.raises(Unanswered, match=r"\.env"):
            await band.ask(ask("KEY=‸1‸\n", Kind.EXPLAIN, path="/w/.env"))
    async with orchestra(tools, privacy={"offline": True}) as band:
        with pytest.raises(Unanswered, match="offline"):
            await band.ask(ask("x = ‸1‸\n", Kind.EXPLAIN))


TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


async def test_a_secret_is_masked_on_the_way_out_and_restored_on_the_way_back() -> None:
    def reply(placeholder: str) -> bytes:
        return stream(
            {"choices": [{"delta": {"content": f'```python\ntoken = "{placeholder}"\nuse(token)\n```'}, "finish_reason": None}]},
            {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            "[DONE]",
        )

    async with canned(reply("?")) as server, orchestra({"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m"}}) as band:
        asking = ask(f'‸token = "{TOKEN}"\n‸', Kind.EDIT, instruction="use it")
        with pytest.raises(Unanswered):
            await band.ask(ask(f'‸token = "{TOKEN}"\n‸', Kind.EDIT, instruction="first", seconds=0.0))
        asked(await band.ask(asking))
        sent = server.bodies[-1].decode()
        assert TOKEN not in sent
        placeholder = sent[sent.index("ORCSEC_") :].split('\\"')[0]
    async with canned(reply(placeholder)) as server:
        # The same process key, so that the placeholder is known: the tool is moved, the orchestra stays.
        await band.reconfigure(Settings.model_validate({"tools": {"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m"}}}))
        found = asked(await band.ask(ask(f'‸token = "{TOKEN}"\n‸', Kind.EDIT, instruction="again")))
        assert TOKEN in found.text
        assert "ORCSEC" not in found.text
        await band.close()


async def test_an_answer_that_breaks_the_code_is_not_shown() -> None:
    broken = stream(
        {"choices": [{"delta": {"content": "```python\ndef f(:\n    ((\n```"}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        "[DONE]",
    )
    async with (
        canned(broken) as server,
        orchestra({"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m", "local": True}}) as band,
    ):
        with pytest.raises(Unanswered, match="syntax error"):
            await band.ask(ask("‸def f():\n    return 1\n‸", Kind.EDIT, instruction="break it"))


async def test_decisions_and_outcomes_reach_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    async with orchestra({"local": {}}, store) as band:
        found = asked(await band.ask(ask(REPEATS)))
        band.record(found.id, Outcome.SHOWN)
        band.record(found.id, Outcome.ACCEPTED)
        band.record("never heard of", Outcome.ACCEPTED)
    assert store.flush()
    assert store.read("SELECT tool, kind, language FROM decision WHERE id = ?", (found.id,)) == [("local", "complete", "python")]
    assert store.read("SELECT outcome FROM outcome WHERE decision_id = ? ORDER BY rowid", (found.id,)) == [("shown",), ("accepted",)]


async def test_a_dismissed_suggestion_is_forgotten() -> None:
    async with orchestra({"local": {}}) as band:
        first = asked(await band.ask(ask(REPEATS)))
        band.record(first.id, Outcome.DISMISSED)
        again = await band.ask(ask(REPEATS))
        assert again is None or not again.cached


async def test_the_embedded_engine_hears_what_became_of_its_offers() -> None:
    async with orchestra({"local": {}}) as band:
        first = asked(await band.ask(ask(REPEATS)))
        for _ in range(2):  # word by word
            band.record(first.id, Outcome.PARTLY_ACCEPTED)
        band._cache.clear()
        again = asked(await band.ask(ask(REPEATS)))
        assert (first.text, first.confidence) == (again.text, pytest.approx(again.confidence, abs=0.05))
        assert asked(first).confidence < asked(again).confidence


async def test_new_settings_keep_what_the_embedded_engine_has_learned() -> None:
    async with orchestra({"local": {}}) as band:
        before = band.health()["local"]
        engine = band._ensemble.embedded
        await band.reconfigure(
            Settings.model_validate({"tools": {"far": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}}})
        )
        assert band._ensemble.embedded is engine
        assert list(band.health()) == ["local", "far"]
        assert before.state is State.READY


@pytest.mark.parametrize("on", [True, False])
async def test_personal_data_is_masked_when_the_person_says_so(on: bool) -> None:
    whole = stream(
        {"choices": [{"delta": {"content": "fine"}, "finish_reason": None}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
        "[DONE]",
    )
    settings = {"experimental": {"mask_personal": on}}
    async with canned(whole) as server, orchestra({"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m"}}, **settings) as band:
        asked(await band.ask(ask('‸pay("DE89 3704 0044 0532 0130 00")\n‸', Kind.EXPLAIN)))
        assert ("DE89 3704" in server.bodies[-1].decode()) is not on
