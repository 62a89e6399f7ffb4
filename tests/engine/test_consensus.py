"""Several tools at once: answers are compared by their syntax, not their layout, and what differs is told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from orchestra_lsp.config import RouteSettings
from orchestra_lsp.engine.consensus import agree, likeness_of, units
from orchestra_lsp.engine.judging.case import Case, in_place
from orchestra_lsp.engine.settle import wanted
from orchestra_lsp.model import Kind
from tests.engine.test_cascade import edit_reply
from tests.engine.test_judge import asked as asked_about
from tests.engine.test_orchestra import ask, asked, orchestra
from tests.support.providers.canned import canned

PLACE = "‸def total(items):\n    pass\n‸"
ONE = "def total(items):\n    result = 0\n    for item in items:\n        result += item.price\n    return result\n"
RENAMED = "def total(items):\n    # add up\n    s = 0\n    for x in items:\n        s += x.price\n\n    return s\n"
ROUNDED = "def total(items):\n    result = 0\n    for item in items:\n        result += item.price\n    return round(result, 2)\n"
OTHER = "def total(items):\n    return sum(item.price for item in items)\n"


def case(text: str, language: str = "python", place: str = PLACE) -> Case:
    asking = asked_about(place, Kind.EDIT, language)
    return in_place(asking, asking.span, text)


def alike(one: str, other: str) -> float:
    return likeness_of(units(case(one)), units(case(other)))


def test_layout_comments_and_own_names_make_no_difference() -> None:
    assert alike(ONE, ONE) == 1.0
    assert alike(ONE, RENAMED) == 1.0
    assert 0.8 < alike(ONE, ROUNDED) < 1.0
    assert alike(ONE, OTHER) < 0.7


def test_blocks_are_taken_apart_statement_by_statement() -> None:
    assert [unit.line for unit in units(case(ONE))] == [1, 2, 3, 4, 5]
    assert units(case(ONE))[3].text == "result += item.price"
    javascript = "function f(a) {\n  if (a) {\n    return 1;\n  }\n  return 2;\n}\n"
    assert len(units(case(javascript, "javascript", "‸function f(a) {}\n‸"))) == 4


def test_the_answer_most_agreed_upon_wins() -> None:
    found = agree([case(OTHER), case(ONE), case(RENAMED), case(ROUNDED)], [0.8, 0.8, 0.8, 0.8])
    assert found.best == 1
    assert 0.5 < found.confidence < 0.8
    assert found.differences[2] == ()
    assert found.differences[3] == ("line 5: `return round(result, 2)` instead of `return result`",)
    assert any(line.startswith("also has") or "without" in line or "instead" in line for line in found.differences[0])


def test_a_better_judged_answer_weighs_more() -> None:
    assert agree([case(OTHER), case(ONE)], [0.8, 0.3]).best == 0
    assert agree([case(OTHER), case(ONE)], [0.3, 0.8]).best == 1


def test_one_answer_is_as_sure_as_the_judge_and_text_is_compared_by_lines() -> None:
    assert agree([case(ONE)], [0.7]).confidence == pytest.approx(0.7)
    assert likeness_of(units(case("a b\nc\n", "text")), units(case("a  b\n\nc\n", "text"))) == 1.0
    assert units(case("", "python")) == []


@settings(max_examples=100, deadline=None)
@given(
    some.lists(some.text(alphabet='abf(){}[]:=\n \t"#.,é', max_size=80), min_size=1, max_size=4),
    some.sampled_from(["python", "go", "text"]),
)
def test_whatever_tools_say_one_answer_is_chosen(answers: list[str], language: str) -> None:
    found = agree([case(text, language, "a‸b‸c\n") for text in answers], [0.8] * len(answers))
    assert 0 <= found.best < len(answers)
    assert 0.0 <= found.confidence <= 0.8
    for at, row in enumerate(found.likeness):
        assert row[at] == 1.0
        assert all(0.0 <= value <= 1.0 for value in row)


def test_the_policy_for_critical_code() -> None:
    settings = RouteSettings(consensus=["src/payments/**", "test"], consensus_tools=4)
    assert wanted(ask("‸x‸", Kind.EDIT, path="/w/src/payments/a.py"), settings) == 4
    assert wanted(ask("‸x‸", Kind.EDIT, path="/w/src/b.py"), settings) == 0
    assert wanted(ask("‸x‸", Kind.TEST, path="/w/src/b.py"), settings) == 4
    assert wanted(ask("‸x‸", Kind.EXPLAIN, path="/w/src/payments/a.py"), settings) == 0
    assert wanted(ask("‸x‸", Kind.EDIT, path="/w/src/b.py", consensus=2), settings) == 2


async def test_three_real_servers_two_of_which_agree() -> None:
    async with canned(edit_reply(OTHER)) as first, canned(edit_reply(ONE)) as second, canned(edit_reply(RENAMED)) as third:
        servers = {"first": first, "second": second, "third": third}
        tools = {name: {"kind": "openai", "url": f"{one.url}/v1", "model": "m", "local": True} for name, one in servers.items()}
        async with orchestra(tools) as band:
            found = asked(await band.ask(ask(PLACE, Kind.EDIT, instruction="add up the prices", consensus=3)))
            assert found.tool in ("second", "third")
            assert found.confidence is not None
            assert "3 of 3 tools answered" in found.reason
            assert "first differs in" in found.reason
            assert len(band.decisions.last(1)[0].attempts) == 3


async def test_one_that_fails_is_left_out() -> None:
    async with canned(edit_reply(ONE)) as alive:
        tools = {
            "alive": {"kind": "openai", "url": f"{alive.url}/v1", "model": "m", "local": True},
            "dead": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m", "local": True},
        }
        async with orchestra(tools) as band:
            found = asked(await band.ask(ask(PLACE, Kind.EDIT, instruction="add up", consensus=2)))
            assert (found.tool, found.text) == ("alive", ONE)
            assert "1 of 2 tools answered" in found.reason
