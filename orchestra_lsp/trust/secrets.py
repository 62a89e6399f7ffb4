"""Secrets in a text: tokens of known providers, keys, credentials in addresses, and what is assigned to a telling name."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import replace

from orchestra_lsp.trust.shape import Secret

__all__ = ["Secret", "find", "find_spans", "joined"]

#: A placeholder that stands for a secret is none. As bytes, what `placeholder.SHAPE` is for text.
_PLACEHOLDER = re.compile(rb"ORCSEC_[a-z0-9_]{1,48}_[A-Z][A-Z2-7]{4}")
_LEAST_REST = 4  # bytes of a sure secret beside an overlapping one that are kept as a secret of their own


def find(text: str, noisy: bool = True) -> tuple[Secret, ...]:
    """The secrets of a text in order, without overlap; positions are indices of `text`. `noisy` False leaves guesses out."""
    data = text.encode("utf-8", "surrogatepass")
    found = find_spans(data, noisy)
    return found if len(data) == len(text) or not found else tuple(_characters(data, found))


def find_spans(data: bytes, noisy: bool = True) -> tuple[Secret, ...]:
    """The secrets of UTF-8 bytes in order, without overlap; positions are byte offsets."""
    from orchestra_lsp.trust import assignments, blocks, tokens  # late: start-up does not pay for them

    found = [_before_mark(data, one) for one in (*blocks.find(data), *tokens.find(data), *assignments.find(data))]
    found += [more for one in found if not _is_masked(data, one) for more in blocks.continued(data, one)]
    wanted = [one for one in found if (noisy or not one.noisy) and not _is_masked(data, one)]
    return tuple(joined(wanted if data.isascii() else (_whole_characters(data, one) for one in wanted)))


def _is_masked(data: bytes, secret: Secret) -> bool:
    return _PLACEHOLDER.search(data, secret.start, secret.end) is not None


def _before_mark(data: bytes, secret: Secret) -> Secret:
    """A secret ends where the mark of a key block begins, which some alphabets would take in."""
    mark = data.find(b"-----", secret.start + 1, secret.end)
    return secret if mark < 0 else replace(secret, end=mark)


def _whole_characters(data: bytes, secret: Secret) -> Secret:
    """Detectors see bytes; a secret never starts or ends inside a character."""
    start, end = secret.start, secret.end
    while data[start] & 0xC0 == 0x80 and start > 0:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return replace(secret, start=start, end=end)


def joined(found: Iterable[Secret]) -> list[Secret]:
    """In order and without overlap: a sure secret beats a guess, then the longer one wins, then the one named first.

    Of a sure one that is overlapped, the rest is kept; a guess that is overlapped is dropped.
    """
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda one: (one.noisy, one.start - one.end)):
        for piece in _outside(secret, kept):
            insort(kept, piece)
    return kept


def _outside(secret: Secret, kept: list[Secret]) -> list[Secret]:
    """The parts of a secret that no kept one covers."""
    at = bisect_left(kept, secret.start, key=lambda one: one.end)
    position, pieces = secret.start, []
    while at < len(kept) and kept[at].start < secret.end:
        if kept[at].end > secret.start:
            pieces.append((position, kept[at].start))
            position = kept[at].end
        at += 1
    if not pieces:
        return [secret]
    pieces.append((position, secret.end))
    least = secret.end if secret.noisy else _LEAST_REST
    return [replace(secret, start=start, end=end) for start, end in pieces if end - start >= least]


def _characters(data: bytes, found: tuple[Secret, ...]) -> list[Secret]:
    """The same with character indices instead of byte offsets."""
    index, last, counted = {}, 0, 0
    for edge in sorted({edge for secret in found for edge in (secret.start, secret.end)}):
        counted += len(data[last:edge].decode("utf-8", "surrogatepass"))
        index[edge], last = counted, edge
    return [replace(secret, start=index[secret.start], end=index[secret.end]) for secret in found]
