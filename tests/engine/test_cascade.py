"""Generation by steps: when a cheap tool goes first, when the next one is asked, and what the person is told."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest

from orchestra_lsp.engine.cascade import Climbed, Difficulty, Stairs, arranged, cheap_first, climb, difficulty
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.judge import Verdict
from orchestra_lsp.engine.outgoing import Attempt, Called
from orchestra_lsp.model import Answer, Candidate, Choice, Complexity, Kind, Span, Usage
from orchestra_lsp.tools.contract import ToolError
from tests.engine.test_orchestra import ask, asked, orchestra
from tests.support.providers.canned import canned, stream

PRICES = {"strong": 0.02, "middling": 0.008, "cheap": 0.001, "secret": None}
CHANCES = {"strong": 0.75, "middling": 0.65, "cheap": 0.6, "secret": 0.7, "tiny": 0.3}


def choice(names: str) -> Choice:
    return Choice(tuple(Candidate(name, f"{name} because") for name in names.split()))


@pytest.mark.parametrize(
    ("complexity", "lines", "expected"),
    [
        (Complexity.SIMPLE, 300, Difficulty.EASY),
        (Complexity.MODERATE, 5, Difficulty.EASY),
        (Complexity.MODERATE, 60, Difficulty.MIDDLE),
        (Complexity.COMPLEX, 5, Difficulty.MIDDLE),
        (Complexity.COMPLEX, 399, Difficulty.MIDDLE),
        (Complexity.COMPLEX, 400, Difficulty.HOPELESS),
    ],
)
def test_difficulty(complexity: Complexity, lines: int, expected: Difficulty) -> None:
    assert difficulty(complexity, lines) is expected


def test_both_ends_go_to_the_cheap_tool_and_the_middle_to_the_strong_one() -> None:
    assert [cheap_first(Kind.EDIT, hard, "balanced") for hard in Difficulty] == [True, False, True]
    assert all(cheap_first(Kind.TEST, hard, "economy") for hard in Difficulty)
    assert not any(cheap_first(Kind.EDIT, hard, "quality") for hard in Difficulty)
    assert not any(cheap_first(kind, Difficulty.EASY, "economy") for kind in (Kind.COMPLETE, Kind.EXPLAIN, Kind.REVIEW))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("strong middling cheap", "middling strong cheap"),
        ("strong cheap", "cheap strong"),
        ("strong secret", "strong secret"),
        ("strong tiny", "strong tiny"),
        ("secret cheap", "secret cheap"),
        ("cheap strong", "cheap strong"),
        ("strong", "strong"),
        ("", ""),
    ],
)
def test_one_tool_goes_first_when_both_together_are_expected_to_cost_less(order: str, expected: str) -> None:
    """Not one whose price nobody knows, nor one that is too weak, nor before a tool whose price nobody knows."""
    found = arranged(choice(order), {**PRICES, "tiny": 0.0001}, CHANCES, Difficulty.EASY)
    assert " ".join(one.tool for one in found.order) == expected
    if expected != order:
        assert "asked first" in found.order[0].reason
        assert "instead of $0.02" in found.order[0].reason


class World:
    """Tools that answer as told: "good", "bad", or an error."""

    def __init__(self, answers: Mapping[str, str], takes_s: float = 0.0) -> None:
        self.answers, self.takes_s = answers, takes_s
        self.asked: list[str] = []

    async def call(self, order: Sequence[Candidate], _deadline: float) -> Called:
        attempts: list[Attempt] = []
        for one in order:
            self.asked.append(one.tool)
            time.sleep(self.takes_s)
            said = self.answers[one.tool]
            if said != "error":
                return Called(Answer(said, one.tool, 1.0, Usage(1, 1, 0.001)), (*attempts, Attempt(one.tool, 1.0)))
            attempts.append(Attempt(one.tool, 1.0, ToolError(one.tool, "failed")))
        return Called(None, tuple(attempts))

    async def weigh(self, answer: Answer) -> Found:
        score = {"good": 0.8, "bad": 0.3, "worse": 0.2, "broken": 0.0}[answer.text]
        verdict = Verdict(score, score >= 0.5, () if score >= 0.5 else (f"is {answer.text}",), fatal="is broken" if not score else "")
        return Found(None if verdict.fatal else answer, Span(0, 0), tool=answer.tool, verdict=verdict, dropped=verdict.fatal)

    async def climbed(self, order: str, seconds: float = 10, left: float | None = None, most: int = 3) -> Climbed:
        stairs = Stairs(choice(order).order, time.monotonic() + seconds, PRICES, lambda: left, most)
        return await climb(stairs, Found(None, Span(0, 0)), self.call, self.weigh)


async def test_an_accepted_answer_ends_the_climb() -> None:
    world = World({"cheap": "good", "strong": "good"})
    climbed = await world.climbed("cheap strong")
    assert world.asked == ["cheap"]
    assert climbed.found.reason == "cheap because"


async def test_a_refused_answer_is_escalated_and_the_person_is_told() -> None:
    world = World({"cheap": "bad", "strong": "good"})
    climbed = await world.climbed("cheap strong")
    assert (climbed.found.tool, world.asked) == ("strong", ["cheap", "strong"])
    assert climbed.found.reason == "strong because; cheap's answer was refused: is bad"
    assert [one.tool for one in climbed.attempts] == ["cheap", "strong"]


async def test_when_all_are_refused_the_best_one_comes_with_its_faults() -> None:
    climbed = await World({"cheap": "bad", "strong": "worse", "middling": "broken"}).climbed("cheap strong middling")
    assert climbed.found.tool == "cheap"
    assert "but it is bad" in climbed.found.reason
    assert "middling's answer was refused: is broken" in climbed.found.reason


async def test_what_is_broken_is_not_shown_even_when_there_is_nothing_else() -> None:
    climbed = await World({"cheap": "broken"}).climbed("cheap")
    assert climbed.found.answer is None
    assert climbed.found.dropped == "is broken"


async def test_failures_go_on_to_the_next_tool_without_counting_as_tries() -> None:
    world = World({"cheap": "error", "strong": "error", "middling": "good"})
    climbed = await world.climbed("cheap strong middling")
    assert climbed.found.tool == "middling"
    assert [bool(one.error) for one in climbed.attempts] == [True, True, False]


async def test_it_is_bounded_by_tries_time_and_money() -> None:
    bad = dict.fromkeys(("cheap", "strong", "middling", "secret"), "bad")
    world = World(bad)
    await world.climbed("cheap strong middling secret")
    assert len(world.asked) == 3
    world = World(bad)
    await world.climbed("cheap strong", most=1)
    assert world.asked == ["cheap"]
    world = World(bad, takes_s=0.03)
    await world.climbed("cheap strong middling", seconds=0.02)
    assert world.asked == ["cheap"]
    world = World(bad)
    climbed = await world.climbed("cheap strong", left=0.005)
    assert world.asked == ["cheap"]
    assert "today's budget does not allow it" in climbed.found.reason


async def test_nobody_to_ask_is_nothing_found() -> None:
    assert (await World({}).climbed("")).found.answer is None


def edit_reply(text: str, tokens: tuple[int, int] = (100, 20)) -> bytes:
    """A whole answer with its usage."""
    usage = {"choices": [], "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]}}
    said = {"choices": [{"delta": {"content": text}, "finish_reason": None}]}
    return stream(said, {"choices": [{"delta": {}, "finish_reason": "stop"}]}, usage, "[DONE]")


LAZY, GOOD = "def f(a):\n    # rest of the code unchanged\n", "def f(a):\n    return 2 * a\n"


async def test_the_whole_way_with_real_servers() -> None:
    """A cheap tool leaves code out, the dear one is asked, and `orchestra why` says so."""
    async with canned(edit_reply(LAZY)) as cheap, canned(edit_reply(GOOD)) as dear:
        tools = {
            "cheap": {"kind": "openai", "url": f"{cheap.url}/v1", "model": "gpt-6-luna", "price": {"input": 0.1, "output": 0.5}},
            "dear": {"kind": "openai", "url": f"{dear.url}/v1", "model": "gpt-6-sol", "price": {"input": 2.0, "output": 10.0}},
        }
        async with orchestra(tools, route={"profile": "economy"}) as band:
            found = asked(await band.ask(ask("‸def f(a):\n    return a + a\n‸", Kind.EDIT, instruction="double it")))
            assert found.tool == "dear"
            assert found.text == GOOD
            assert "cheap's answer was refused: leaves code out" in found.reason
            decision = band.decisions.last(1)[0]
            assert [tool for tool, _, _ in decision.attempts] == ["cheap", "dear"]
            assert decision.reason == found.reason


async def test_a_completion_that_brings_an_injection_is_shown_last_and_says_so() -> None:
    """With nothing better it is shown with its fault; a clean answer of the embedded engine goes before it."""
    place = 'import os\n\n\ndef run(name):\n    ‸\n\n\ndef other(name):\n    return os.path.join("base", name)\n'
    async with canned(edit_reply('os.system("ls " + name)')) as server:
        tools = {"far": {"kind": "openai", "url": f"{server.url}/v1", "model": "m", "fill_in_middle": "chat", "local": True}}
        async with orchestra(tools) as band:
            found = asked(await band.ask(ask(place)))
            assert found.tool == "far"
            assert "but it brings 1 review finding (shell-command-from-text" in found.reason


def test_dice_that_put_the_best_tool_first_are_counted_for_the_one_that_goes_before_it() -> None:
    drawn = Choice(tuple(Candidate(name, "", odds) for name, odds in (("strong", 0.6), ("cheap", 0.1), ("middling", 0.3))))
    found = arranged(drawn, PRICES, CHANCES, Difficulty.EASY)
    assert [one.tool for one in found.order] == ["cheap", "strong", "middling"]
    # Whoever of the three had been drawn, the cheap one would stand before.
    assert [one.propensity for one in found.order] == pytest.approx([1.0, 0.0, 0.0])
    kept = arranged(drawn, {**PRICES, "cheap": 0.015, "strong": 0.0151}, {**CHANCES, "cheap": 0.5}, Difficulty.EASY)
    assert kept.order[0].tool == "middling"
    assert sum(one.propensity for one in kept.order) == pytest.approx(1.0)
