"""Answers without a tool: typing along, the prefix tree, requests alike and in flight, what was dismissed."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.engine.cache import Cache
from orchestra_lsp.engine.kept.along import SHOWN_BYTES, Along
from orchestra_lsp.engine.kept.memory import Memory
from orchestra_lsp.model import Answer, Ask, Kind, Suggestion, Trigger
from tests.engine.placing import ask, suggestion


def along(before: str, offered: str, after: str, covers: int = 0) -> str | None:
    """What is left at the cursor of `after` when `offered` was shown at the cursor of `before`."""
    cache, first, now = Cache(), ask(before), ask(after)
    cache.show(first, suggestion(first, offered, covers))
    found = cache.along(now)
    if found:
        assert (found.span.start, found.span.end) == (now.span.start, now.span.start + covers)
        assert found.cached
    return found.text if found else None


@pytest.mark.parametrize(
    ("before", "offered", "after", "expected"),
    [
        ("a = |\nb", "foo(1)", "a = |\nb", "foo(1)"),
        ("a = |\nb", "foo(1)", "a = fo|\nb", "o(1)"),
        ("a = |\nb", "foo(1)", "a = fx|\nb", None),
        ("a = |\nb", "foo(1)", "a = foo(1)|\nb", None),
        ("a = |\nb", "foo(1)", "a = fo|\nc", None),
        ("a = |\nb", "foo(1)", "x = fo|\nb", None),
        ("a = fo|\nb", "o(1)", "a = f|\nb", None),
        ("é = |", "naïve()", "é = naï|", "ve()"),
        ("🎉 = |", "🎉.go()", "🎉 = 🎉|", ".go()"),
    ],
)
def test_typing_along(before: str, offered: str, after: str, expected: str | None) -> None:
    assert along(before, offered, after) == expected


def test_the_covered_text_right_of_the_cursor_stays_covered() -> None:
    assert along("f(|)", "a, b)", "f(a, |)", covers=1) == "b)"


@given(st.text(max_size=30), st.text(min_size=1, max_size=30), st.text(max_size=30), st.integers(0, 30))
def test_typed_and_rest_always_make_the_whole(before: str, offered: str, after: str, typed: int) -> None:
    before, offered, after = (part.replace("|", "") for part in (before, offered, after))
    typed = min(typed, len(offered))
    found = along(f"{before}|{after}", offered, f"{before}{offered[:typed]}|{after}")
    assert (found is not None) == (typed < len(offered))
    if found:
        assert offered[:typed] + found == offered


# --- the prefix tree ---


def kept(memory: Memory, asked: Ask) -> list[str]:
    return [hit.answer.text for hit in memory.find(asked)]


def remembered(before: str, answer: str, after: str, **more: object) -> list[str]:
    memory, first = Memory(), ask(before)
    memory.put(first, Answer(answer, "far", 1.0), "id", "because")
    return kept(memory, ask(after, **more))


@pytest.mark.parametrize(
    ("before", "answer", "after", "expected"),
    [
        ("x = |\nend", "one(2)", "x = |\nend", ["one(2)"]),
        ("x = |\nend", "one(2)", "x = one|\nend", ["(2)"]),
        ("x = |\nend", "one(2)", "x = two|\nend", []),
        ("x = |\nend", "one(2)", "x = on|\nother end", []),
        ("x = |\nend", "one(2)", "y = on|\nend", []),
        ("x = fo|\nend", "o(2)", "x = f|\nend", []),
        ("if x:|\nend", "\n    a()\n    b()", "if x:\n    a()\n|\nend", ["    b()"]),
        ("if x:|\nend", "\n    a()\n    b()", "if x:\n    a()\n    |\nend", ["b()"]),
        ("if x:|\r\nend", "\n    a()\n    b()", "if x:\r\n    a()\r\n    |\r\nend", ["b()"]),
        ("if x:|\nend", "\n    a()\n    b()", "if x:\n    c()\n    |\nend", []),
        ("é = |", "ñandú()", "é = ñan|", ["dú()"]),
    ],
)
def test_an_answer_is_found_where_typing_along_it_leads(before: str, answer: str, after: str, expected: list[str]) -> None:
    assert remembered(before, answer, after) == expected


def test_another_file_kind_language_or_wish_gets_its_own_answer() -> None:
    for more in ({"uri": "file:///b.txt"}, {"kind": Kind.EXPLAIN}, {"language": "python"}, {"instruction": "in French"}):
        assert remembered("a|", "bc", "a|") == ["bc"]
        assert remembered("a|", "bc", "a|", **more) == []


def test_only_completions_are_typed_along() -> None:
    memory, first = Memory(), ask("|a|", kind=Kind.EXPLAIN)
    memory.put(first, Answer("bcd", "far", 1.0), "id", "because")
    assert kept(memory, first) == ["bcd"]
    assert kept(memory, ask("b|a|", kind=Kind.EXPLAIN)) == []


def test_the_newest_answer_comes_first_and_replaces_its_like() -> None:
    memory, here = Memory(), ask("x = |")
    for number, text in enumerate(("one", "two", "one")):
        memory.put(here, Answer(text, "far", 1.0), str(number), "because")
    assert kept(memory, here) == ["one", "two"]


line = st.text(alphabet="ab (", max_size=6)


@given(line, st.text(alphabet="ab (\n", min_size=1, max_size=40), line, st.integers(0, 40))
def test_whatever_was_typed_of_a_kept_answer_its_rest_is_found(head: str, answer: str, below: str, typed: int) -> None:
    typed = min(typed, len(answer) - 1)
    assert remembered(f"{head}|\n{below}", answer, f"{head}{answer[:typed]}|\n{below}") == [answer[typed:]]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3000), st.integers(0, 3)), max_size=60))
def test_the_memory_stays_within_its_bytes(steps: list[tuple[int, int, int]]) -> None:
    memory = Memory(limit=30_000)
    for place, size, action in steps:
        here = ask(f"line {place} = |\nbelow", uri=f"file:///{place % 3}")
        if action == 0:
            memory.forget(str(place))
        elif action == 1:
            list(memory.find(here))
        else:
            memory.put(here, Answer("x" * size, "far", 1.0), str(place), "because")
        assert 0 <= memory.size <= 30_000
    for place in range(41):
        memory.forget(str(place))
    assert (memory.size, len(memory)) == (0, 0)


def test_what_it_says_it_holds_covers_what_python_holds() -> None:
    asks = [ask(f"value_{number} = |\nbelow {number}", uri=f"file:///{number % 50}") for number in range(3000)]
    memory = Memory(limit=4_000_000)
    gc.collect()
    tracemalloc.start()
    for number, here in enumerate(asks):
        answer = Answer(f"compute_{number}(one, two)", f"tool {number}", number / 7, finish=f"s{number}", confidence=number / 3)
        memory.put(here, answer, f"{number:032x}", f"the reason of {number}, which is a whole sentence")
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 500 < len(memory) <= 3000
    assert held <= memory.size


def test_shown_suggestions_hold_on_to_a_bounded_amount_of_text() -> None:
    shown = Along()
    for size in (10, 3_000_000, 3_000_000, 3_000_000, SHOWN_BYTES + 1, 5):
        here = ask("x" * size + "|")
        shown.add(here, suggestion(here, "y"))
        assert shown.size <= SHOWN_BYTES


# --- the same meaning ---

CODE = "import os\n\n|def total(prices):\n    # add them\n    return sum(prices)\n|"


def alike(before: str, after: str, kind: Kind = Kind.EXPLAIN, questions: tuple[str, str] = ("", "")) -> list[bool]:
    cache = Cache()
    first = ask(before, "file:///a.py", kind, "python", instruction=questions[0])
    cache.put(first, Answer("It adds.", "far", 1.0), suggestion(first, "It adds."))
    return [hit.similar for hit in cache.find(ask(after, "file:///a.py", kind, "python", instruction=questions[1]))]


def test_explanations_hold_as_long_as_only_comments_blanks_and_surroundings_change() -> None:
    assert alike(CODE, CODE) == [False, True]
    assert alike(CODE, CODE.replace("# add them", "# all of them").replace("import os", "import sys")) == [True]
    assert alike(CODE, CODE.replace("sum(prices)", "sum( prices )")) == [True]
    assert alike(CODE, CODE.replace("sum", "max")) == []
    assert alike("|if a:\n    b()\n    c()\n|", "|if a:\n    b()\nc()\n|") == []


def test_questions_are_alike_in_any_order_and_case_only() -> None:
    moved = CODE.replace("import os", "import sys")
    assert alike(CODE, moved, questions=("What does this do?", "what DOES it do")) == [True]
    assert alike(CODE, moved, questions=("Is it fast?", "Is it correct?")) == []


def test_documentation_replaces_comments_so_they_count() -> None:
    assert alike(CODE, CODE.replace("import os", "import sys"), Kind.DOCUMENT) == [True]
    assert alike(CODE, CODE.replace("    return", "        return"), Kind.DOCUMENT) == [True]
    assert alike(CODE, CODE.replace("# add them", "# all"), Kind.DOCUMENT) == []


@pytest.mark.parametrize("kind", [Kind.COMPLETE, Kind.EDIT, Kind.TEST, Kind.REVIEW])
def test_code_is_never_answered_by_likeness(kind: Kind) -> None:
    assert alike(CODE, CODE.replace("import os", "import sys"), kind) == []


# --- dismissed, refreshed, late ---


def test_what_was_dismissed_is_not_shown_again_from_any_place_along_it() -> None:
    cache, first = Cache(), ask("x = |\nend")
    cache.put(first, Answer("foo(1)", "far", 1.0), suggestion(first, "foo(1)"))
    cache.forget("id")
    later = ask("x = fo|\nend")
    assert cache.along(first) is None
    assert list(cache.find(first)) == []
    assert cache.is_dismissed(first, suggestion(first, "foo(1)", name="another"))
    assert cache.is_dismissed(later, suggestion(later, "o(1)", name="another"))
    assert not cache.is_dismissed(later, suggestion(later, "x(1)", name="another"))


def test_asking_by_hand_where_a_suggestion_is_shown_wants_another_one() -> None:
    cache, here = Cache(), ask("x = |", trigger=Trigger.MANUAL)
    cache.put(here, Answer("foo", "far", 1.0), suggestion(here, "foo"))
    assert not cache.wants_fresh(here)
    assert cache.seen("id")
    assert cache.wants_fresh(here)
    assert not cache.wants_fresh(ask("x = |"))  # typing does not
    assert not cache.wants_fresh(ask("x = f|", trigger=Trigger.MANUAL))  # there, the rest of it is what is wanted
    cache.late(here, Answer("bar", "far", 1.0), "late")
    assert not cache.wants_fresh(here)
    assert [hit.answer.text for hit in cache.find(here)] == ["bar"]


def test_a_refresh_asks_anew_and_replaces() -> None:
    cache, here = Cache(), ask("x = |", refresh=True)
    cache.put(here, Answer("foo", "far", 1.0), suggestion(here, "foo"))
    assert cache.wants_fresh(here)
    cache.replaced(here)
    assert list(cache.find(here)) == []
    assert cache.along(here) is None


# --- in flight ---


async def test_the_same_ask_runs_once_and_ends_when_nobody_waits() -> None:
    counted: list[str] = []
    cache, here = Cache(count=lambda level, kind: counted.append(level)), ask("a|")
    runs: list[str] = []

    async def work() -> Suggestion | None:
        runs.append("begun")
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            runs.append("cancelled")
            raise
        return suggestion(here, "b")

    waiters = [asyncio.ensure_future(cache.share(here, work)) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiters[0].cancel()
    waiters[1].cancel()
    await asyncio.sleep(0.01)
    assert runs == ["begun"]
    assert counted == ["in flight"] * 2
    waiters[2].cancel()
    await asyncio.sleep(0.01)
    assert runs == ["begun", "cancelled"]


async def test_a_shared_run_that_fails_fails_for_all() -> None:
    cache, here = Cache(), ask("a|")

    async def work() -> Suggestion | None:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    results = await asyncio.gather(*(cache.share(here, work) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3


async def test_a_request_of_some_keys_ago_is_waited_for_and_kept_alive() -> None:
    cache, first, later = Cache(), ask("x = |\nend"), ask("x = fo|\nend")
    release = asyncio.Event()

    async def slow() -> Suggestion | None:
        await release.wait()
        cache.put(first, Answer("foo(1)", "far", 1.0), suggestion(first, "foo(1)"))
        return suggestion(first, "foo(1)")

    async def second() -> Suggestion | None:
        return suggestion(later, "o(1)") if await cache.earlier(later) else None

    older = asyncio.ensure_future(cache.share(first, slow))
    await asyncio.sleep(0)
    newer = asyncio.ensure_future(cache.share(later, second))
    await asyncio.sleep(0.01)
    older.cancel()  # superseded by the newer one, which still waits for its answer
    await asyncio.sleep(0.01)
    release.set()
    assert (await newer) is not None
    assert [hit.answer.text for hit in cache.find(later)] == ["o(1)"]


async def test_nobody_waits_for_a_request_that_does_not_fit_or_takes_too_long() -> None:
    cache, first = Cache(), ask("x = |\nend")

    async def slow() -> Suggestion | None:
        await asyncio.sleep(5)
        return None

    async def looks(asked: Ask) -> bool:
        async def work() -> Suggestion | None:
            return suggestion(asked, "yes") if await cache.earlier(asked) else None

        return await cache.share(asked, work) is not None

    older = asyncio.ensure_future(cache.share(first, slow))
    await asyncio.sleep(0)
    start = asyncio.get_running_loop().time()
    assert not await looks(ask("y = |\nend"))
    assert not await looks(ask("x = f|\nanother end"))
    assert not await looks(replace(first, kind=Kind.EXPLAIN))
    assert asyncio.get_running_loop().time() - start < 0.15
    assert not await looks(ask("x = f|\nend"))
    older.cancel()
