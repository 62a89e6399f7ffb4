"""Secrets of several lines: private keys, the data of a Kubernetes secret, and what goes on in the next line of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from orchestra_lsp.trust.harmless import is_filler
from orchestra_lsp.trust.shape import Secret, is_random

_LONGEST = 40_000  # bytes of one block
_LEAST_BODY = 32  # characters of all lines together; less is an example
_LEAST_PIECE = 4  # characters; less is an operator between the strings of a key in code
_LEAST_LINE = 16  # characters of the first line; less is a word
_MARK = re.compile(rb"-{4,5} ?(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,12} ?-{4,5}")
#: What separates the lines of a block: line ends, real or written as an escape, and what code puts around a line.
_BREAK = re.compile(rb"(?:\\+[rnt]|%0[AaDd]|&#(?:10|13|xA|xD);|[^A-Za-z0-9+/=:,_-])+")
_BODY = re.compile(rb"[A-Za-z0-9+/]{1,400}={0,3}")
_RUN = re.compile(rb"[A-Za-z0-9+/_.=-]+")
_HEADER = re.compile(rb"[A-Za-z-]+:|[A-Z0-9,-]+,")
"""Lines such as `Proc-Type: 4,ENCRYPTED` stand before the body."""

_KUBE = re.compile(rb"""(?m)["']?kind["']?\s*:\s*["']?Secret["']?\s*,?\s*$""")
_KUBE_DATA = re.compile(rb"""(?m)^([ ]*)(?:data|stringData)[ ]*:[ ]*\r?\n((?:\1[ ]+\S[^\n]*(?:\n|\Z)|[ ]*\n)+)""")
_KUBE_LINE = re.compile(rb"""(?m)^[ ]+(?:["']?[\w./-]+["']?[ ]*:[ ]+)?["']?([^\s"'|>#][^\s"']{3,})["']?[ ]*$""")
_KUBE_JSON = re.compile(rb'"(?:data|stringData)"\s*:\s*\{([^{}]*)\}')
_KUBE_PAIR = re.compile(rb':\s*"([^"\s]{4,})"')
#: The next line of a long string: joined by an operator or by standing side by side, or inside a string of several lines.
_NEXT_LINE = re.compile(
    rb"""(?:\\[nrt])*(?:(["'`])[ \t]*([+.&\\,]?)[ \t]*\r?\n[ \t]*[+.&]?[ \t]*\1|\\?\r?\n[ \t]*)"""
    rb"""([A-Za-z0-9+/_.-]{2,1000}={0,2})(?=\\[nrt]|["'`]|[ \t]*(?:\\?\r?\n|\Z))"""
)
_LONG = 32  # bytes; a shorter secret ends with its line
_MOST_LINES = 200


def find(data: bytes) -> Iterator[Secret]:
    """Each line of each private key, and each value of a Kubernetes secret."""
    if b"PRIVATE KEY" in data:
        yield from _keys(data)
    if b"Secret" in data:
        done = 0
        for kind in _KUBE.finditer(data):
            if kind.start() >= done:
                first, done = _document(data, kind.start(), done)
                yield from _kube(data, first, done)


def continued(data: bytes, secret: Secret) -> Iterator[Secret]:
    """The lines that go on with a long secret of base64 characters, as keys and tokens are broken in code."""
    if secret.end - secret.start < _LONG or not _RUN.fullmatch(data, secret.start, secret.end):
        return
    end = secret.end
    for _ in range(_MOST_LINES):
        following = _NEXT_LINE.match(data, end)
        if following is None:
            return
        text = following.group(3).decode()
        joined = following.group(1) and following.group(2) != b","  # a comma may as well start something else
        if not (joined or text.endswith("=") or is_random(text)):
            return
        end = following.end(3)
        yield replace(secret, start=following.start(3), end=end)


def _keys(data: bytes) -> Iterator[Secret]:
    """A key reaches from its first mark to the next one. One without a first mark began before this text, one without a last goes on."""
    marks = list(_MARK.finditer(data))
    if marks[:1] and marks[0].group(1) == b"END":
        yield from _cut_key(data, marks[0].start())
    for mark, following in zip_longest(marks, marks[1:]):
        if mark.group(1) == b"BEGIN":
            end = following.start() if following else len(data)
            ended = following is not None and following.group(1) == b"END"
            yield from _key_lines(data, mark.end(), min(end, mark.end() + _LONGEST), ended)


def _key_lines(data: bytes, start: int, end: int, ended: bool) -> Iterator[Secret]:
    lines: list[tuple[int, int]] = []
    for first, last in _pieces(data, start, end):
        piece = data[first:last]
        if last - first < _LEAST_PIECE:
            continue
        if _BODY.fullmatch(piece) and (lines or last - first >= _LEAST_LINE):
            lines.append((first, last))
        elif not ended and not _HEADER.fullmatch(piece):
            break  # without its end mark a key ends where something else begins
    if sum(last - first for first, last in lines) >= _LEAST_BODY:
        yield from (Secret(first, last, "private_key", noisy=False) for first, last in lines)


def _cut_key(data: bytes, end: int) -> Iterator[Secret]:
    """The lines of a key that ends at `end` and whose beginning lies before this text."""
    lines = []
    for first, last in reversed(list(_pieces(data, max(0, end - _LONGEST), end))):
        if last - first < _LEAST_PIECE:
            continue
        if not _BODY.fullmatch(data[first:last]):
            break
        lines.append(Secret(first, last, "private_key", noisy=False))
    if sum(line.end - line.start for line in lines) >= _LEAST_BODY:
        yield from reversed(lines)


def _pieces(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for gap in _BREAK.finditer(data, start, end):
        if gap.start() > position:
            yield position, gap.start()
        position = gap.end()
    if position < end:
        yield position, end


def _document(data: bytes, at: int, least: int) -> tuple[int, int]:
    """The YAML document around `at`: between lines of three dashes, and no longer than 40 kB on either side."""
    first = max(data.rfind(b"\n---", max(least, at - _LONGEST), at), max(least, at - _LONGEST))
    last = data.find(b"\n---", at, at + _LONGEST)
    return first, last if last >= 0 else min(len(data), at + _LONGEST)


def _kube(data: bytes, first: int, last: int) -> Iterator[Secret]:
    for block in _KUBE_DATA.finditer(data, first, last):
        yield from _values(data, _KUBE_LINE, block.span(2))
    for block in _KUBE_JSON.finditer(data, first, last):
        yield from _values(data, _KUBE_PAIR, block.span(1))


def _values(data: bytes, regex: re.Pattern[bytes], place: tuple[int, int]) -> Iterator[Secret]:
    for match in regex.finditer(data, *place):
        if not is_filler(match.group(1).decode("latin-1")):
            yield Secret(*match.span(1), "kube_secret", noisy=False)
