"""Content-Length framing and JSON-RPC envelopes: whatever bytes come, messages are found again and everything else is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.server.messages import INVALID_REQUEST, PARSE_ERROR, Fault, encode, parse
from orchestra_lsp.server.stream import MAX_BODY, MAX_HEADER, Framer, framed

BODIES = st.lists(st.binary(max_size=60), max_size=6)


def frame(body: bytes, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    return header % len(body) + body


def read(data: bytes, *cuts: int) -> list[bytes | str]:
    """What a Framer finds when `data` arrives cut at these offsets; faults as their words."""
    framer, found, start = Framer(), [], 0
    for end in (*sorted(cuts), len(data)):
        found += framer.feed(data[start:end])
        start = max(start, end)
    return [item.problem.partition(";")[0] if isinstance(item, Fault) else item for item in found]


@given(BODIES, st.lists(st.integers(0, 600), max_size=8))
def test_bodies_come_out_as_they_went_in_however_the_stream_is_cut(bodies: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(frame, bodies))
    assert read(data, *(min(cut, len(data)) for cut in cuts)) == bodies


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_after_any_garbage_a_line_break_is_enough_to_be_understood_again(garbage: bytes, cuts: list[int]) -> None:
    if b"content-length" in garbage.lower():
        garbage = b""  # a header of its own, which rightly takes what follows as its body
    data = garbage + b"\r\n" + frame(b"{}")
    assert read(data, *(min(cut, len(data)) for cut in cuts))[-1] == b"{}"


@pytest.mark.parametrize(
    "header",
    [
        b"content-length:%d\r\n\r\n",
        b"CONTENT-LENGTH:   %d  \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        b"Content-Length: %d\r\nX-Other: 1\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: 0%d\r\n\r\n",
    ],
)
def test_headers_are_read_as_clients_write_them(header: bytes) -> None:
    assert read(frame(b"{}", header) * 2) == [b"{}", b"{}"]


@pytest.mark.parametrize(
    ("garbage", "problem"),
    [
        (b"GARBAGE\r\n", "a line is no header"),
        (b"Content-Length: ten\r\n\r\n", "a line is no header"),
        (b"Content-Length: -5\r\n\r\n", "a line is no header"),
        (b"Content-Type: text\r\n\r\n", "a header has no Content-Length"),
        (b"Content-Length: %d\r\n\r\n" % (MAX_BODY + 1), f"Content-Length is more than the {MAX_BODY} bytes a message may have"),
        (b"Content-Length: " + b"9" * 400 + b"\r\n\r\n", f"Content-Length is more than the {MAX_BODY} bytes a message may have"),
        (b"x" * (MAX_HEADER * 3), "a header line is too long"),
        (b"left over from a body that was longer than it said}", "there are bytes before a header"),
    ],
)
def test_garbage_is_told_once_and_skipped(garbage: bytes, problem: str) -> None:
    assert read(frame(b"[1]") + garbage + frame(b"{}") + frame(b"[2]"), len(garbage)) == [b"[1]", problem, b"{}", b"[2]"]


def test_garbage_takes_no_memory() -> None:
    framer = Framer()
    told = [item for _ in range(1000) for item in framer.feed(b"y" * 4096)]
    assert len(told) == 1
    assert len(framer._buffer) <= MAX_HEADER + 4096


def test_a_document_that_looks_like_a_header_is_only_text() -> None:
    body = encode({"text": "a\r\nContent-Length: 7\r\n\r\nexploit"})
    assert read(frame(body)) == [body]
    # Even when its length was told too short, what is left of it is no header.
    found = read(b"Content-Length: 5\r\n\r\n" + body + b"\r\n" + frame(b"{}"))
    assert found == [body[:5], "a line is no header", b"{}"]


def test_an_empty_body_is_a_message_that_is_no_json() -> None:
    assert read(b"Content-Length: 0\r\n\r\n") == [b""]
    assert isinstance(parse(b""), Fault)


@pytest.mark.parametrize(
    ("body", "code", "id"),
    [
        (b"", PARSE_ERROR, None),
        (b"{", PARSE_ERROR, None),
        (b'{"a": 1,}', PARSE_ERROR, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}', PARSE_ERROR, None),
        (b"[" * 200_000, PARSE_ERROR, None),
        (b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "x"}', PARSE_ERROR, None),
        (b"[]", INVALID_REQUEST, None),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "x"}]', INVALID_REQUEST, None),
        (b"null", INVALID_REQUEST, None),
        (b"5", INVALID_REQUEST, None),
        (b'"text"', INVALID_REQUEST, None),
        (b"{}", INVALID_REQUEST, None),
        (b'{"jsonrpc": "2.0"}', INVALID_REQUEST, None),
        (b'{"id": 3, "method": "x"}', INVALID_REQUEST, 3),
        (b'{"jsonrpc": "1.0", "id": "a", "method": "x"}', INVALID_REQUEST, "a"),
        (b'{"jsonrpc": "2.0", "id": 3, "method": 4}', INVALID_REQUEST, 3),
        (b'{"jsonrpc": "2.0", "id": null, "method": "x"}', INVALID_REQUEST, None),
        (b'{"jsonrpc": "2.0", "id": true, "method": "x"}', INVALID_REQUEST, None),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "x"}', INVALID_REQUEST, None),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "x"}', INVALID_REQUEST, None),
    ],
)
def test_what_is_no_message_is_answered_with_the_code_of_the_specification(body: bytes, code: int, id: object) -> None:
    fault = parse(body)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.id) == (code, id)
    assert fault.problem


@pytest.mark.parametrize(
    "body",
    [
        b'{"jsonrpc": "2.0", "id": 0, "method": "x"}',
        b'{"jsonrpc": "2.0", "id": "", "method": "x", "params": []}',
        b'{"jsonrpc": "2.0", "method": "x"}',
        b'{"jsonrpc": "2.0", "id": 1, "result": null}',
        b'{"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": ""}}',
        b'{"id": [1]}',
        b'\xef\xbb\xbf{"jsonrpc": "2.0", "method": "x"}',
    ],
)
def test_messages_are_let_through(body: bytes) -> None:
    assert parse(body) == json.loads(body.decode("utf-8-sig"))


@given(st.text(), st.one_of(st.integers(-(2**31), 2**31), st.text()))
def test_what_is_written_is_read_again(text: str, id: int | str) -> None:
    message = {"jsonrpc": "2.0", "id": id, "method": "x", "params": {"text": text + "\ud800"}}
    (body,) = Framer().feed(framed(message))
    assert isinstance(body, bytes)
    assert parse(body) == message


@given(st.binary(max_size=200))
def test_any_body_gives_a_message_or_a_fault(body: bytes) -> None:
    assert isinstance(parse(body), dict | Fault)
