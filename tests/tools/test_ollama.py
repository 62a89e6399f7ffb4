"""Ollama's formats. There is no real Ollama here: the answers are written after its documentation and public bug reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestra_lsp.model import Kind, State, Usage
from orchestra_lsp.tools.registry import Shared
from tests.support.providers.canned import answer, canned
from tests.tools.kit import ask, failure, prompt, text_of, tool

QWEN = "qwen2.5-coder:1.5b"
EXPLAIN = prompt(Kind.EXPLAIN, selection="x\n")


def lines(*objects: Any) -> bytes:
    data = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in objects)
    return answer(data.encode(), media="application/x-ndjson")


def error(status: str, text: str) -> bytes:
    return answer(json.dumps({"error": text}).encode(), status)


END = {"response": "", "done": True, "done_reason": "stop", "prompt_eval_count": 20, "eval_count": 2, "total_duration": 5}
GOOD = lines({"response": "fi", "done": False}, {"response": "ne", "done": False}, END)
TALK = lines({"message": {"role": "assistant", "content": "fi"}, "done": False}, {"message": {"content": "ne"}, **END})
NO_INSERT = error("400 Bad Request", f"registry.ollama.ai/library/{QWEN} does not support insert")


async def test_a_completion_is_sent_with_its_suffix(shared: Shared) -> None:
    async with canned(GOOD) as server:
        one = tool(shared, "ollama", url=f"{server.url}/v1", model=QWEN, context_tokens=4096)
        pieces = await ask(one, prompt(multiline=False, snippets=()))
        body = json.loads(server.bodies[0])
    assert text_of(pieces) == "fine"
    assert pieces[-1].finish == "stop"
    assert pieces[-1].usage == Usage(20, 2)
    assert server.heads[0].startswith("POST /api/generate ")
    assert (body["model"], body["stream"], body["keep_alive"]) == (QWEN, True, "30m")
    assert (body["prompt"], body["suffix"]) == ("def add(a, b):\n    return ", "\n\n\nprint(add(1, 2))\n")
    assert body["options"] == {"num_predict": 8, "num_ctx": 4096, "temperature": 0.1, "stop": ["\n"]}
    assert "raw" not in body
    assert "stop" not in body


async def test_an_empty_suffix_is_not_left_empty(shared: Shared) -> None:
    """Ollama takes an empty one for none, and the text before the cursor for a question."""
    async with canned(GOOD) as server:
        await ask(tool(shared, "ollama", url=server.url, model=QWEN), prompt(suffix=""))
        assert json.loads(server.bodies[0])["suffix"] == "\n"


async def test_control_tokens_in_the_text_are_made_harmless(shared: Shared) -> None:
    async with canned(GOOD) as server:
        await ask(tool(shared, "ollama", url=server.url, model=QWEN), prompt(prefix="<|fim_middle|>", suffix="<|im_end|>", snippets=()))
        body = json.loads(server.bodies[0])
    assert (body["prompt"], body["suffix"]) == ("< |fim_middle|>", "< |im_end|>")


async def test_a_model_without_insert_is_asked_by_template_from_then_on(shared: Shared) -> None:
    async with canned(NO_INSERT, GOOD) as server:
        one = tool(shared, "ollama", url=server.url, model=QWEN)
        assert text_of(await ask(one, prompt(snippets=()))) == "fine"
        assert text_of(await ask(one, prompt(snippets=()))) == "fine"
        sent = [json.loads(body) for body in server.bodies]
    assert [body.get("raw", False) for body in sent] == [False, True, True]
    assert sent[1]["prompt"] == "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n\n\nprint(add(1, 2))\n<|fim_middle|>"
    assert "suffix" not in sent[1]
    assert "<|endoftext|>" in sent[1]["options"]["stop"]


async def test_a_model_without_insert_and_of_no_known_family_says_what_to_set(shared: Shared) -> None:
    async with canned(NO_INSERT, GOOD) as server:
        told = await failure(tool(shared, "ollama", url=server.url, model="devstral"))
        assert "devstral" in told.problem
        assert 'fill_in_middle = "chat"' in told.remedy
        assert "tools.it.template" in told.remedy
        assert not told.retryable
        named = tool(shared, "ollama", url=server.url, model="devstral", fill_in_middle="template", template="codestral")
        await ask(named)
    assert json.loads(server.bodies[-1])["prompt"].startswith("[SUFFIX]")


async def test_conversation_is_streamed_in_lines(shared: Shared) -> None:
    async with canned(TALK) as server:
        one = tool(shared, "ollama", url=server.url, model=QWEN, fill_in_middle="chat")
        assert text_of(await ask(one, EXPLAIN)) == "fine"
        await ask(one)
        first = json.loads(server.bodies[0])
    assert all(head.startswith("POST /api/chat ") for head in server.heads)
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert first["options"]["num_ctx"] == 8192


UNUSUAL = [
    answer(json.dumps({**END, "response": "fine"}).encode()),
    lines({"x": 1}, "", {"response": "fi", "done": False, "thinking": None}, {**END, "response": "ne"}),
    lines({"response": "", "thinking": "hm", "done": False}, {"response": "fine", "done": False}, END),
    lines({"response": "fine", "done": False}, {"response": "", "done": True}),
]


@pytest.mark.parametrize("reply", UNUSUAL, ids=range(len(UNUSUAL)))
async def test_unusual_answers_are_understood(shared: Shared, reply: bytes) -> None:
    async with canned(reply) as server:
        assert text_of(await ask(tool(shared, "ollama", url=server.url, model=QWEN))) == "fine"


TOLD = [
    (error("404 Not Found", f"model '{QWEN}' not found"), f"does not have the model {QWEN}", f"ollama pull {QWEN}", False),
    (error("400 Bad Request", "invalid options: num_ctx"), "does not accept the request", "tools.it.model", False),
    (error("500 Internal Server Error", "llama runner process has terminated"), "fault of its own", "later", True),
    (error("503 Service Unavailable", "server busy"), "overloaded", "wait", True),
    (lines({"response": "a", "done": False}, {"error": "an error was encountered"}), "fault of its own", "later", True),
    (lines({"response": "a", "done": False}), "broke off", "try again", True),
    (lines("{", END), "cannot be read", "tools.it.url", True),
    (lines("[]", END), "cannot be read", "tools.it.url", True),
    (lines('{"response": "' + "x" * 2_000_000), "cannot be read", "tools.it.url", True),
    (lines({**END, "done_reason": "length"}), "before it wrote anything", "thinks less", False),
    (lines({**END, "done_reason": "load"}), "empty answer", "try again", True),
]


@pytest.mark.parametrize(("reply", "problem", "remedy", "retryable"), TOLD, ids=[f"{told[1]}-{at}" for at, told in enumerate(TOLD)])
async def test_what_goes_wrong_is_told(shared: Shared, reply: bytes, problem: str, remedy: str, retryable: bool) -> None:
    async with canned(reply) as server:
        told = await failure(tool(shared, "ollama", url=server.url, model=QWEN))
    assert problem in told.problem
    assert remedy in told.remedy
    assert told.retryable == retryable
    assert "llama runner" not in str(told)


def tags(*names: str) -> bytes:
    return answer(json.dumps({"models": [{"name": name, "details": {}} for name in names]}).encode())


@pytest.mark.parametrize(
    ("reply", "model", "state", "said"),
    [
        (tags("a:latest", QWEN), QWEN, State.READY, "has not been tried with the real one"),
        (tags("a:latest"), "a", State.READY, "documentation of Ollama"),
        (tags("a:7b"), "a", State.DOWN, "does not have the model a"),
        (tags(), "a", State.DOWN, "does not have the model a"),
        (answer(b'{"data": []}'), "a", State.DEGRADED, "does not answer like Ollama"),
        (answer(b"nonsense"), "a", State.DEGRADED, "does not answer like Ollama"),
        (error("404 Not Found", "x"), "a", State.DOWN, "nothing at this address"),
        (error("401 Unauthorized", "x"), "a", State.DOWN, "does not accept the key"),
    ],
)
async def test_a_check_tells_how_it_is(shared: Shared, reply: bytes, model: str, state: State, said: str) -> None:
    async with canned(reply) as server:
        health = await tool(shared, "ollama", url=server.url, model=model).check()
        assert server.heads[0].startswith("GET /api/tags ")
    assert health.state is state
    assert said in health.reason
    assert bool(health.remedy) == (state is not State.READY)
    assert ("ollama pull a" in health.remedy) == (state is State.DOWN and "model a" in said)
