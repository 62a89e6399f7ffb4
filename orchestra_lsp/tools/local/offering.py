"""Makes one offer after the other: keeps what was encoded and found out for the next one. Loads numpy, so it is imported late."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.tools.local import manners
from orchestra_lsp.tools.local.asking import NO_OFFER, Asked, Offer
from orchestra_lsp.tools.local.counts import Learned
from orchestra_lsp.tools.local.cursor import Cursor, cursor_at, split_first, split_last
from orchestra_lsp.tools.local.decode import Budget, Limits, Sources, Step, decode
from orchestra_lsp.tools.local.document import Document, Encoder
from orchestra_lsp.tools.local.knowledge import Knowledge
from orchestra_lsp.tools.local.lexer import NOTHING
from orchestra_lsp.tools.local.mixer import trained
from orchestra_lsp.tools.local.stream import Streams
from orchestra_lsp.tools.local.taste import Taste

if TYPE_CHECKING:
    from orchestra_lsp.tools.local.workspace import Snapshot

#: See `decode.Budget`: when it is spent, what there is is offered. More when a person asked for it by hand.
BUDGET_S = 0.014
BY_HAND_S = 0.1
#: Tokens of all other open files that are searched.
_MOST_OPEN_TOKENS = 60_000


class Offering:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._encoder, self._known, self._streams = Encoder(), Knowledge(), Streams()
        trained()  # read now, so that it is not counted as the first offer's time

    def offer(self, asked: Asked, others: Iterable[tuple[str, str]], paths: Sequence[str], snapshot: Snapshot, taste: Taste) -> Offer:
        """`others`: text and language of other open files, `paths`: those of all open files, both the most recently used first."""
        left, right = split_last(asked.prefix)[1], split_first(asked.suffix)[0]
        inside = manners.silence(left, right, asked.language) or manners.in_text(left, asked.language, asked.buffer, asked.offset)
        if inside not in ("", "string"):
            return NO_OFFER
        if self._encoder.full:
            self._encoder, self._known, self._streams = Encoder(), Knowledge(), Streams()
        cursor = cursor_at(asked.prefix, asked.suffix, asked.language, self._encoder)
        learned = self._learned(snapshot, paths, asked)
        sources = Sources(self._encoder, _joined(others, self._encoder), learned, taste, self._streams)
        return _by_hand(cursor, sources, asked) if asked.minimum is None else _unasked(cursor, sources, asked, bool(inside))

    def _learned(self, snapshot: Snapshot, open_paths: Sequence[str], asked: Asked) -> list[Learned]:
        """The index without the files that are open: their buffers know better."""
        opened = {os.path.normcase(path) for path in open_paths}
        own = asked.buffer.path if asked.buffer else ""
        pairs = ((snapshot.base, opened | snapshot.outdated), (snapshot.changed, opened))
        return [self._known.learned(segment, hidden, own, asked.family) for segment, hidden in pairs if segment]


def _by_hand(cursor: Cursor, sources: Sources, asked: Asked) -> Offer:
    """All that can be written, never called ended: nobody looked whether it parses."""
    limits = Limits(0.0, Budget(BY_HAND_S), asked.multiline, must=not cursor.right.strip())
    written = decode(cursor, sources, limits)
    steps = (*written.steps, *written.more)
    text = "".join([step.text for step in steps]).rstrip()
    return Offer(text, steps[-1].chance, ended=False) if text else NO_OFFER


def _unasked(cursor: Cursor, sources: Sources, asked: Asked, in_string: bool) -> Offer:
    """What is likely enough, unless it would be silly at this cursor."""
    assert asked.minimum is not None
    least = max(asked.minimum, manners.SURE_IN_STRING) if in_string else asked.minimum
    limits = Limits(sources.taste.minimum(least), Budget(BUDGET_S), asked.multiline and not in_string)
    written = decode(cursor, sources, limits)
    steps: Sequence[Step] = written.steps
    if not written.ended:
        steps = manners.without_loose_end(manners.without_half_string(steps, cursor.left, cursor.language))
    if not steps or (not written.ended and not manners.closes_only(cursor.right)):
        return NO_OFFER
    text = "".join([step.text for step in steps])
    confidence = steps[-1].chance
    for step in written.more:
        if step.text.strip() == cursor.below.strip():
            break
        text, confidence = text + step.text, step.chance
    text = text.rstrip()
    if manners.worthless(text, confidence, cursor, written.ended):
        return NO_OFFER
    return Offer(text, confidence, written.ended and not manners.opens_block(text))


def _joined(others: Iterable[tuple[str, str]], encoder: Encoder) -> Document:
    tokens: list[str] = []
    gaps: list[str] = []
    calls: list[str] = []
    room = _MOST_OPEN_TOKENS
    for text, language in others:
        document = encoder.document(text, language)
        tokens.append(document.tokens[:room])
        gaps.append(document.gaps[:room])
        calls.append(document.calls[:room])
        room -= len(tokens[-1])
        if room <= 0:
            break
    # The most recently used file comes last, because matches are taken from the end.
    return Document(NOTHING.join(reversed(tokens)), NOTHING.join(reversed(gaps)), NOTHING.join(reversed(calls)))
