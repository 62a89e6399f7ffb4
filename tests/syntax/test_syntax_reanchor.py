"""Edits made for an older text find their place in the newer one, or are given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.reanchor import common_end, reanchored
from orchestra_lsp.syntax.text import common_prefix

OLD = b"def a():\n    return 1\n\ndef b():\n    return 2\n"


def check(old: bytes, new: bytes, target: bytes, expected: bytes | None) -> None:
    """Replace `target` of the old text by X in the new text."""
    start = old.index(target)
    moved = reanchored([Edit(Span(start, start + len(target)), "X")], old, new)
    if expected is None:
        assert moved is None
        return
    assert moved is not None
    [edit] = moved
    assert new[: edit.span.start] + b"X" + new[edit.span.end :] == expected


@pytest.mark.parametrize(
    ("new", "target", "expected"),
    [
        (OLD, b"return 2", OLD.replace(b"return 2", b"X")),
        (b"# top\n" + OLD, b"return 2", b"# top\n" + OLD.replace(b"return 2", b"X")),
        (OLD + b"# end\n", b"return 1", OLD.replace(b"return 1", b"X") + b"# end\n"),
        (OLD.replace(b"return 2", b"return 3"), b"return 2", None),
        (b"# top\n" + OLD + b"# end\n", b"return 2", b"# top\n" + OLD.replace(b"return 2", b"X") + b"# end\n"),
        (OLD.replace(b"def b():\n    return 2\n", b""), b"return 2", None),
    ],
    ids=["same", "shifted", "unmoved", "touched", "edited before and after", "deleted"],
)
def test_places(new: bytes, target: bytes, expected: bytes | None) -> None:
    check(OLD, new, target, expected)


def test_text_that_occurs_twice_is_not_guessed() -> None:
    assert reanchored([Edit(Span(2, 3), "X")], b"0 x 0 y 0", b"1 x 0 y x 2") is None


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=10), st.binary(max_size=10))
def test_an_untouched_span_keeps_its_text(start: bytes, end: bytes, before: bytes, after: bytes) -> None:
    old, new = start + b"<mark>" + before + end, start + b"<mark>" + after + end
    at = len(start)
    moved = reanchored([Edit(Span(at, at + 6), "X")], old, new)
    assert moved is not None
    assert new[moved[0].span.start : moved[0].span.end] == b"<mark>"


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_common_parts_are_the_longest(one: bytes, other: bytes) -> None:
    start, end = common_prefix(one, other), common_end(one, other)
    assert one[:start] == other[:start]
    assert start == min(len(one), len(other)) or one[start] != other[start]
    assert one[len(one) - end :] == other[len(other) - end :]
    assert end == min(len(one), len(other)) or one[-end - 1] != other[-end - 1]
