"""Takes away closing brackets at the end of an answer when the text below closes them already; also counts brackets for other filters."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, after, before, whole

PAIRS = {")": "(", "]": "[", "}": "{"}
_STRING_OR_BRACKET = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|`(?:\\.|[^`\\])*`|[()\[\]{}]')
_CLOSING_END = re.compile(r"[\s)\]};,]*\Z")


def polish(draft: Draft) -> Draft | None:
    closers = open_and_close(draft.text)[1]
    tail = _CLOSING_END.search(draft.text)
    # With only a part of the file in sight the brackets further out cannot be counted.
    if not closers or tail is None or not whole(draft):
        return draft
    openers = open_and_close(before(draft))[0]
    below = open_and_close(after(draft))[1]
    spare = len(closers) + len(below) - len(openers)
    end = tail.group()
    removable = [at for at, character in enumerate(end) if character in PAIRS]
    if spare <= 0 or len(openers) < len(below) or len(removable) < spare:
        return draft
    return replace(draft, text=(draft.text[: tail.start()] + end[: removable[-spare]]).rstrip())


def open_and_close(text: str) -> tuple[str, str]:
    """The brackets that `text` leaves open, outermost first, and those it closes without having opened them; strings are skipped."""
    openers: list[str] = []
    closers: list[str] = []
    for match in _STRING_OR_BRACKET.finditer(text):
        found = match.group()
        if found in PAIRS.values():
            openers.append(found)
        elif found in PAIRS:
            if openers and openers[-1] == PAIRS[found]:
                openers.pop()
            else:
                closers.append(found)
    return "".join(openers), "".join(closers)
