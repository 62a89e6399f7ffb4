"""CPU of one remote completion, step by step, beside the same request by bare httpx; one process, one request after the other.

Each round makes one request of every sort, so that all see the same minutes; CPU is that of this process, threads included.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from chaos import FIRST_LINE, document
from faults import TEXT
from providers import Provider, providers

from orchestra_lsp.config import Settings
from orchestra_lsp.engine import judge, route
from orchestra_lsp.engine.call import Caller, Outgoing
from orchestra_lsp.engine.context import Context, tokens
from orchestra_lsp.model import Ask, Buffer, Candidate, Complexity, Kind, Prompt, Span, Trigger
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.registry import Shared, build
from orchestra_lsp.trust.mask import MaskedPrompt, Vault

NAMES = ("ann", "bob", "cid")
FAST = {"ttft_ms": 1.0, "sigma": 0.0, "tpot_ms": 0.2, "tokens": 16, "text": TEXT}
#: Bare httpx sends what our adapter sends and reads the stream of events to its end.
STEPS = ("bare httpx", "one tool", "calling", "choosing and calling", "choosing", "facts", "context", "masking", "judging")


class Rig:
    """Everything that one request needs."""

    def __init__(self, found: list[Provider]) -> None:
        import httpx

        tools = {one.tool: {"kind": "openai", "url": one.url, "model": "m"} for one in found}
        self.shared = Shared()
        settings = Settings.model_validate({"tools": {"local": {"enabled": False}, **tools}})
        self.tools = build(settings, self.shared).tools
        self.caller = Caller()
        self.gatherer = Context()
        self.httpx = httpx.AsyncClient(timeout=5, trust_env=False)
        self.url = found[0].url
        self.buffer: Buffer = open_buffer("file:///w/a.py", "/w/a.py", 1, "python", document(0))
        self.at = self.buffer.line_starts[FIRST_LINE + 8 * 20 + 3] + 4
        self.prompt: Prompt
        self.outgoing: Outgoing
        self.count = 0

    async def ready(self) -> None:
        self.ask = Ask("a", Kind.COMPLETE, self.buffer, Span(self.at, self.at), Trigger.MANUAL, time.monotonic() + 3600)
        self.prompt = await self.gatherer.gather(self.ask, True, [8192], [])
        self.outgoing = Outgoing(self.prompt, Vault())
        self.outgoing.for_tool(self.tool)

    @property
    def tool(self) -> Tool[MaskedPrompt]:
        return self.tools[NAMES[0]]

    def players(self) -> list[route.Player]:
        vitals = self.caller.vitals()
        return [route.Player(name, tool.abilities, vitals=vitals.get(name)) for name, tool in self.tools.items()]

    async def bare(self) -> None:
        masked = self.outgoing.for_tool(self.tool)
        body = {"model": "m", "prompt": masked.prefix, "suffix": masked.suffix, "max_tokens": 128, "stream": True}
        text = ""
        async with self.httpx.stream("POST", f"{self.url}/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {") and (choices := json.loads(line[6:])["choices"]):
                    text += choices[0]["text"]
        assert text == TEXT

    async def one_tool(self) -> None:
        text = [piece.text async for piece in self.tool.ask(self.outgoing.for_tool(self.tool), time.monotonic() + 5)]
        assert "".join(text) == TEXT

    async def calling(self) -> None:
        await self._call(route.choose(self._request(), self.players()).order[:1])

    async def choosing_and_calling(self) -> None:
        await self._call(route.choose(self._request(), self.players()).order)

    async def choosing(self) -> None:
        route.choose(self._request(), self.players())

    async def facts(self) -> None:
        facts_of(self.buffer)

    async def context(self) -> None:
        await self.gatherer.gather(self.ask, True, [8192], [])

    async def masking(self) -> None:
        Outgoing(self.prompt, Vault()).for_tool(self.tool)

    async def judging(self) -> None:
        judge.objection(self.buffer, Span(self.at, self.at), TEXT)

    async def close(self) -> None:
        await self.caller.close()
        await self.shared.close()
        await self.httpx.aclose()

    def _request(self) -> route.Request:
        return route.Request(Kind.COMPLETE, "python", tokens(self.prompt), Complexity.SIMPLE)

    async def _call(self, order: Sequence[Candidate]) -> None:
        called = await self.caller.run(order, self.tools, self.outgoing, time.monotonic() + 5)
        assert called.answer
        assert called.answer.text == TEXT


async def measure(found: list[Provider], rounds: int) -> dict[str, list[float]]:
    rig = Rig(found)
    await rig.ready()
    steps: dict[str, Callable[[], Awaitable[None]]] = {name: getattr(rig, name.replace(" httpx", "").replace(" ", "_")) for name in STEPS}
    used: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 10):
        for name, step in steps.items():
            begun = time.process_time()
            await step()
            if number >= 10:
                used[name].append((time.process_time() - begun) * 1e3)
    await rig.close()
    return used


def run(rounds: int) -> None:
    with providers(NAMES) as found:
        for one in found:
            one.reset({"deployments": {one.tool: FAST}}, 1)
        used = asyncio.run(measure(found, rounds))
    typical = {name: statistics.median(values) for name, values in used.items()}
    print(f"CPU of one remote completion, ms, median (mean) of {rounds}")
    for name, values in used.items():
        print(f"  {name:22} {typical[name]:6.2f} ({statistics.mean(values):.2f})")
    extra = typical["choosing and calling"] - typical["bare httpx"]
    print(
        f"  over bare httpx: the adapter {typical['one tool'] - typical['bare httpx']:+.2f}, choosing and calling {extra:+.2f}   [bar: 1]\n"
    )


if __name__ == "__main__":
    run(300)
