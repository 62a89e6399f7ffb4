"""Recorded answers of real programs (`fixtures/wire`), played back byte for byte, whole and cut into single bytes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.model import Kind, Usage
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.tools.wire.reported import Reported, reported
from tests.support.providers.canned import answer, canned
from tests.tools.kit import ask, failure, prompt, text_of, tool

WIRE = Path(__file__).parents[2] / "fixtures" / "wire"
ASKED = prompt(Kind.EXPLAIN, selection="x\n")


def recorded(name: str) -> bytes:
    """A stream as it was, or the body of a recorded document."""
    path = WIRE / name
    if path.suffix == ".sse":
        return answer(path.read_bytes(), media="text/event-stream")
    return answer(json.dumps(json.loads(path.read_text(encoding="utf-8"))["body"]).encode())


async def check(shared: Shared, adapter: str, name: str, text: str, finish: str, usage: Usage) -> None:
    whole = recorded(name)

    async def in_single_bytes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for at in range(len(whole)):
            writer.write(whole[at : at + 1])
            if at % 7 == 0:
                await writer.drain()
                await asyncio.sleep(0)

    for reply in (whole, in_single_bytes):
        async with canned(reply) as server:
            pieces = await ask(tool(shared, adapter, url=server.url, model="m"), ASKED)
        assert text_of(pieces) == text
        assert pieces[-1].finish == finish
        assert pieces[-1].usage == usage


RECORDED = [
    ("claude", "claude/messages.text.sse", "Done.", "stop", Usage(150, 5, cache_read_tokens=50, cache_write_tokens=0)),
    ("claude", "llama.cpp/messages.sse", "\ufffd\x0f>8", "length", Usage(21, 4, cache_read_tokens=20)),
    ("claude", "llama.cpp/messages.json", "\ufffd\x0f>8", "length", Usage(21, 4, cache_read_tokens=20)),
    ("openai", "llama.cpp/chat-completions.sse", "\ufffd\x0f>8", "length", Usage(21, 4, cache_read_tokens=0)),
]


@pytest.mark.parametrize(("adapter", "name", "text", "finish", "usage"), RECORDED, ids=[one[1] for one in RECORDED])
async def test_recorded_answers(shared: Shared, adapter: str, name: str, text: str, finish: str, usage: Usage) -> None:
    await check(shared, adapter, name, text, finish, usage)


async def test_recorded_completions_of_llama_cpp(shared: Shared) -> None:
    """A stream, which ends with an object that says `stop` and not with a mark of its own, and a document."""
    for name, text, finish, usage in (
        ("llama.cpp/infill.sse", "\ufffdS\ufffd9\ufffd", "stop", Usage(68, 6, cache_read_tokens=12)),
        ("llama.cpp/infill.json", "\ufffdd\x02\ufffdq\ufffd\ufffd\ufffd", "length", Usage(109, 8, cache_read_tokens=0)),
    ):
        async with canned(recorded(name)) as server:
            pieces = await ask(tool(shared, "llamacpp", url=server.url))
        assert text_of(pieces) == text
        assert (pieces[-1].finish, pieces[-1].usage) == (finish, usage)


async def test_a_stream_without_its_first_event_still_answers(shared: Shared) -> None:
    """llama.cpp leaves it out when its first token has no text; the prompt's tokens are unknown then, not none."""
    stream = (WIRE / "llama.cpp" / "messages.sse").read_bytes()
    start = stream.index(b"event: content_block_delta")
    async with canned(answer(stream[start:], media="text/event-stream")) as server:
        pieces = await ask(tool(shared, "claude", url=server.url, model="m"), ASKED)
    assert text_of(pieces) == "\ufffd\x0f>8"
    assert pieces[-1].usage == Usage(None, 4)


async def test_an_answer_that_is_only_a_tool_call_is_empty(shared: Shared) -> None:
    async with canned(recorded("claude/messages.tool-use.sse")) as server:
        assert "empty" in (await failure(tool(shared, "claude", url=server.url, model="m"), ASKED)).problem


async def test_a_review_is_what_our_tool_is_called_with(shared: Shared) -> None:
    async with canned(recorded("claude/messages.report.sse")) as server:
        pieces = await ask(tool(shared, "claude", url=server.url, model="m"), prompt(Kind.REVIEW))
        body = json.loads(server.bodies[0])
    assert reported(text_of(pieces)) == (Reported("shop/sums.py", 2, "    return a", "error", "b is never used"),)
    assert body["tool_choice"] == {"type": "tool", "name": body["tools"][0]["name"]}


@pytest.mark.parametrize("name", ["claude/messages.text.sse", "llama.cpp/messages.sse", "llama.cpp/chat-completions.sse"])
async def test_a_stream_cut_anywhere_before_its_finish_is_an_error(shared: Shared, name: str) -> None:
    adapter = "openai" if "chat" in name else "claude"
    stream = (WIRE / name).read_bytes()
    end = stream.index(
        b'"length"' if b'"length"' in stream else b'"stop_reason": "end_turn"' if b"end_turn" in stream else b'"stop_reason":"max_tokens"'
    )
    for cut in range(0, end, 97):
        async with canned(answer(stream[:cut], media="text/event-stream")) as server:
            assert "broke off" in (await failure(tool(shared, adapter, url=server.url, model="m"), ASKED)).problem


async def test_a_completion_by_suffix_that_is_not_streamed(shared: Shared) -> None:
    body: dict[str, Any] = json.loads((WIRE / "llama.cpp/completions.suffix-ignored.json").read_text(encoding="utf-8"))["body"]
    async with canned(recorded("llama.cpp/completions.suffix-ignored.json")) as server:
        pieces = await ask(tool(shared, "openai", url=server.url, model="m"))
    assert text_of(pieces) == body["choices"][0]["text"]
    assert pieces[-1].usage == Usage(25, 4, cache_read_tokens=0)


@pytest.mark.parametrize(
    ("name", "status", "problem"),
    [
        ("error.too-long.json", "400 Bad Request", "longer than the model takes (12,019 of 4,096 tokens)"),
        ("error.bad-json.json", "400 Bad Request", "does not accept the request"),
        ("error.no-route.json", "404 Not Found", "nothing at this address"),
    ],
)
async def test_recorded_errors(shared: Shared, name: str, status: str, problem: str) -> None:
    body = json.dumps(json.loads((WIRE / "llama.cpp" / name).read_text(encoding="utf-8"))["body"]).encode()
    async with canned(answer(body, status)) as server:
        assert problem in (await failure(tool(shared, "openai", url=server.url, model="m"), ASKED)).problem
