"""Secrets in a text: tokens of known providers, keys, credentials in addresses, and what is assigned to a telling name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from orchestra_lsp.trust.catalog import SecretKind, kinds

_PLACEHOLDER = rb"ORCSEC_[a-z0-9_]{1,48}_[A-Z][A-Z2-7]{4}"


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """Where a secret stands, end exclusive. `noisy`: a guess from the name before it; mask it, but only hint at it in the editor."""

    start: int
    end: int
    kind: str
    noisy: bool

    def moved(self, by: int) -> Secret:
        return replace(self, start=self.start + by, end=self.end + by)


def find(text: str, noisy: bool = True) -> tuple[Secret, ...]:
    """The secrets of a text in order, without overlap; positions are indices of `text`."""
    data = text.encode("utf-8", "surrogatepass")
    found = find_spans(data, noisy)
    if len(data) == len(text) or not found:
        return found
    return tuple(_characters(data, found))


def find_spans(data: bytes, noisy: bool = True) -> tuple[Secret, ...]:
    """The secrets of UTF-8 bytes in order, without overlap; positions are byte offsets."""
    found = [secret for kind, regex in _whole() for secret in _scan(kind, regex, data) if noisy or not secret.noisy]
    return tuple(joined(found))


def joined(found: Iterable[Secret]) -> list[Secret]:
    """Overlaps resolved: a sure secret beats a guess, then the longer one wins, and what it leaves over of the other stays."""
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda one: (one.noisy, one.start - one.end, one.start)):
        kept += _outside(secret, kept)
    return sorted(kept)


def _outside(secret: Secret, kept: list[Secret]) -> list[Secret]:
    if any(other.start <= secret.start and secret.end <= other.end for other in kept):
        return []
    overlapping = [other for other in kept if other.start < secret.end and secret.start < other.end]
    if not overlapping:
        return [secret]
    return []


def _characters(data: bytes, found: tuple[Secret, ...]) -> list[Secret]:
    edges = sorted({edge for secret in found for edge in (secret.start, secret.end)})
    index, last, counted = {}, 0, 0
    for edge in edges:
        counted += len(data[last:edge].decode("utf-8", "surrogatepass"))
        index[edge], last = counted, edge
    return [replace(secret, start=index[secret.start], end=index[secret.end]) for secret in found]


@cache
def _whole() -> list[tuple[SecretKind, Any]]:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    made = []
    for kind in kinds():
        if kind.starts:
            prefix = "|".join(re2.escape(start) for start in kind.starts)
            pattern = rf"(?:^|[^A-Za-z0-9_])((?:{prefix})(?:{kind.value}))(?:[^A-Za-z0-9_]|$)"
        else:
            pattern = kind.value
        made.append((kind, re2.compile(pattern.encode(), options)))
    return made


def _scan(kind: SecretKind, regex: Any, data: bytes) -> Iterable[Secret]:
    import re

    position = 0
    while match := regex.search(data, position):
        start, end = match.span(1)
        if not re.search(_PLACEHOLDER, data[start:end]):
            yield Secret(start, end, kind.name, kind.noisy)
        position = max(end, position + 1)
