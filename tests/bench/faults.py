"""The fault scripts of `chaos`: three tools of different speed, rare faults all the time, and one hard fault after the other.

Every run has its own order and its own victims, drawn from its seed: what was tuned on one set of seeds is judged on another.
"""

from __future__ import annotations

import random
from typing import Any

Json = dict[str, Any]

TOOLS = ("ann", "bob", "cid")
#: What every tool answers: one small block that is whole, so that a cut answer can be told from a whole one.
TEXT = "for value in values:\n        if value > limit:\n            result.append(value * 2)"
#: The two scripts: milliseconds to the first word of each tool, and how often a hard fault hits the two fastest of them.
SCRIPTS: dict[str, tuple[tuple[float, ...], tuple[int, int]]] = {"usual": ((90, 120, 150), (1, 1)), "hard": ((110, 150, 180), (2, 1))}
WORD_MS = 4
CALM_S, HARD_S = 3.0, 6.0
RARE = (("slow", 0.02, {"factor": 8.0}), ("http_error", 0.01, {}), ("refuse", 0.005, {}), ("hang", 0.005, {}))
HARD = ("outage", "hang", "rate limit", "brown-out", "broken bodies", "two down")


def script(seed: int, name: str = "usual") -> Json:
    """A trace for each tool, as `fake_provider.py` takes it, under "tools"; "seconds" is how long the script lasts."""
    firsts, weights = SCRIPTS[name]
    rng = random.Random(f"chaos:{seed}")
    speeds = {tool: {"ttft_ms": first, "tpot_ms": WORD_MS} for tool, first in zip(TOOLS, rng.sample(firsts, 3), strict=True)}
    faults: list[Json] = []
    at, order = CALM_S, rng.sample(HARD, len(HARD))
    for fault in order:
        # The fast tools are hit more often: a fault of a tool that nobody asks would prove nothing.
        fast = sorted(TOOLS, key=lambda tool: speeds[tool]["ttft_ms"])
        victims = fast[:2] if fault == "two down" else rng.choices(fast[:2], weights)
        faults += [one | {"deployment": victim, "from": at, "until": at + HARD_S} for victim in victims for one in _hard(fault)]
        at += HARD_S + CALM_S
    rare = [{"kind": kind, "p": p, **more} for kind, p, more in RARE]
    tools = {
        tool: {
            "deployments": {tool: {**speeds[tool], "sigma": 0.3, "tokens": 16, "text": TEXT}},
            "faults": [*(one for one in faults if one["deployment"] == tool), *rare],
        }
        for tool in TOOLS
    }
    return {"seed": seed, "tools": tools, "order": order, "seconds": at}


def _hard(name: str) -> list[Json]:
    if name == "outage":
        return [{"kind": "http_error"}]
    if name == "hang":
        return [{"kind": "hang"}]
    if name == "rate limit":
        return [{"kind": "rate_limit", "retry_after": 2.0}]
    if name == "brown-out":
        return [{"kind": "slow", "factor": 4.0}]
    if name == "broken bodies":
        return [{"kind": kind, "p": 0.3} for kind in ("malformed_json", "truncate", "empty")]
    return [{"kind": "refuse", "p": 0.5}, {"kind": "http_error"}]
