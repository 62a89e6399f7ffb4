"""Lines of JSON from bytes that may be cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.tools.wire.ndjson import Parser
from orchestra_lsp.tools.wire.sse import TooLong


def data(*chunks: bytes) -> list[str]:
    parser = Parser()
    return [event.data for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b'{"a": 1}\n{"b": 2}\n', ['{"a": 1}', '{"b": 2}']),
        (b'{"a": 1}\r\n\r\n\n  \n{"b": 2}\r\n', ['{"a": 1}', '{"b": 2}']),
        (b'\xef\xbb\xbf{"a": 1}\n', ['{"a": 1}']),
        (b'{"a": "\xff"}\n', ['{"a": "\ufffd"}']),
        (b'{"a": 1}\n{"cut', ['{"a": 1}']),
        (b'{"a": "\xe2\x80\xa8"}\n', ['{"a": "\u2028"}']),
        (b"", []),
    ],
)
def test_lines(text: bytes, lines: list[str]) -> None:
    assert data(text) == lines


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(['{"a": "na\u00efve \U0001f600"}', "", "{}", "x"]), max_size=6), st.sets(st.integers(0, 150)))
def test_the_cuts_make_no_difference(lines: list[str], cuts: set[int]) -> None:
    whole = "".join(f"{line}\n" for line in lines).encode()
    at = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    assert data(*(whole[start:end] for start, end in pairwise(at))) == [line for line in lines if line]


def test_a_line_without_end_is_given_up() -> None:
    parser = Parser(limit=100)
    parser.feed(b"x" * 100)
    with pytest.raises(TooLong):
        parser.feed(b"x")
