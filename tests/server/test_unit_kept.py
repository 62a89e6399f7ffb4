"""What was accepted is looked for: kept, edited away, or with a finding in it."""

from __future__ import annotations

import pytest

from orchestra_lsp.model import Category, Confidence, Finding, Outcome, Severity, Span, Suggestion
from orchestra_lsp.server.kept import Kept, Offer
from orchestra_lsp.server.reviewer import Examined
from orchestra_lsp.syntax.parse import open_buffer


def offered(before: str, text: str) -> Offer:
    """`before` has the cursor mark."""
    start = before.index("‸")
    buffer = open_buffer("file:///a.py", "a.py", 1, "python", before.replace("‸", ""))
    kept = Kept()
    kept.offer(buffer, Suggestion("id", text, Span(start, start), "tool", "", 1.0))
    return kept._offers["id"]


@pytest.mark.parametrize(
    ("before", "text", "after", "there"),
    [
        ("x = ‸\n", "compute(1)", "x = compute(1)\n", True),
        ("x = ‸\n", "compute(1)", "x = 3\n", False),
        ("y = compute(1)\nx = ‸\n", "compute(1)", "y = compute(1)\nx = 3\n", False),
        ("y = compute(1)\nx = ‸\n", "compute(1)", "y = compute(1)\nx = compute(1)\n", True),
        ("‸\n", "a = 1\nb = 2\nc = 3", "a = 1\nb = 2\nc = 4\n", True),
        ("‸\n", "a = 1\nb = 2\nc = 3", "a = 1\nb = 5\nc = 4\n", False),
        ("‸\n", "    if a:\n        return b\n", "def f():\n  if a:\n      return b\n", True),
        ("‸\n", "\n\n", "anything", True),
    ],
)
def test_still_there(before: str, text: str, after: str, there: bool) -> None:
    assert offered(before, text).is_in(after.encode()) is there


def test_its_places_are_where_it_cannot_be_mistaken() -> None:
    offer = offered("a = 1\n‸\n", "a = 1\nb = 2")
    assert list(offer.places(b"a = 1\na = 1\nb = 2\n")) == [Span(12, 17)]


class Told:
    """As much of a server as is told and asked here."""

    def __init__(self, examined: Examined) -> None:
        self.session, self.conductor, self.made, self.diagnostics = self, self, self, self
        self.examined = examined
        self.outcomes: list[Outcome] = []

    async def current(self, _uri: str) -> Examined:
        return self.examined

    def record(self, _id: str, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


@pytest.mark.parametrize(
    ("before", "text", "outcomes"),
    [
        ("if x == None:\n    pass\n", "if x is None:", [Outcome.IMPROVED]),
        ("if x == None:\n    pass\n", "if not x == None:", [Outcome.WORSENED]),
        ("if x == 1:\n    pass\n", "if x == 2:", []),
    ],
)
async def test_a_finding_that_went_away_speaks_for_it(before: str, text: str, outcomes: list[Outcome]) -> None:
    def seen(code: str) -> Examined:
        buffer = open_buffer("file:///a.py", "a.py", 1, "python", code)
        start = code.find("== None")
        one = Finding("comparison-to-none", "", Span(start, start + 7), Severity.WARNING, Confidence.HIGH, Category.QUALITY)
        found = (one,) if start >= 0 else ()
        return Examined(buffer, found, found, ())

    first, end = seen(before), before.index("\n")
    kept = Kept(newest=lambda _uri: first)
    kept.offer_text("id", first.buffer, Span(0, end), text)
    told = Told(seen(text + before[end:]))
    await kept._review(told, "id", kept._offers["id"])  # type: ignore[arg-type]
    assert told.outcomes == outcomes
