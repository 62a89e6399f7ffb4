"""What calls cost: the table, its dates, tiers and hours, the person's own price, and what stays unknown."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from orchestra_lsp.model import Kind, Usage
from orchestra_lsp.tools import registry
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.tools.wire.prices import Tariff, price_of, provider_at, row_for, table
from tests.support.providers.canned import answer, canned, stream
from tests.tools.kit import ask, prompt, tool

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
MILLION = Usage(1_000_000, 1_000_000)
UNITS = {"usd", "credits", "included"}


@pytest.mark.parametrize(
    ("kind", "model", "usage", "cost"),
    [
        ("claude", "claude-haiku-4-5", MILLION, 6.0),
        ("claude", "claude-haiku-4-5-20251001", MILLION, 6.0),
        ("claude", "claude-opus-5", MILLION, 30.0),
        ("claude", "claude-opus-5-5", MILLION, 24.0),
        ("claude", "claude-opus-4-8", Usage(150, 5, None, 50), 0.00065),  # as Claude Code counted the same call
        ("claude", "claude-sonnet-4-6", MILLION, 18.0),
        ("claude", "claude-fable-5-1", MILLION, 60.0),
        ("claude", "claude-haiku-5-5", Usage(100_000, 1000), 0.0105),
        ("claude", "claude-haiku-5-5", Usage(100_001, 1000), 0.0525005),
        ("claude", "claude-haiku-4-5", Usage(1_000_000, 0, None, 500_000, 100_000), 0.4 + 0.05 + 0.125),
        ("deepseek", "deepseek-flash", MILLION, 0.75),
        ("openai", "gpt-6-luna", Usage(1000, 0), 0.0001),
        ("codestral", "codestral-latest", MILLION, 1.2),
        ("codestral", "codestral-2508", MILLION, 1.2),
        ("anthropic", "claude-haiku-4-5", Usage(0, 0), 0.0),  # nothing was used: that is known
    ],
)
def test_what_is_known(kind: str, model: str, usage: Usage, cost: float) -> None:
    assert price_of(kind, model, usage, NOON) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("kind", "model", "usage"),
    [
        ("claude", "claude-opus-9", MILLION),
        ("claude", "", MILLION),
        ("claude", "gpt-6-sol", MILLION),
        ("", "claude-haiku-4-5", MILLION),
        ("llamacpp", "qwen2.5-coder", MILLION),
        ("copilot", "", MILLION),  # in the plan
        ("copilot_cli", "gpt-6-sol", MILLION),  # credits
        ("mistral-editors", "codestral-latest", MILLION),  # a subscription
        ("openai", "gpt-6-luna", Usage(1000, 1, None, 10)),  # what is read from the cache has a price we do not know
        ("openai", "gpt-6-sol", Usage(300_000, 1)),  # a tariff of its own
        ("claude", "claude-haiku-4-5", Usage(None, 1)),
        ("claude", "claude-haiku-4-5", Usage(1, None)),
        ("claude", "claude-haiku-4-5", Usage()),
    ],
)
def test_what_is_not_known_is_none_and_never_nothing(kind: str, model: str, usage: Usage) -> None:
    assert price_of(kind, model, usage, NOON) is None


def test_a_price_counts_from_its_day_on() -> None:
    read = Usage(1_000_000, 0, None, 1_000_000)
    costs = [
        price_of("claude", "claude-sonnet-5-5", read, datetime(2026, month, day, tzinfo=UTC)) for month, day in ((9, 1), (10, 6), (10, 7))
    ]
    assert costs == [None, pytest.approx(0.20), pytest.approx(0.10)]
    # The day is that of Greenwich: half past one in Berlin is still the day before.
    assert price_of(
        "claude", "claude-sonnet-5-5", read, datetime(2026, 10, 7, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    ) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("when", "factor"),
    [
        (datetime(2026, 11, 23, 0, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 23, 1, 0, tzinfo=UTC), 2),
        (datetime(2026, 11, 23, 3, 59, tzinfo=UTC), 2),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 23, 9, 59, tzinfo=UTC), 2),
        (datetime(2026, 11, 23, 10, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 3, 0, tzinfo=UTC), 1),  # a Sunday
        (datetime(2026, 11, 23, 4, 30, tzinfo=timezone(timedelta(hours=2))), 2),
    ],
)
def test_some_hours_cost_more(when: datetime, factor: int) -> None:
    assert price_of("deepseek", "deepseek-v4-pro", MILLION, when) == pytest.approx(2.64 * factor)


def test_the_table_is_sound() -> None:
    kinds = registry.kinds()
    assert {"claude", "openai", "codestral", "deepseek"} <= set(kinds)
    for row in table():
        assert row.unit in UNITS
        assert row.source
        assert row.models
        assert all(model == model.lower() for model in row.models)
        assert date(2024, 1, 1) < row.effective_from <= NOON.date()
        assert row.checked <= NOON.date()
        assert (row.input is None) == (row.output is None)
        assert row.unit == "usd" or row.input is None
        assert all(price is None or price > 0 for price in (row.input, row.output, row.cache_read, row.cache_write_5m, row.cache_write_1h))
        if row.input is not None and row.cache_read is not None:
            assert row.cache_read < row.input
        if row.input and row.provider == "anthropic":
            assert row.cache_write_5m == pytest.approx(1.25 * row.input)
            assert row.cache_write_1h == pytest.approx(2 * row.input)
        assert row_for(row.provider, row.models[0].replace("*", "x").replace("?", "1"), row.above_tokens + 1, NOON)


def test_only_the_makers_own_address_is_on_the_makers_bill() -> None:
    assert provider_at("api.anthropic.com") == "anthropic"
    assert provider_at("API.DeepSeek.com") == "deepseek"
    for host in ("127.0.0.1", "gateway.example", "anthropic.com", ""):
        assert provider_at(host) == ""


def test_the_persons_own_price_goes_first() -> None:
    usage = Usage(1_000_000, 1_000_000, None, 400_000)
    assert Tariff("api.anthropic.com", "claude-haiku-4-5", {"input": 1.0, "output": 2.0}).priced(usage).cost == pytest.approx(3.0)
    assert Tariff("", "x", {"input": 1.0, "output": 2.0, "cache_read": 0.5}).priced(usage).cost == pytest.approx(2.8)
    assert Tariff("", "x", {"input": 0.0, "output": 0.0}).priced(usage).cost == 0.0  # the person says that it is free
    assert Tariff("", "x", {"output": 2.0}).priced(usage).cost is None
    assert Tariff("", "x", {"input": 1.0, "output": 2.0}).priced(Usage(None, 3)).cost is None
    assert Tariff("", "x", {"input": 1.0, "output": 2.0}).priced(Usage(1, 1, 7.0)).cost == 7.0
    assert Tariff("api.anthropic.com", "claude-haiku-4-5").priced(Usage(1_000_000, 0)).cost == pytest.approx(1.0)


OPENAI = {
    "choices": [{"index": 0, "delta": {"content": "fine"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 10},
}
STREAMS = {
    "openai": stream(OPENAI, "[DONE]"),
    "codestral": stream(OPENAI, "[DONE]"),
    "deepseek": stream(OPENAI, "[DONE]"),
    "claude": stream(
        {"type": "message_start", "message": {"usage": {"input_tokens": 1000, "output_tokens": 1}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "fine"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}},
        {"type": "message_stop"},
    ),
    "llamacpp": stream(OPENAI, "[DONE]"),
    "ollama": answer(
        json.dumps({"message": {"content": "fine"}, "done": True, "prompt_eval_count": 1000, "eval_count": 10}).encode() + b"\n",
        media="application/x-ndjson",
    ),
}


@pytest.mark.parametrize("adapter", STREAMS)
async def test_every_tool_says_what_a_call_cost(shared: Shared, adapter: str) -> None:
    """By the person's price; behind an address that is nobody's we know, it is unknown without it."""
    asked = prompt(Kind.EXPLAIN, selection="x\n")
    async with canned(STREAMS[adapter]) as server:
        own = tool(shared, adapter, url=server.url, model="claude-haiku-4-5", price={"input": 2, "output": 100})
        none = tool(shared, adapter, url=server.url, model="claude-haiku-4-5")
        costs = [usage.cost for one in (own, none) if (usage := (await ask(one, asked))[-1].usage)]
    assert costs == [pytest.approx(0.003), None]


async def test_at_the_makers_address_the_table_counts(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    async with canned(STREAMS["claude"]) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("TEST_MODEL_KEY", "sk-x")
        one = tool(shared, "claude", url="http://api.anthropic.com", key="env:TEST_MODEL_KEY", model="claude-haiku-4-5")
        usage = (await ask(one, prompt(Kind.EXPLAIN, selection="x\n")))[-1].usage
    assert usage
    assert usage.cost == pytest.approx(1000 / 1e6 * 1 + 10 / 1e6 * 5)


def test_a_price_that_is_none_is_refused() -> None:
    from pydantic import ValidationError

    from tests.tools.kit import settings_of

    for bad in ({"input": -1}, {"inputs": 1}, {"input": "dear"}):
        with pytest.raises(ValidationError):
            settings_of({"it": {"kind": "openai", "price": bad}})
