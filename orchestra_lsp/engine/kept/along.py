"""Suggestions that are being typed along: what is left of one after its beginning was typed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestra_lsp.model import Ask, Kind, Span, Suggestion

SHOWN_KEPT = 24  # more than a person has on screen
SHOWN_BYTES = 8_000_000  # of buffer text they may hold on to, for people with huge files


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion and the text it was made for."""

    ask: Ask
    suggestion: Suggestion

    @property
    def size(self) -> int:
        """Bytes it holds on to; versions of one file share nothing, so each counts in full."""
        return len(self.ask.buffer.data) + len(self.suggestion.text)


class Along:
    """The newest suggestions, within both caps. Belongs to the event loop."""

    def __init__(self) -> None:
        self._shown: list[Shown] = []

    def find(self, ask: Ask) -> Suggestion | None:
        return next((rest for shown in reversed(self._shown) if (rest := typed_along(shown, ask))), None)

    def standing(self, ask: Ask) -> Suggestion | None:
        """What was suggested last at this very place in this very text."""
        return next((shown.suggestion for shown in reversed(self._shown) if same_place(shown.ask, ask)), None)

    def add(self, ask: Ask, suggestion: Suggestion) -> None:
        # Without what it was made from beside the text: that would keep whole projects alive.
        slim = replace(ask, neighbours=(), roots=(), visible=())
        self._shown = _bounded([*self._shown, Shown(slim, suggestion)])

    def by_id(self, suggestion_id: str) -> Shown | None:
        return next((shown for shown in reversed(self._shown) if shown.suggestion.id == suggestion_id), None)

    def forget(self, suggestion_id: str) -> None:
        self._shown = [shown for shown in self._shown if shown.suggestion.id != suggestion_id]

    def make_way(self, ask: Ask) -> None:
        """Forget what was shown at this very place: there is something newer."""
        self._shown = [shown for shown in self._shown if not same_place(shown.ask, ask)]

    def clear(self) -> None:
        self._shown = []

    @property
    def size(self) -> int:
        """Bytes held on to."""
        return sum(shown.size for shown in self._shown)


def typed_along(shown: Shown, ask: Ask) -> Suggestion | None:
    """The rest of a suggestion when the person has typed its beginning since; None when it no longer fits."""
    was, here = shown.ask.span.start, ask.span.start
    before = shown.ask
    same = before.kind is ask.kind is Kind.COMPLETE and before.buffer.uri == ask.buffer.uri and shown.suggestion.span.start == was
    if not same or here < was or ask.span.end != here:
        return None
    old, new = before.buffer.data, ask.buffer.data
    text = shown.suggestion.text.encode("utf-8", "surrogatepass")
    typed = new[was:here]
    if len(typed) >= len(text) or not text.startswith(typed) or new[here:] != old[was:] or new[:was] != old[:was]:
        return None
    rest = text[len(typed) :].decode("utf-8", "surrogatepass")
    return replace(shown.suggestion, text=rest, span=Span(here, here + shown.suggestion.span.end - was), cached=True)


def same_place(one: Ask, other: Ask) -> bool:
    """Whether both ask for the same in the same text."""
    wanted = (one.kind, one.instruction, one.span, one.buffer.uri) == (other.kind, other.instruction, other.span, other.buffer.uri)
    return wanted and one.buffer.data == other.buffer.data


def _bounded(shown: list[Shown]) -> list[Shown]:
    kept: list[Shown] = []
    size = 0
    for one in reversed(shown[-SHOWN_KEPT:]):
        size += one.size
        if size > SHOWN_BYTES:
            break
        kept.append(one)
    return kept[::-1]
