"""Every HTTP tool against a provider that fails in every way it knows: a clear error in time, and nothing left behind."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from orchestra_lsp.model import Kind, Piece
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.tools.registry import Shared
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask
from tests.support.providers.processes import FakeProvider
from tests.tools.kit import ask, failure, prompt, text_of, tool

ASKED = prompt(Kind.EXPLAIN, selection="return a\n", max_tokens=64)
COMPLETION = prompt(max_tokens=64)
QUICK = {"ttft_ms": 5, "sigma": 0, "tpot_ms": 0.5, "tokens": 12}
#: What each fault is told as, and whether another try at the same tool may help.
TOLD = {
    "http_error": ("still loading", True),
    "rate_limit": ("slow down", True),
    "refuse": ("closed the connection without an answer", True),
    "hang": ("did not answer within", True),
    "reset_mid_stream": ("broke off", True),
    "hang_mid_stream": ("did not answer within", True),
    "truncate": ("broke off", True),
    "malformed_json": ("cannot be read", True),
    "empty": ("empty answer", True),
}
HARMLESS = ("slow", "garbage_sse")
#: Every format, by the adapter that speaks it and what it is asked: completions and conversation differ on the wire.
DOORS = {
    "openai": ("openai", ASKED),
    "openai-suffix": ("openai", COMPLETION),
    "claude": ("claude", ASKED),
    "llamacpp": ("llamacpp", COMPLETION),
    "ollama": ("ollama", COMPLETION),
    "ollama-chat": ("ollama", ASKED),
    "codestral": ("codestral", COMPLETION),
    "deepseek": ("deepseek", COMPLETION),
}


def faulty(provider: FakeProvider, shared: Shared, door: str, fault: str = "", **details: float) -> Tool[MaskedPrompt]:
    faults = [{"deployment": "it", "kind": fault, **details}] if fault else []
    provider.reset({"deployments": {"it": QUICK}, "faults": faults})
    return tool(shared, DOORS[door][0], url=provider.url_of("it"), model="m")


async def quiet(provider: FakeProvider) -> dict[str, int]:
    """The provider's counters, once it answers nobody any more."""
    for _ in range(100):
        if not any((await asyncio.to_thread(provider.in_flight)).values()):
            return (await asyncio.to_thread(provider.stats))["it"]
        await asyncio.sleep(0.02)
    raise AssertionError("the provider is still answering: the call was not cancelled")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", TOLD)
async def test_every_fault_is_told_in_time(provider: FakeProvider, shared: Shared, door: str, fault: str) -> None:
    one = faulty(provider, shared, door, fault)
    seconds = 0.3 if fault.startswith("hang") else 10.0
    start = time.monotonic()
    error = await failure(one, DOORS[door][1], seconds)
    problem, retryable = TOLD[fault]
    assert problem in error.problem
    assert error.retryable == retryable
    assert error.retry_after == (2 if fault == "rate_limit" else None)
    assert time.monotonic() - start < seconds + 1
    seen = await quiet(provider)
    assert seen[fault] == 1
    if fault == "hang":  # in the other one the provider may notice by a failed write, which it does not count
        assert seen["client_cancelled"] == 1


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", HARMLESS)
async def test_a_slow_or_untidy_answer_is_still_one(provider: FakeProvider, shared: Shared, door: str, fault: str) -> None:
    kind = DOORS[door][1].kind
    asked = [prompt(kind, selection="", prefix=f"x = {number}\n", max_tokens=64) for number in range(4)]
    healthy = [text_of(await ask(faulty(provider, shared, door), one)) for one in asked]
    assert [text_of(await ask(faulty(provider, shared, door, fault), one)) for one in asked] == healthy
    assert any("na\u00efve" in text for text in healthy)  # the character that untidy streams cut in two


@pytest.mark.parametrize("door", DOORS)
async def test_an_answer_comes_in_pieces_with_counts_at_the_end(provider: FakeProvider, shared: Shared, door: str) -> None:
    asked = DOORS[door][1]
    pieces = await ask(faulty(provider, shared, door), asked)
    assert sum(bool(piece.text) for piece in pieces) == 12
    assert pieces[-1].finish == "stop"
    assert pieces[-1].usage
    assert pieces[-1].usage.output_tokens == 12
    assert pieces[-1].usage.input_tokens
    limited = await ask(faulty(provider, shared, door), prompt(asked.kind, selection=asked.selection, max_tokens=5))
    assert limited[-1].finish == "length"


@pytest.mark.parametrize("door", [name for name, (_, asked) in DOORS.items() if asked is COMPLETION])
async def test_a_completion_is_asked_with_its_suffix(provider: FakeProvider, shared: Shared, door: str) -> None:
    one = faulty(provider, shared, door)
    answers = {suffix: text_of(await ask(one, prompt(suffix=suffix, max_tokens=64))) for suffix in ("\n", "\n\nprint(1)\n")}
    assert all(answers.values())
    assert len(set(answers.values())) == 2


@pytest.mark.parametrize("door", DOORS)
async def test_closing_early_cancels_at_the_provider(provider: FakeProvider, shared: Shared, door: str) -> None:
    provider.reset({"deployments": {"it": {**QUICK, "tpot_ms": 150}}})
    adapter, asked = DOORS[door]
    one = tool(shared, adapter, url=provider.url_of("it"), model="m")
    async with aclosing(one.ask(mask(asked, Vault()), time.monotonic() + 30)) as pieces:
        assert (await anext(pieces)).text
    assert (await quiet(provider))["client_cancelled"] == 1


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", ["hang", "hang_mid_stream"])
async def test_cancelling_the_task_cancels_at_the_provider(provider: FakeProvider, shared: Shared, door: str, fault: str) -> None:
    one = faulty(provider, shared, door, fault)
    task = asyncio.create_task(ask(one, DOORS[door][1], seconds=30))
    while not (await asyncio.to_thread(provider.stats)).get("it"):
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    seen = await quiet(provider)
    assert fault != "hang" or seen["client_cancelled"] == 1


async def test_connections_are_used_again(provider: FakeProvider, shared: Shared) -> None:
    """Reusing one saves the handshakes; after an answer it has to be whole for that."""
    import psutil

    one = faulty(provider, shared, "openai")
    for _ in range(5):
        await ask(one, ASKED)
    port = int(provider.url.rsplit(":", 1)[1])
    mine = [
        found for found in psutil.Process().net_connections() if found.raddr and found.raddr.port == port and found.status == "ESTABLISHED"
    ]
    assert len(mine) == 1


async def test_hundreds_of_calls_with_faults_leave_nothing_behind(provider: FakeProvider, shared: Shared) -> None:
    import psutil

    kinds = [*TOLD, *HARMLESS]
    faults = [{"deployment": "it", "kind": kind, "p": 0.06} for kind in kinds]
    provider.reset({"seed": 5, "deployments": {"it": {**QUICK, "ttft_ms": 1, "tpot_ms": 0.1}}, "faults": faults})
    asked = [(tool(shared, adapter, url=provider.url_of("it"), model="m"), one) for adapter, one in DOORS.values()]
    gate = asyncio.Semaphore(25)

    async def one(number: int) -> list[Piece] | ToolError:
        async with gate:
            try:
                return await ask(*asked[number % len(asked)], seconds=1.0)
            except ToolError as error:
                return error

    answers = await asyncio.gather(*(one(number) for number in range(200)))
    good = [answer for answer in answers if not isinstance(answer, ToolError)]
    assert 30 < len(good) < 180
    await quiet(provider)
    await shared.close()
    assert not [
        found for found in psutil.Process().net_connections() if found.raddr and found.raddr.port == int(provider.url.rsplit(":", 1)[1])
    ]
