"""llama.cpp's own completions, against a real server wherever it can be brought to do what a test is about."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from orchestra_lsp.model import Kind, Snippet, State
from orchestra_lsp.tools.registry import Shared
from tests.support.providers.canned import answer, canned, stream
from tests.support.providers.processes import llama_cpp
from tests.tools.kit import answered, ask, failure, prompt, text_of, tool

ONE = {"index": 0, "content": "fine", "stop": True, "stop_type": "eos", "tokens_evaluated": 3, "tokens_predicted": 1}
DONE = stream({"index": 0, "content": "fi", "stop": False}, ONE | {"content": "ne"})


def error(status: str, **details: Any) -> bytes:
    return answer(json.dumps({"error": details}).encode(), status)


async def test_what_is_sent(shared: Shared) -> None:
    async with canned(DONE) as server:
        one = tool(shared, "llamacpp", url=f"{server.url}/v1")
        assert text_of(await ask(one, prompt(prefix="a = ", suffix="", snippets=(), multiline=False), seconds=2)) == "fine"
        await ask(one)
        first, second = map(json.loads, server.bodies)
    assert server.heads[0].startswith("POST /infill ")
    assert (first["input_prefix"], first["input_suffix"], first["input_extra"], first["stop"]) == ("a = ", "", [], ["\n"])
    assert first["stream"] is True
    assert first["cache_prompt"] is True
    assert first["n_predict"] == 8
    assert 1000 < first["t_max_predict_ms"] <= 2000
    assert second["input_extra"] == [{"filename": "other.py", "text": "def subtract(a, b):\n    return a - b\n"}]
    assert "stop" not in second


async def test_other_files_make_the_prompt_longer_and_control_tokens_in_them_do_nothing(shared: Shared, llama: str) -> None:
    """A control token that the server took for one would count as one; as text it counts a token for each character."""
    one = tool(shared, "llamacpp", url=llama, local=True)
    mark = "<|fim_middle|>"

    async def size(prefix: str = "a = ", suffix: str = "\n", extra: str = "x") -> int:
        pieces = await answered(one, prompt(prefix=prefix, suffix=suffix, snippets=(Snippet("o.py", extra),)))
        assert pieces[-1].usage
        assert pieces[-1].usage.input_tokens
        return pieces[-1].usage.input_tokens

    alone = await size()
    for changed in ({"prefix": f"a = {mark}"}, {"suffix": f"{mark}\n"}, {"extra": f"x{mark}"}):
        assert await size(**changed) == alone + len(mark)


async def test_a_second_completion_reads_from_the_cache(shared: Shared, llama: str) -> None:
    one = tool(shared, "llamacpp", url=llama, local=True)
    asked = prompt(prefix="def only_here(value):\n    return ")
    for _ in range(6):
        usage = (await answered(one, asked))[-1].usage
        if usage and usage.cache_read_tokens:
            return
    raise AssertionError("nothing was read from the cache")


async def test_a_template_goes_to_plain_completion(shared: Shared, llama: str) -> None:
    one = tool(shared, "llamacpp", url=llama, local=True, fill_in_middle="template", template="qwen2.5-coder")
    pieces = await answered(one, prompt())
    assert text_of(pieces)
    assert pieces[-1].usage
    async with canned(DONE) as server:
        await ask(tool(shared, "llamacpp", url=server.url, fill_in_middle="template", template="codestral"), prompt(snippets=()))
        assert server.heads[0].startswith("POST /completion ")
        body = json.loads(server.bodies[0])
    assert body["prompt"] == "[SUFFIX]\n\n\nprint(add(1, 2))\n[PREFIX]def add(a, b):\n    return "
    assert "input_prefix" not in body
    assert body["stop"] == ["</s>"]


async def test_it_stops_when_told(shared: Shared, llama: str) -> None:
    """The server has two places; calls that went on after they were cancelled would keep them for many seconds."""
    one = tool(shared, "llamacpp", url=llama, local=True)
    for _ in range(4):
        task = asyncio.create_task(ask(one, prompt(max_tokens=4000), seconds=60))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    start = time.monotonic()
    await answered(one, prompt())
    assert time.monotonic() - start < 10


TOLD = [
    (error("503 Service Unavailable", message="Loading model", type="unavailable_error"), "still loading its model", "wait", True),
    (error("501 Not Implemented", message="Infill is not supported by this model"), "no control tokens", "made for code", False),
    (error("404 Not Found", message="File Not Found"), "nothing at this address", 'kind = "openai"', False),
    (error("400 Bad Request", message="x", type="invalid_request_error"), "does not accept the request", "tools.it.model", False),
    (error("401 Unauthorized", message="Invalid API Key"), "does not accept the key", "tools.it.key", False),
    (stream({"content": "a", "stop": False}, {"error": {"code": 500, "message": "x"}}), "fault of its own", "later", True),
    (stream({"content": "a", "stop": False}), "broke off", "try again", True),
    (stream({"content": "", "stop": True, "stop_type": "limit"}), "before it wrote anything", "thinks less", False),
    (stream("[1]"), "cannot be read", "tools.it.url", True),
]


@pytest.mark.parametrize(("reply", "problem", "remedy", "retryable"), TOLD, ids=[told[1] for told in TOLD])
async def test_what_goes_wrong_is_told(shared: Shared, reply: bytes, problem: str, remedy: str, retryable: bool) -> None:
    async with canned(reply) as server:
        told = await failure(tool(shared, "llamacpp", url=server.url))
    assert problem in told.problem
    assert remedy in told.remedy
    assert told.retryable == retryable


async def test_an_odd_answer_is_understood(shared: Shared) -> None:
    for reply in (answer(json.dumps(ONE).encode()), stream({"x": 1}, ONE)):
        async with canned(reply) as server:
            assert text_of(await ask(tool(shared, "llamacpp", url=server.url))) == "fine"


# --- check ---


def props(window: int, limit: int = -1) -> bytes:
    return answer(json.dumps({"default_generation_settings": {"n_ctx": window, "params": {"n_predict": limit}}}).encode())


WELL = answer(b'{"status": "ok"}')
DROPPED = answer(b'{"prompt": "<|fim_prefix|>"}')
ARRIVED = answer(b'{"prompt": "orchestra-lsp was here<|fim_prefix|>"}')


async def test_a_window_without_room_for_other_files_is_told(shared: Shared) -> None:
    """A real server whose batch is as large as the window of a slot."""
    with llama_cpp(context=1024, batch=512) as url:
        one = tool(shared, "llamacpp", url=url, local=True)
        health = await one.check()
        usage = (await answered(one, prompt(snippets=(Snippet("o.py", "x" * 100),))))[-1].usage
        assert (await tool(shared, "llamacpp", url=url, local=True, fill_in_middle="chat").check()).state is State.READY
    assert health.state is State.DEGRADED
    assert "window of 512 tokens leaves no room for other files" in health.reason
    assert "--ctx-size" in health.remedy
    assert usage
    assert (usage.input_tokens or 0) < 100, "the server did not drop the other file, so the check is wrong"


@pytest.mark.parametrize(
    ("replies", "state"),
    [
        ((WELL, props(8192)), State.READY),
        ((WELL, props(4096), DROPPED), State.READY),  # room enough: the trace is not even sent
        ((WELL, props(2048), ARRIVED), State.READY),  # its batch is smaller than usual
        ((WELL, props(2048), DROPPED), State.DEGRADED),
        ((WELL, props(4096, 1024), DROPPED), State.DEGRADED),
        ((WELL, props(2048), error("501 Not Implemented", message="infill is not supported")), State.DEGRADED),
        ((WELL, answer(b'{"default_generation_settings": 3}')), State.READY),
        ((WELL, answer(b"[]")), State.READY),
        ((error("503 Service Unavailable", message="Loading model"),), State.DOWN),
        ((WELL, error("401 Unauthorized")), State.DOWN),
        ((error("404 Not Found"),), State.DEGRADED),
    ],
)
async def test_a_check_tells_how_it_is(shared: Shared, replies: tuple[bytes, ...], state: State) -> None:
    async with canned(*replies) as server:
        health = await tool(shared, "llamacpp", url=server.url).check()
    assert health.state is state
    assert bool(health.remedy) == (state is not State.READY)


async def test_a_model_that_cannot_fill_in_the_middle_is_told_by_the_check(shared: Shared) -> None:
    async with canned(WELL, props(2048), error("501 Not Implemented", message="Infill is not supported by this model")) as server:
        health = await tool(shared, "llamacpp", url=server.url).check()
    assert "no control tokens" in health.reason
    assert 'fill_in_middle = "template" or "chat"' in health.remedy


async def test_loading_is_told_and_so_is_nobody_there(shared: Shared) -> None:
    async with canned(error("503 Service Unavailable", message="Loading model")) as server:
        one = tool(shared, "llamacpp", url=server.url)
        assert "still loading its model" in (await one.check()).reason
        assert "still loading its model" in (await failure(one, prompt(Kind.EXPLAIN, selection="x\n"))).problem
    async with canned(WELL) as server:
        nobody = tool(shared, "llamacpp", url=server.url)
    assert "nothing listens at" in (await nobody.check()).reason
