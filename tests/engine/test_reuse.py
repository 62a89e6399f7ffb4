"""Answers without a tool: typing along, the same place again, the same ask in flight."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.reuse import Reuse
from orchestra_lsp.model import Ask, Kind, Span, Suggestion, Trigger
from orchestra_lsp.syntax.parse import open_buffer


def ask(marked: str, uri: str = "file:///a.txt", kind: Kind = Kind.COMPLETE, instruction: str = "") -> Ask:
    """An ask from text with the cursor marked by `|`."""
    before, after = marked.split("|")
    at = len(before.encode("utf-8", "surrogatepass"))
    buffer = open_buffer(uri, "", 1, "text", before + after)
    return Ask("x", kind, buffer, Span(at, at), Trigger.AUTOMATIC, time.monotonic() + 5, instruction)


def suggestion(asked: Ask, text: str, covers: int = 0) -> Suggestion:
    at = asked.span.start
    return Suggestion("id", text, Span(at, at + covers), "local", "because", 1.0)


def check(before: str, offered: str, after: str, expected: str | None, covers: int = 0) -> None:
    """`offered` was shown at the cursor of `before`; at the cursor of `after`, `expected` is left of it."""
    reuse = Reuse()
    first = ask(before)
    reuse.put(first, suggestion(first, offered, covers))
    now = ask(after)
    found = reuse.find(now)
    assert (found.text if found else None) == expected
    if found:
        assert found.span == Span(now.span.start, now.span.start + covers)
        assert found.cached


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
    check(before, offered, after, expected)


def test_the_covered_text_right_of_the_cursor_stays_covered() -> None:
    check("f(|)", "a, b)", "f(a, |)", "b)", covers=1)


def test_only_completions_are_typed_along() -> None:
    reuse = Reuse()
    first = ask("a|", kind=Kind.EXPLAIN)
    reuse.put(first, suggestion(first, "bcd"))
    assert reuse.find(ask("ab|", kind=Kind.EXPLAIN)) is None
    assert reuse.find(ask("a|", kind=Kind.EXPLAIN)) is not None
    assert reuse.find(ask("a|", kind=Kind.EXPLAIN, instruction="in French")) is None


def test_another_file_gets_its_own_answer() -> None:
    reuse = Reuse()
    first = ask("a|", "file:///one")
    reuse.put(first, suggestion(first, "bcd"))
    assert reuse.find(ask("a|", "file:///two")) is None


def test_what_was_dismissed_is_not_shown_again() -> None:
    reuse = Reuse()
    first = ask("a|")
    reuse.put(first, suggestion(first, "bcd"))
    reuse.forget("id")
    assert reuse.find(ask("a|")) is None
    assert reuse.find(ask("ab|")) is None


@given(st.text(max_size=30), st.text(min_size=1, max_size=30), st.text(max_size=30), st.integers(0, 30))
def test_typed_and_rest_always_make_the_whole(before: str, offered: str, after: str, typed: int) -> None:
    before, offered, after = (part.replace("|", "") for part in (before, offered, after))
    typed = min(typed, len(offered))
    reuse = Reuse()
    first = ask(f"{before}|{after}")
    reuse.put(first, suggestion(first, offered))
    found = reuse.find(ask(f"{before}{offered[:typed]}|{after}"))
    if 0 < typed < len(offered):
        assert found is not None
    if found:
        assert offered[:typed] + found.text == offered


async def test_the_same_ask_runs_once_and_ends_when_nobody_waits() -> None:
    reuse = Reuse()
    asked = ask("a|")
    runs: list[str] = []

    async def work() -> Suggestion | None:
        runs.append("begun")
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            runs.append("cancelled")
            raise
        return suggestion(asked, "b")

    waiters = [asyncio.ensure_future(reuse.share(asked, work)) for _ in range(3)]
    await asyncio.sleep(0.01)
    waiters[0].cancel()
    waiters[1].cancel()
    await asyncio.sleep(0.01)
    assert runs == ["begun"]
    waiters[2].cancel()
    await asyncio.sleep(0.01)
    assert runs == ["begun", "cancelled"]


async def test_a_shared_run_that_fails_fails_for_all() -> None:
    reuse = Reuse()
    asked = ask("a|")

    async def work() -> Suggestion | None:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    results = await asyncio.gather(*(reuse.share(asked, work) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3
