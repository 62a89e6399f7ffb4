"""One line or several, and where a completion ends: stopping a stream must not change what is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine import shape
from orchestra_lsp.model import Trigger
from tests.engine.placing import ask


@pytest.mark.parametrize(
    ("language", "text", "several"),
    [
        ("python", "def f(x):\n    |\n", True),
        ("python", "def f(x):|\n", True),
        ("python", "async def f(x):|\n", True),
        ("python", "else:|\n", True),
        ("python", "x = |\n", False),
        ("python", "call(|)\n", False),
        ("python", "call(|\n", False),
        ("python", "x = {|}\n", True),
        ("python", "x: |\n", False),
        ("python", "if x:|\n    already = 1\n", False),
        ("python", "    # a word |\n", False),
        ("python", 'def f():\n    """What\n    |\n    """\n', False),
        ("go", "func f() {|\n}\n", True),
        ("go", "func f() {|\n\treturn\n}\n", False),
        ("go", "switch x {\ncase 1:|\n", False),
        ("c", "p->|\n", False),
        ("rust", "let undo = redo|\n", False),
        ("javascript", "const f = (a) =>|\n", True),
        ("text", "a = f(|b)\n", False),
    ],
)
def test_several_lines_only_where_the_code_wants_them(language: str, text: str, several: bool) -> None:
    here = ask(text, f"file:///a.{language}", language=language)
    assert shape.multiline(here) is several
    by_hand = replace(here, trigger=Trigger.MANUAL)
    assert shape.multiline(by_hand) is not text.endswith("|b)\n")


@pytest.mark.parametrize(
    ("text", "came", "over"),
    [
        ("def f():\n    |\n", "a = 1\n    b = 2\n", False),
        ("def f():\n    |\n", "a = 1\n    b = 2\n\n", False),
        ("def f():\n    |\n", "a = 1\n    b = 2\n\ndef g", True),
        ("def f():\n    |\n", "a = 1\n    b = 2\n\n    c = 3\n", False),
        ("def f():\n    |\n", "a = 1\n    b = 2\n\n    c = 3\n\n    d", True),
        ("def f():\n    |\n", "if a:\nreturn", False),  # written from the left margin: that is put right later
        ("def f():\n    |\n", "```python\ndef", False),
        ("if x {|\n", "\n  a()\n}\n", False),
        ("if x {|\n", "\n  a()\n}\nb", True),
        ("x = |\n", "f(1)\n", True),
        ("x = |\n", "\n", False),
        ("x = |\n", "f(1)", False),
    ],
)
def test_a_stream_is_stopped_when_nothing_more_will_be_shown(text: str, came: str, over: bool) -> None:
    here = ask(text, language="python")
    assert shape.enough(here, shape.multiline(here))(came) is over


LINES = ("", "a = 1", "    b = 2", "    if c:", "        d()", "    }", "e(", "    x,", ")", '"""', "def f():")
lines = st.lists(st.sampled_from(LINES), max_size=12)


@given(st.sampled_from(["|", "    |", "if x {|", "def f():\n    |"]), lines.map("\n".join))
def test_what_is_shown_does_not_depend_on_when_the_stream_was_stopped(before: str, text: str) -> None:
    here = ask(before)
    over, room = shape.enough(here, several=True), shape.room_at(here.buffer, here.span.start)
    stopped = next((text[:size] for size in range(len(text) + 1) if over(text[:size])), text)

    def shown(came: str) -> str:
        end = shape.end_of(f"{came}\n", room)
        return (came[: end.at] if end else came).rstrip()

    assert shown(stopped) == shown(text)
