"""The calls of `chaos` in virtual time: the real rings and the real choice against scripted tools, thousands of requests in seconds.

    python tests/bench/simulated.py [--seeds N ...] [--scripts usual hard] [--added MS] [--slow]

What the server and the machine add to each request is not in it but as `--added`; so it compares decisions, and no load of the
machine bends it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from clock import Loop  # first: it replaces the clock
from faults import SCRIPTS, TEXT, TOOLS, script

from orchestra_lsp.engine import route
from orchestra_lsp.engine.call import Caller, Outgoing
from orchestra_lsp.model import Abilities, Complexity, Health, Kind, Piece, Prompt, Reach, State
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire.faults import Refused
from orchestra_lsp.trust.mask import MaskedPrompt, Vault

DOCUMENTS, PAUSE_S, REQUESTS, DEADLINE_S = 4, 0.2, 620, 5.0  # as in chaos.py
ADDED_MS = 20.0  # of our own, on a quiet machine
CONNECT_S = 0.004
SEEDS = tuple(range(700, 715))
WORDS = 16


class Scripted:
    """A tool that fails as `fake_provider.py` does with the same trace."""

    endpoint, model = None, ""
    abilities = Abilities(frozenset(Kind), Reach.OUTSIDE, streaming=True, context_tokens=8192)

    def __init__(self, name: str, trace: dict[str, Any], seed: int) -> None:
        self.name, self.asked = name, 0
        self._speed, self._faults, self._seed, self._begun = trace["deployments"][name], trace["faults"], seed, time.monotonic()

    async def ask(self, _prompt: MaskedPrompt, deadline: float) -> AsyncGenerator[Piece, None]:
        kind, scale = self._drawn()
        await self._pass(CONNECT_S, deadline)
        if kind in ("refuse", "http_error", "rate_limit"):
            raise Refused(
                self.name, kind, "", status=429 if kind == "rate_limit" else 503, retry_after=2.0 if kind == "rate_limit" else None
            )
        await self._pass(1e6 if kind == "hang" else self._speed["ttft_ms"] / 1e3 * scale, deadline)
        if kind == "empty":
            raise ToolError(self.name, kind)
        for number in range(WORDS):
            await self._pass(self._speed["tpot_ms"] / 1e3 * max(1.0, scale), deadline)
            yield Piece(TEXT[number * len(TEXT) // WORDS : (number + 1) * len(TEXT) // WORDS])
            if number == WORDS // 2 and kind in ("truncate", "malformed_json"):
                raise ToolError(self.name, kind)
        yield Piece(finish="stop")

    def _drawn(self) -> tuple[str, float]:
        """What goes wrong with this call, and how many times slower than usual it is."""
        rng = random.Random(f"{self._seed}:{self.name}:{self.asked}")
        self.asked += 1
        scale, kind, now = rng.lognormvariate(0, self._speed["sigma"]), "", time.monotonic() - self._begun
        for fault in self._faults:
            if rng.random() >= fault.get("p", 1) or not fault.get("from", 0) <= now < fault.get("until", 1e9):
                continue
            if fault["kind"] == "slow":
                scale *= fault["factor"]
            else:
                kind = kind or fault["kind"]
        return kind, scale

    async def _pass(self, seconds: float, deadline: float) -> None:
        left = deadline - time.monotonic()
        await asyncio.sleep(max(0.0, min(seconds, left)))
        if seconds > left:
            raise ToolError(self.name, "out of time")


@dataclass(slots=True)
class Score:
    asked: int = 0
    ms: list[float] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    attempts: int = 0

    def row(self) -> tuple[float, ...]:
        took = sorted([*self.ms, *[DEADLINE_S * 1e3] * (self.asked - len(self.ms))])
        count = len(took)
        shares = [took[min(count - 1, int(count * share))] for share in (0.5, 0.95, 0.99)]
        return (100 * len(self.ms) / count, 100 * sum(one <= 500 for one in took) / count, *shares, self.attempts / count)


async def simulate(seed: int, name: str, added_ms: float) -> Score:
    plan, score = script(seed, name), Score()
    tools: Any = {tool: Scripted(tool, plan["tools"][tool], seed) for tool in TOOLS}

    async def check(_tool: str) -> Health:
        return Health(State.READY)

    caller, begun = Caller(check, random.Random(seed)), time.monotonic()
    outgoing = Outgoing(Prompt(Kind.COMPLETE, "python", "file:///a", "a", "x\n", "", ""), Vault())
    request = route.Request(Kind.COMPLETE, "python", 500, Complexity.SIMPLE)

    async def person(number: int) -> None:
        rng = random.Random(f"{seed}:{number}")
        while time.monotonic() - begun < plan["seconds"] or score.asked < REQUESTS:
            await asyncio.sleep(rng.expovariate(1 / PAUSE_S))
            score.asked += 1
            asked, vitals = time.monotonic(), caller.vitals()
            players = [
                route.Player(tool, tools[tool].abilities, caller.health(tool) or Health(State.READY), vitals.get(tool)) for tool in TOOLS
            ]
            called = await caller.run(route.choose(request, players).order, tools, outgoing, asked + DEADLINE_S)
            took = (time.monotonic() - asked) * 1e3 + added_ms
            if called.answer:
                score.ms.append(took)
            if not called.answer or took > 450:
                told = [
                    f"{one.tool} {one.took_ms:.0f}{' lost' if one.lost else ''}{' ' + one.error.problem[:20] if one.error else ''}"
                    for one in called.attempts
                ]
                score.slow.append(f"at {asked - begun:5.1f} s, {took:4.0f} ms: {', '.join(told)}")

    await asyncio.gather(*(person(number) for number in range(DOCUMENTS)))
    await caller.close()
    score.attempts = sum(tool.asked for tool in tools.values())
    return score


def run(seeds: Sequence[int], names: Sequence[str], added_ms: float, slow: bool = False) -> None:
    print(f"calls in virtual time, {len(seeds)} seeds, {added_ms:g} ms of our own added   [bar: >= 99.9, >= 97, p95 420, p99 750, 1.2]")
    for name in names:
        rows = []
        for seed in seeds:
            loop = Loop()
            score = loop.run_until_complete(simulate(seed, name, added_ms))
            loop.close()
            rows.append(score.row())
            for line in score.slow if slow else ():
                print(f"  {seed} {line}")
        columns = list(zip(*rows, strict=True))
        worst = [function(column) for function, column in zip((min, min, max, max, max, max), columns, strict=True)]
        for label, row in (("median", [statistics.median(column) for column in columns]), ("worst", worst)):
            shares = f"answered {row[0]:6.2f} %  <=500 ms {row[1]:5.1f} %"
            print(f"  {name:6} {label:6} {shares}  p50 {row[2]:3.0f}  p95 {row[3]:3.0f}  p99 {row[4]:4.0f}  attempts {row[5]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS))
    parser.add_argument("--scripts", nargs="*", choices=list(SCRIPTS), default=list(SCRIPTS))
    parser.add_argument("--added", type=float, default=ADDED_MS, help="ms that are added to every request")
    parser.add_argument("--slow", action="store_true", help="show every request that took more than 450 ms")
    given = parser.parse_args()
    run(given.seeds, given.scripts, given.added, given.slow)


if __name__ == "__main__":
    main()
