"""Fits an answer to the text right of the cursor: an overlap is cut, closing brackets that it passes are replaced with it."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestra_lsp.engine.polish.brackets import PAIRS, open_and_close
from orchestra_lsp.engine.polish.chain import Draft, right
from orchestra_lsp.model import Span

#: Longest overlap that is looked for; the rest of a line is seldom longer.
_MAX_OVERLAP = 200
#: Shorter overlaps of words are chance; of closing characters one is enough.
_MIN_WORDS = 3
_CLOSERS = re.compile(r"[)\]}>\"'`]+")


def polish(draft: Draft) -> Draft | None:
    """Drops an answer that only repeats what stands there; text over several lines never goes in front of a rest of the line."""
    rest = right(draft)
    if not rest.strip():
        return draft
    first, line_break, more = draft.text.partition("\n")
    if not line_break:
        cut = _cut(first, rest)
        if not cut.strip():
            return None
        if cut != first:
            return replace(draft, text=cut)
    passed = _passed(draft.text, rest)
    if passed:
        draft = replace(draft, span=Span(draft.span.start, draft.span.end + passed))
    if more and rest[passed:].strip():
        return polish(replace(draft, text=first.rstrip())) if first.strip() else None
    return draft


def _cut(text: str, rest: str) -> str:
    """`text` without its longest end that stands right of the cursor."""
    for start in (rest, rest.lstrip()):
        for length in range(min(len(text), len(start), _MAX_OVERLAP), 0, -1):
            overlap = start[:length]
            if text.endswith(overlap) and _may_be_cut(text[:-length], overlap):
                return text[:-length]
    return text


def _may_be_cut(kept: str, overlap: str) -> bool:
    """Not when it is chance, or when the overlap closes what the kept part opens."""
    if not overlap.strip():
        return False
    words = overlap[0].isalnum() or overlap[0] == "_"
    if words and (len(overlap) < _MIN_WORDS or kept[-1:].isalnum() or kept[-1:] == "_"):
        return False
    if not words and not _CLOSERS.match(overlap.strip()) and len(overlap.strip()) < 2 and overlap.strip() not in ";,:":
        return False
    if any(kept.count(quote) % 2 for quote in "\"'`" if quote in overlap):
        return False
    opened = open_and_close(kept)[0]
    closed = open_and_close(overlap)[1]
    return not opened or not closed


def _passed(text: str, rest: str) -> int:
    """Bytes right of the cursor that `text` closes as well: the brackets and quotes there, as far as `text` has them unopened."""
    match = _CLOSERS.match(rest)
    if match is None:
        return 0
    unopened = open_and_close(text)[1]
    passed = 0
    position = 0
    for character in match.group():
        if character in PAIRS:
            if not unopened.startswith(character):
                break
            unopened = unopened[1:]
        found = text.find(character, position)
        if found < 0 or (character not in PAIRS and text.count(character) % 2 == 0):
            break
        position = found + 1
        passed += 1
    return passed
