"""Codestral and DeepSeek: where they are asked and with what. Their real services are not reached by any test."""

from __future__ import annotations

import json

import pytest

from orchestra_lsp.model import Kind, Reach, State, Usage
from orchestra_lsp.tools.contract import TEXT_KINDS, ToolError
from orchestra_lsp.tools.registry import Shared
from tests.support.providers.canned import answer, canned, stream
from tests.tools.kit import ask, failure, prompt, text_of, tool

KEY = "sk-test-0123456789abcdefghij"
EXPLAIN = prompt(Kind.EXPLAIN, selection="x\n")
COUNTS = {"prompt_tokens": 30, "completion_tokens": 2}
FIM = stream(
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": "fine"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": COUNTS},
    "[DONE]",
)
TEXT = stream(
    {"choices": [{"index": 0, "text": "fine", "finish_reason": None}]},
    {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]},
    {"choices": [], "usage": {**COUNTS, "prompt_cache_hit_tokens": 12, "prompt_cache_miss_tokens": 18}},
    "[DONE]",
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)


async def test_codestral_fills_in_the_middle(shared: Shared) -> None:
    async with canned(FIM) as server:
        for url in (server.url, f"{server.url}/v1/"):
            one = tool(shared, "codestral", url=url, key="env:TEST_MODEL_KEY")
            pieces = await ask(one, prompt(snippets=(), multiline=False))
            assert text_of(pieces) == "fine"
            assert pieces[-1].usage == Usage(30, 2)
        await ask(one, EXPLAIN)
        body, chat = json.loads(server.bodies[0]), json.loads(server.bodies[2])
    assert all(head.startswith("POST /v1/fim/completions ") for head in server.heads[:2])
    assert f"authorization: bearer {KEY}" in server.heads[0]
    assert body == {
        "model": "codestral-latest",
        "prompt": "def add(a, b):\n    return ",
        "suffix": "\n\n\nprint(add(1, 2))\n",
        "stop": ["\n"],
        "max_tokens": 8,
        "temperature": 0.2,
        "stream": True,
    }
    assert server.heads[2].startswith("POST /v1/chat/completions ")
    assert "stream_options" not in chat


async def test_deepseek_completes_at_its_beta_address(shared: Shared) -> None:
    async with canned(TEXT) as server:
        for url in (server.url, f"{server.url}/beta", f"{server.url}/v1"):
            one = tool(shared, "deepseek", url=url, key="env:TEST_MODEL_KEY")
            pieces = await ask(one, prompt(max_tokens=10_000, snippets=()))
            assert text_of(pieces) == "fine"
            assert pieces[-1].usage == Usage(30, 2, cache_read_tokens=12)
        await ask(one, prompt(Kind.EXPLAIN, selection="x\n", max_tokens=10_000))
        body, chat = json.loads(server.bodies[0]), json.loads(server.bodies[3])
    assert all(head.startswith("POST /beta/completions ") for head in server.heads[:3])
    assert (body["model"], body["suffix"], body["max_tokens"]) == ("deepseek-flash", "\n\n\nprint(add(1, 2))\n", 4096)
    assert server.heads[3].startswith("POST /v1/chat/completions ")
    assert chat["max_tokens"] == 10_000


@pytest.mark.parametrize("adapter", ["codestral", "deepseek"])
async def test_without_a_key_they_are_not_built(shared: Shared, adapter: str) -> None:
    with pytest.raises(ToolError, match="no key is set"):
        tool(shared, adapter)
    with pytest.raises(ToolError, match="takes no templates"):
        tool(shared, adapter, key="env:TEST_MODEL_KEY", fill_in_middle="template")
    made = tool(shared, adapter, key="env:TEST_MODEL_KEY")
    assert made.abilities.kinds == TEXT_KINDS
    assert made.abilities.reach is Reach.OUTSIDE
    assert made.abilities.context_tokens == 128_000
    assert Kind.COMPLETE not in tool(shared, adapter, key="env:TEST_MODEL_KEY", fill_in_middle="off").abilities.kinds


@pytest.mark.parametrize("adapter", ["codestral", "deepseek"])
@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (answer(b'{"data": [{"id": "codestral-latest"}, {"id": "deepseek-flash"}]}'), State.READY),
        (answer(b'{"data": [{"id": "other"}]}'), State.DEGRADED),
        (answer(b"", "404 Not Found"), State.READY),
        (answer(b"", "401 Unauthorized"), State.DOWN),
    ],
)
async def test_a_check_tells_how_it_is_and_that_nobody_tried_it(shared: Shared, adapter: str, reply: bytes, state: State) -> None:
    async with canned(reply) as server:
        health = await tool(shared, adapter, url=server.url, key="env:TEST_MODEL_KEY").check()
    assert health.state is state
    assert state is not State.READY or "has not been tried" in health.reason or "lists no models" in health.reason


@pytest.mark.parametrize("adapter", ["codestral", "deepseek"])
async def test_a_refused_key_is_told(shared: Shared, adapter: str) -> None:
    async with canned(answer(b'{"message": "Unauthorized"}', "401 Unauthorized")) as server:
        told = await failure(tool(shared, adapter, url=server.url, key="env:TEST_MODEL_KEY"))
    assert "does not accept the key" in told.problem
    assert KEY not in str(told)
