"""The choice in front of its bars: CPU time for eight tools, and the labelled scenarios.

CPU time, not time on the clock; the best of many rounds is what the code costs, the median what a loaded machine makes of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.catalogue import prior
from orchestra_lsp.engine.odds import first_probabilities
from orchestra_lsp.engine.route import Player, Rate, Request, Taste, choose
from orchestra_lsp.engine.scenarios import judge, read_scenarios
from orchestra_lsp.engine.vitals import Vitals
from orchestra_lsp.model import Abilities, Complexity, Kind, Reach, Trigger

OWN = Path(__file__).parents[2] / "fixtures" / "scenarios" / "own.toml"
TOOLS, ROUNDS, CALLS = 8, 60, 200


def choosing() -> None:
    """Eight able tools with live figures and 250 answers each: the dearest case, where all may come first."""
    able = Abilities(frozenset(Kind), Reach.OUTSIDE, True, 100_000)
    names = [f"tool-{number}" for number in range(TOOLS)]
    players = [Player(name, able, vitals=Vitals(p50_ms=200 + 10 * at), rate=Rate(at * 1e-7, at * 4e-7)) for at, name in enumerate(names)]
    beliefs, dice = Beliefs(), Random(1)
    typed = Request(Kind.COMPLETE, "python", 1200, Complexity.SIMPLE, project="0123456789abcdef")
    asked = Request(Kind.COMPLETE, "python", 1200, Complexity.SIMPLE, project="0123456789abcdef", trigger=Trigger.MANUAL)
    for _ in range(250 * TOOLS):
        name = dice.choice(names)
        beliefs.add(beliefs.increments(name, prior(name, name), typed.place, (1.0, float(dice.random() < 0.3)), 1))
    taste = Taste()
    print(f"choosing, {TOOLS} tools, microseconds of CPU   [bar: 100]")

    def anew() -> object:
        first_probabilities.cache_clear()
        return choose(typed, players, taste, beliefs, dice)

    found = _cpu_us(anew)
    print(f"  {'with a draw, odds anew':24} best {found[0]:6.1f}   median {found[1]:6.1f}")
    for label, request in (("with a draw (typing)", typed), ("without (asked for)", asked)):
        found = _cpu_us(lambda request=request: choose(request, players, taste, beliefs, dice))  # type: ignore[misc]  # a default of a lambda
        print(f"  {label:24} best {found[0]:6.1f}   median {found[1]:6.1f}")
    print()


def _cpu_us(work: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            work()
        taken.append((time.process_time() - start) / CALLS * 1e6)
    return min(taken), statistics.median(taken)


def scenarios(path: Path = OWN) -> None:
    verdicts = [judge(one) for one in read_scenarios(path.read_text("utf-8"), path.suffix == ".json")]
    for label, right, bar in (
        ("capability", [one.capable for one in verdicts if one.capable is not None], "100 %"),
        ("preferred tool", [one.preferred for one in verdicts if one.preferred is not None], "> 90 %"),
    ):
        print(f"scenarios: {label:15} {sum(right)} of {len(right)} = {sum(right) / len(right):.1%}   [bar: {bar}]")
    print(f"scenarios: {len(verdicts)}   [bar: 120]\n")


def routing() -> None:
    choosing()
    scenarios()


if __name__ == "__main__":
    routing()
