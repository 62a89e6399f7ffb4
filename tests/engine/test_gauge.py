"""How complex a file is, is measured again only when it has changed enough."""

from __future__ import annotations

from orchestra_lsp.engine.gauge import TIMES, TYPED_BYTES, Gauge
from orchestra_lsp.model import Complexity
from orchestra_lsp.syntax.parse import open_buffer

NESTED = "def f(a):\n" + "".join(f"{'    ' * depth}if a > {depth}:\n" for depth in range(1, 9)) + "    " * 9 + "return a\n"


async def test_typing_a_line_is_not_measured_and_a_paste_is() -> None:
    gauge = Gauge()
    assert await gauge.complexity(open_buffer("file:///a.py", "/a.py", 1, "python", "x = 1\n")) is Complexity.SIMPLE
    pasted = open_buffer("file:///a.py", "/a.py", 2, "python", NESTED)
    assert len(pasted.data) > TYPED_BYTES
    assert await gauge.complexity(pasted) is Complexity.COMPLEX
    assert await gauge.complexity(open_buffer("file:///b.py", "/b.py", 1, "python", "x = 1\n")) is Complexity.SIMPLE


async def test_a_measure_does_not_hold_for_ever() -> None:
    gauge, flat = Gauge(), "def f(a):\n    return a\n".ljust(len(NESTED))
    assert await gauge.complexity(open_buffer("file:///a.py", "/a.py", 1, "python", flat)) is Complexity.SIMPLE
    rewritten = open_buffer("file:///a.py", "/a.py", 2, "python", NESTED)
    found = [await gauge.complexity(rewritten) for _ in range(TIMES + 1)]
    assert found[-1] is Complexity.COMPLEX
