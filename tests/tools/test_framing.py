"""Where an answer over HTTP/1.1 ends, however its bytes come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.wire.framing import Body, Malformed, head_of


def body_of(head: str, sent: bytes, cuts: list[int]) -> tuple[bytes, Body, bytes]:
    """What is read when the bytes come in pieces, and what is left over for the next answer."""
    body, waiting, found = Body(head_of(head.encode())), bytearray(), b""
    edges = sorted({0, len(sent), *(cut % (len(sent) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        waiting += sent[start:end]
        found += body.take(waiting)
    return found, body, bytes(waiting)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.lists(st.integers(0, 400), max_size=12), st.sampled_from(["", ";a=b"]))
def test_chunks_are_joined_wherever_they_are_cut(chunks: list[bytes], cuts: list[int], extension: str) -> None:
    sent = b"".join(b"%x%s\r\n%s\r\n" % (len(one), extension.encode(), one) for one in chunks) + b"0\r\nx-trailer: 1\r\n\r\nHTTP/1.1"
    found, body, left = body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", sent, cuts)
    assert (found, body.done, body.lasting, left) == (b"".join(chunks), True, True, b"HTTP/1.1")


@given(st.binary(max_size=60), st.lists(st.integers(0, 80), max_size=6))
def test_a_length_is_kept_to(text: bytes, cuts: list[int]) -> None:
    found, body, left = body_of(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}", text + b"next", cuts)
    assert (found, body.done, body.lasting, left) == (text, True, True, b"next")


@pytest.mark.parametrize(
    ("head", "lasting", "done"),
    [
        ("HTTP/1.1 200 OK", False, False),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0", False, True),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nConnection: Keep-Alive", True, True),
        ("HTTP/1.1 200\r\ncontent-length: 0\r\nConnection: close, x", False, True),
        ("HTTP/1.1 204 No Content", True, True),
        ("HTTP/1.1 200 OK\r\nx-folded: a\r\n  b\r\ncontent-length: 3, 3", True, False),
    ],
)
def test_whether_the_connection_lasts(head: str, lasting: bool, done: bool) -> None:
    body = Body(head_of(head.encode()))
    assert (body.lasting, body.done) == (lasting, done)


@pytest.mark.parametrize(
    "head",
    [
        "HTTP/2 200 OK",
        "HTTP/1.1 20 OK",
        "ICY 200 OK",
        "HTTP/1.1 200 OK\r\nno colon",
        "HTTP/1.1 200 OK\r\nbad name: 1",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2",
        "HTTP/1.1 200 OK\r\ncontent-length: -1",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked",
    ],
)
def test_what_is_not_http_is_refused(head: str) -> None:
    with pytest.raises(Malformed):
        Body(head_of(head.encode()))


@pytest.mark.parametrize("sent", [b"x\r\n", b"3\r\nabcd\r\n", b"-1\r\n", b"f" * 20_000])
def test_a_broken_chunk_is_refused(sent: bytes) -> None:
    with pytest.raises(Malformed):
        body_of("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", sent, [])


def test_a_body_that_ends_early_is_refused() -> None:
    body = Body(head_of(b"HTTP/1.1 200 OK\r\ncontent-length: 5"))
    assert body.take(bytearray(b"abc")) == b"abc"
    with pytest.raises(Malformed):
        body.ended()
