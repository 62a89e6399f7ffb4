"""Secrets of several lines: private keys, and the data of a Kubernetes secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra_lsp.trust.harmless import is_filler
from orchestra_lsp.trust.shape import Secret

_LONGEST = 40_000  # bytes of one block
_LEAST_BODY = 32  # characters of all lines together; less is an example
_BEGIN = re.compile(rb"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,12} ?-{4,5}")
_END = re.compile(rb"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,12} ?-{4,5}")
#: What separates the lines of a block: line ends, real or written as an escape, and what code puts around a line.
_BREAK = re.compile(rb"(?:\\+[rnt]|%0[AaDd]|&#(?:10|13|xA|xD);|[^A-Za-z0-9+/=:,_-])+")
_BODY = re.compile(rb"[A-Za-z0-9+/]{1,400}={0,3}")
_HEADER = re.compile(rb"[A-Za-z-]+:|[A-Z0-9,-]+,")
"""Lines such as `Proc-Type: 4,ENCRYPTED` stand before the body."""

_KUBE = re.compile(rb"""(?m)["']?kind["']?\s*:\s*["']?Secret["']?\s*,?\s*$""")
_KUBE_DATA = re.compile(rb"""(?m)^([ ]*)(?:data|stringData)[ ]*:[ ]*\r?\n((?:\1[ ]+\S[^\n]*(?:\n|\Z)|[ ]*\n)+)""")
_KUBE_LINE = re.compile(rb"""(?m)^[ ]+(?:["']?[\w./-]+["']?[ ]*:[ ]+)?["']?([^\s"'|>#][^\s"']{3,})["']?[ ]*$""")
_KUBE_JSON = re.compile(rb'"(?:data|stringData)"\s*:\s*\{([^{}]*)\}')
_KUBE_PAIR = re.compile(rb':\s*"([^"\s]{4,})"')


def find(data: bytes) -> Iterator[Secret]:
    """Each line of each private key, and each value of a Kubernetes secret."""
    if b"PRIVATE KEY" in data:
        for begin in _BEGIN.finditer(data):
            end = _END.search(data, begin.end(), begin.end() + _LONGEST)
            yield from _key_lines(data, begin.end(), end.start() if end else min(len(data), begin.end() + _LONGEST), ended=bool(end))
        yield from _cut_key(data)
    if b"Secret" in data:
        for kind in _KUBE.finditer(data):
            yield from _kube(data, kind.start())


def _key_lines(data: bytes, start: int, end: int, ended: bool) -> Iterator[Secret]:
    lines = []
    for first, last in _pieces(data, start, end):
        piece = data[first:last]
        if _BODY.fullmatch(piece):
            lines.append((first, last))
        elif not ended and not _HEADER.fullmatch(piece):
            break  # without its end mark a key ends where something else begins
    if sum(last - first for first, last in lines) >= _LEAST_BODY:
        yield from (Secret(first, last, "private_key", noisy=False) for first, last in lines)


def _cut_key(data: bytes) -> Iterator[Secret]:
    """The end of a key whose beginning lies before this text."""
    end = _END.search(data)
    if end is None or _BEGIN.search(data, 0, end.start()):
        return
    lines = []
    for first, last in reversed(list(_pieces(data, max(0, end.start() - _LONGEST), end.start()))):
        if not _BODY.fullmatch(data[first:last]):
            break
        lines.append(Secret(first, last, "private_key", noisy=False))
    yield from reversed(lines)


def _pieces(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for gap in _BREAK.finditer(data, start, end):
        if gap.start() > position:
            yield position, gap.start()
        position = gap.end()
    if position < end:
        yield position, end


def _kube(data: bytes, start: int) -> Iterator[Secret]:
    first = max(data.rfind(b"\n---", max(0, start - _LONGEST), start), 0)
    last = data.find(b"\n---", start, start + _LONGEST)
    document = (first, last if last >= 0 else min(len(data), start + _LONGEST))
    for block in _KUBE_DATA.finditer(data, *document):
        yield from _values(data, _KUBE_LINE, block.span(2))
    for block in _KUBE_JSON.finditer(data, *document):
        yield from _values(data, _KUBE_PAIR, block.span(1))


def _values(data: bytes, regex: re.Pattern[bytes], place: tuple[int, int]) -> Iterator[Secret]:
    for match in regex.finditer(data, *place):
        if not is_filler(match.group(1).decode("latin-1")):
            yield Secret(*match.span(1), "kube_secret", noisy=False)
