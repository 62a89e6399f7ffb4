"""Server-sent events: the format's rules, and the same events however the bytes are cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.wire.sse import Event, Parser, TooLong


def parsed(*chunks: bytes) -> list[Event]:
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def by_the_book(data: bytes) -> list[Event]:
    """The format's algorithm on the whole text at once, as plainly as it can be written."""
    lines = re.split(r"\r\n|\n|\r", data.decode("utf-8", "replace").removeprefix("\ufeff"))
    found: list[Event] = []
    values: list[str] = []
    name = ""
    for line in lines[:-1]:  # what follows the last line end is no line yet
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if values:
                found.append(Event(name, "\n".join(values)))
            name, values = "", []
        elif field == "data":
            values.append(value)
        elif field == "event":
            name = value
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data: a\n\n", [Event("", "a")]),
        (b"data: a\r\n\r\n", [Event("", "a")]),
        (b"data: a\r\rdata: b\r\r", [Event("", "a"), Event("", "b")]),
        (b"event: ping\ndata: {}\n\n", [Event("ping", "{}")]),
        (b"data: one\ndata: two\n\n", [Event("", "one\ntwo")]),
        (b"data:tight\n\ndata:  loose\n\n", [Event("", "tight"), Event("", " loose")]),
        (b"data\n\n", [Event("", "")]),
        (b": comment\n\n: another\ndata: a\n\n", [Event("", "a")]),
        (b"id: 7\nretry: 10\nwhat: ever\ndata: a\n\n", [Event("", "a")]),
        (b"event: lost\n\ndata: a\n\n", [Event("", "a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("", "a")]),
        (b"data: cut by the en", []),
        (b"data: no blank line behind it\n", []),
        ("data: na\u00efve \U0001f600\n\n".encode(), [Event("", "na\u00efve \U0001f600")]),
        (b"data: \xff\xfe\n\n", [Event("", "\ufffd\ufffd")]),
        ("data: a\u2028b\x0bc\n\n".encode(), [Event("", "a\u2028b\x0bc")]),
    ],
)
def test_the_rules_of_the_format(text: bytes, expected: list[Event]) -> None:
    assert parsed(text) == expected
    assert parsed(*(text[at : at + 1] for at in range(len(text)))) == expected


PIECES = [
    b"data: ",
    b"data:",
    b"event: x",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b": c",
    "\u00e4\U0001f600".encode(),
    b"\xff",
    b"{}",
    b" ",
    b"\xef\xbb\xbf",
]
STREAMS = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)), max_size=30).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 120), max_size=12))
def test_the_cuts_make_no_difference(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(places)]
    assert parsed(*chunks) == by_the_book(data)


@pytest.mark.parametrize("text", [b"data: " + b"x" * 200, b"data: 1234\n" * 20, b"x" * 200])
def test_an_endless_event_is_refused(text: bytes) -> None:
    parser = Parser(limit=100)

    def feed_all() -> None:
        for at in range(0, len(text), 7):
            parser.feed(text[at : at + 7])

    with pytest.raises(TooLong):
        feed_all()


def test_many_small_events_are_no_endless_event() -> None:
    parser = Parser(limit=100)
    assert sum(len(parser.feed(b"data: 1234\n\n")) for _ in range(100)) == 100
