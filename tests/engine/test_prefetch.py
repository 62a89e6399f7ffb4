"""Which place comes next: behind a suggestion, or on the next line with the indentation an editor gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.prefetch import after_accept, leads_to, next_line
from orchestra_lsp.model import Ask
from tests.engine.placing import ask, suggestion


def marked(asked: Ask) -> str:
    data, at = asked.buffer.data, asked.span.start
    return f"{data[:at].decode()}|{data[at:].decode()}"


@pytest.mark.parametrize(
    ("before", "offered", "after"),
    [
        ("x = |\n", "one()", "x = one()\n|\n"),
        ("    x = |\nend", "one()", "    x = one()\n    |\nend"),
        ("f(|)\n", "one", "f(one|)\n"),
        ("if |\n", "one:", "if one:|\n"),
        ("\tx = |\r\n", "one()", "\tx = one()\r\n\t|\r\n"),
        ("é = |", "ñ()", "é = ñ()\n|"),
        ("x = |   \n", "one()", "x = one()\n|\n"),
    ],
)
def test_after_an_accept(before: str, offered: str, after: str) -> None:
    here = ask(before, language="python")
    coming = after_accept(here, suggestion(here, offered))
    assert marked(coming) == after
    assert coming.background


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if x:|\n", "if x:\n    |\n"),
        ("def f():\n  if x:|\n", "def f():\n  if x:\n    |\n"),
        ("\tif x {|\n", "\tif x {\n\t\t|\n"),
        ("call()|", "call()\n|"),
    ],
)
def test_the_next_line(before: str, after: str) -> None:
    assert marked(next_line(ask(before))) == after


@given(
    st.text(alphabet="ab :\n\té", max_size=30), st.text(alphabet="ab(\n", min_size=1, max_size=12), st.text(alphabet="ab\n", max_size=10)
)
def test_whoever_types_what_is_offered_is_led_there(before: str, offered: str, below: str) -> None:
    here = ask(f"{before}|\n{below}")
    target = after_accept(here, suggestion(here, offered))
    for typed in range(len(offered) + 1):
        assert leads_to(ask(f"{before}{offered[:typed]}|\n{below}"), target)
    assert not leads_to(ask(f"{before}X|\n{below}"), target)
    assert not leads_to(ask(f"{before}|\n{below}", "file:///b.txt"), target)
