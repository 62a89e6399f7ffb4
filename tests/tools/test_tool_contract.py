"""What every tool promises: `openai`, `claude` and `llamacpp` against a real llama.cpp server, `local` in this process.

The others have no real program here: those over HTTP are asked of the provider that speaks their formats, those that run programs get
one that plays theirs. An adapter without a case fails the first test.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.model import Kind, Piece, Prompt, Reach, State
from orchestra_lsp.tools import registry
from orchestra_lsp.tools.contract import TEXT_KINDS, Tool, ToolError
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask, waive
from tests.tools.kit import answered, failure, prompt, settings_of, text_of, tool


@dataclass(frozen=True)
class Case:
    """How to have one adapter answer: its settings, and who is at the other end: "llama", "fake" or nobody."""

    settings: dict[str, Any]
    served: str = "llama"


SUPPORT = Path(__file__).parents[1] / "support"
AGENT = [sys.executable, str(SUPPORT / "agents" / "fake_agent.py"), "answer"]
CASES = {
    "openai": Case({"fill_in_middle": "suffix"}),
    "claude": Case({"model": "tiny", "kinds": [kind.value for kind in TEXT_KINDS]}),
    "llamacpp": Case({}),
    "ollama": Case({"model": "it"}, served="fake"),
    "codestral": Case({"model": "it"}, served="fake"),
    "deepseek": Case({"model": "it"}, served="fake"),
    "local": Case({}, served=""),
    "copilot": Case({"command": [sys.executable, str(SUPPORT / "copilot" / "fake_server.py"), "--say", "a + b"]}, served=""),
    **{name: Case({"command": AGENT, "protocol": "acp"}, served="") for name in ("acp", "claude_code", "copilot_cli", "cursor", "droid")},
    "roo": Case({"command": [sys.executable, str(SUPPORT / "roo" / "fake_cli.py"), "answer", os.devnull]}, served=""),
}
SERVED = [name for name, case in CASES.items() if case.served == "llama"]


@pytest.fixture(params=registry.kinds())
async def any_tool(request: pytest.FixtureRequest, shared: Shared) -> AsyncIterator[Tool[Any]]:
    case = CASES[request.param]
    ends = {"llama": lambda: request.getfixturevalue("llama"), "fake": lambda: request.getfixturevalue("provider").url_of("it")}
    url = {"url": ends[case.served](), "local": True} if case.served else {}
    built = registry.build(settings_of({"it": {"kind": request.param, **case.settings, **url}}), shared)
    assert not built.problems
    made = built.tools.get("it") or built.embedded
    assert made
    yield made
    await made.close()
    await made.close()


@pytest.fixture(params=SERVED)
def served(request: pytest.FixtureRequest, shared: Shared, llama: str) -> Tool[MaskedPrompt]:
    return tool(shared, request.param, url=llama, local=True, **CASES[request.param].settings)


def seen_by(tool: Tool[Any]) -> Prompt | MaskedPrompt:
    """A prompt as the tool's reach wants it."""
    asked = prompt(Kind.COMPLETE)
    if tool.abilities.reach is Reach.PROCESS:
        return asked
    return waive(asked, tool.endpoint) if tool.endpoint else mask(asked, Vault())


def test_every_adapter_has_a_case() -> None:
    assert set(registry.kinds()) <= set(CASES), "add a case for the new adapter, so that the tests of this file cover it"


async def test_it_says_what_it_is_and_what_it_can(any_tool: Tool[Any]) -> None:
    abilities = any_tool.abilities
    assert any_tool.name == "it"
    assert isinstance(any_tool.model, str)
    assert abilities.kinds
    assert abilities.context_tokens > 0
    assert (any_tool.endpoint is not None) == (abilities.reach is Reach.MACHINE)
    assert inspect.isasyncgenfunction(any_tool.ask)


async def test_it_is_well(any_tool: Tool[Any]) -> None:
    health = await any_tool.check()
    assert health.state in (State.READY, State.DEGRADED)
    assert bool(health.remedy) == (health.state is State.DEGRADED)


async def outcome(tool: Tool[Any], deadline: float) -> list[Piece] | ToolError:
    """What asking for a completion comes to."""
    try:
        async with aclosing(tool.ask(seen_by(tool), deadline)) as stream:
            return [piece async for piece in stream]
    except ToolError as error:
        return error


async def test_it_answers_or_says_why_not(any_tool: Tool[Any]) -> None:
    found = await outcome(any_tool, time.monotonic() + 20)
    if isinstance(found, ToolError):  # noise of a random model may come to nothing; so may an engine that has read nothing
        assert found.tool == "it"
        assert found.problem
    else:
        assert found[-1].finish in ("stop", "length")
        assert not any(piece.finish for piece in found[:-1])
        assert text_of(found)


async def test_a_deadline_in_the_past_is_an_error_at_once(any_tool: Tool[Any]) -> None:
    start = time.monotonic()
    assert isinstance(await outcome(any_tool, start - 1), ToolError)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.EXPLAIN, Kind.REVIEW])
async def test_a_real_server_answers_with_text_and_counts(served: Tool[MaskedPrompt], kind: Kind) -> None:
    pieces = await answered(served, prompt(kind, prefix="a = 1\n", suffix="", selection="b = 2\n", snippets=()))
    usage = pieces[-1].usage
    assert text_of(pieces)
    assert usage is not None
    assert usage.output_tokens == 8 or pieces[-1].finish == "stop"
    assert usage.input_tokens is None or usage.input_tokens > 5
    assert usage.cost is None


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.TEST, Kind.DOCUMENT])
async def test_half_a_rewritten_selection_is_an_error(served: Tool[MaskedPrompt], kind: Kind) -> None:
    with pytest.raises(ToolError, match="limit of tokens") as caught:
        await answered(served, prompt(kind, prefix="", suffix="", selection="b = 2\n", snippets=(), max_tokens=1))
    assert not caught.value.retryable


async def test_it_streams_and_stops_when_told(served: Tool[MaskedPrompt]) -> None:
    """The server has two places; a call that was not stopped would hold its own for many seconds."""
    for _ in range(6):
        asked: Prompt = prompt(Kind.EXPLAIN, prefix="", suffix="", snippets=(), selection="b = 2\n", max_tokens=4000)
        assert served.endpoint
        async with aclosing(served.ask(waive(asked, served.endpoint), time.monotonic() + 60)) as pieces:
            first = await anext(pieces)
        assert not first.finish
    start = time.monotonic()
    await answered(served, prompt(Kind.EXPLAIN, prefix="", suffix="", snippets=(), selection="b\n", max_tokens=2))
    assert time.monotonic() - start < 10


async def test_many_at_once_are_all_answered(served: Tool[MaskedPrompt]) -> None:
    asked = prompt(Kind.EXPLAIN, prefix="", suffix="", snippets=(), selection="b = 2\n", max_tokens=3)
    answers = await asyncio.gather(*(answered(served, asked) for _ in range(8)))
    assert all(text_of(pieces) for pieces in answers)


async def test_a_prompt_that_is_too_long_is_told_with_its_numbers(served: Tool[MaskedPrompt]) -> None:
    error = await failure(served, prompt(Kind.EXPLAIN, selection="x " * 6000), seconds=30)
    assert "longer than the model takes" in error.problem
    assert "of 4,096 tokens" in error.problem
    assert "context_tokens" in error.remedy
    assert not error.retryable


async def test_the_text_of_a_secret_file_reaches_nobody(served: Tool[MaskedPrompt]) -> None:
    refused = mask(prompt(Kind.EXPLAIN, path=".env", uri="file:///code/.env", selection="KEY=1"), Vault())
    with pytest.raises(ToolError) as caught:
        async with aclosing(served.ask(refused, time.monotonic() + 5)) as pieces:
            await anext(pieces)
    assert caught.value.problem == refused.refused
    assert not caught.value.retryable


async def test_llama_cpp_ignores_a_suffix_so_the_check_says_what_to_set(shared: Shared, llama: str) -> None:
    health = await tool(shared, "openai", url=llama, local=True).check()
    assert health.state is State.DEGRADED
    assert 'fill_in_middle = "chat"' in health.remedy
    for middle in ("chat", "off"):
        assert (await tool(shared, "openai", url=llama, local=True, fill_in_middle=middle).check()).state is State.READY


async def test_a_model_that_is_not_there_is_named_with_one_that_is(shared: Shared, llama: str) -> None:
    health = await tool(shared, "claude", url=llama, local=True, model="tinny").check()
    assert health.state is State.DEGRADED
    assert "tinny" in health.reason
    assert "tiny" in health.remedy
