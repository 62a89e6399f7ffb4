"""Where a secret that was found once stands again: in plain, or in another common writing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestra_lsp.trust.secrets import Secret

_LEAST = 8  # characters; a shorter secret is masked only where it was found
_LONG = 16  # from here on it is masked inside a longer word, too
_PLAIN_WORD = re.compile(r"[A-Za-z_]+")
_QUOTES = "\"'`"


def find(text: str, values: Mapping[str, str]) -> Iterator[Secret]:
    """Every place of `text` where one of the secrets (value -> kind) stands, overlapping ones included."""
    return Finder(values).find(text) if text and values else iter(())


class Finder:
    """Looks for the same secrets (value -> kind) in many texts."""

    def __init__(self, values: Mapping[str, str]) -> None:
        import ahocorasick

        self._automaton = ahocorasick.Automaton()
        for value, kind in values.items():
            for form in _forms(value) if len(value) >= _LEAST else ():
                self._automaton.add_word(form, (len(form), kind))
        self._any = len(self._automaton) > 0
        self._automaton.make_automaton()

    def find(self, text: str) -> Iterator[Secret]:
        """As the function of that name."""
        for last, (length, kind) in self._automaton.iter(text) if self._any else ():
            start, end = last + 1 - length, last + 1
            if _stands_alone(text, start, end):
                yield Secret(start, end, kind, noisy=False)


def _forms(value: str) -> set[str]:
    import base64
    from urllib.parse import quote

    raw = value.encode("utf-8", "surrogatepass")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return {
        value,
        escaped,
        quote(raw, safe=""),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A long secret is one anywhere, a short one as a whole word, a mere word only between quotes."""
    before, after = text[start - 1 : start], text[end : end + 1]
    value = text[start:end]
    if _PLAIN_WORD.fullmatch(value):
        return before in _QUOTES and after == before and bool(before)
    if end - start >= _LONG:
        return True
    return not (before.isalnum() and value[0].isalnum()) and not (after.isalnum() and value[-1].isalnum())
