"""Tokens, keys and passwords that stand in the text."""

from __future__ import annotations

from collections.abc import Iterator

from orchestra_lsp.model import Confidence, Severity, Span
from orchestra_lsp.review.plain import TextHit
from orchestra_lsp.trust import secrets

_LINES = 4  # before and after an edit: a value may stand below its name
_WIDE = (b"PRIVATE KEY", b"Secret")  # where these stand, a secret may reach over many lines


def find(data: bytes, window: Span) -> Iterator[TextHit]:
    """A guess, such as what is assigned to a name like `password`, is only a hint: it is wrong more often."""
    above = window.start
    for secret in secrets.find_spans(data[window.start : window.end]):
        goes_on = secret.kind == "private_key" and 0 <= data.count(b"\n", above, window.start + secret.start) <= 1 and above > window.start
        above = window.start + secret.end
        if goes_on:
            continue  # one finding for all lines of a key
        span = Span(window.start + secret.start, window.start + secret.end)
        words = {"KIND": secret.kind.replace("_", " ").replace("-", " ")}
        yield TextHit(span, words, *((Severity.HINT, Confidence.LOW) if secret.noisy else (None, None)))


def reach(data: bytes, touched: Span) -> Span:
    if any(word in data for word in _WIDE):
        return Span(0, len(data))
    start, end = touched.start, touched.end
    for _ in range(_LINES):
        start = data.rfind(b"\n", 0, max(0, start - 1)) + 1
        found = data.find(b"\n", end)
        end = len(data) if found < 0 else found + 1
    return Span(start, end)
