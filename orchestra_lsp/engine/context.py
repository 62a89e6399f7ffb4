"""What a tool is told beside the cursor: text around it and pieces of other files, gathered at once and packed into its window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from orchestra_lsp.engine.sources.changed_files import ChangedFiles
from orchestra_lsp.engine.sources.imports import Imports
from orchestra_lsp.engine.sources.matches import Matches
from orchestra_lsp.engine.sources.open_files import OpenFiles
from orchestra_lsp.engine.sources.piece import Piece, Source, View, relative
from orchestra_lsp.engine.sources.recent_edits import RecentEdits
from orchestra_lsp.engine.sources.round import TOGETHER, Busy, Done, Round
from orchestra_lsp.engine.sources.visible import Visible
from orchestra_lsp.model import Ask, Buffer, Kind, Prompt, Snippet, Span
from orchestra_lsp.syntax import text
from orchestra_lsp.trust.paths import refusal

log = logging.getLogger("orchestra")

PREFIX_BYTES, SUFFIX_BYTES = 12_000, 4_000  # around the cursor; about 4,000 tokens, three quarters before it
ANSWER_TOKENS = {**dict.fromkeys(Kind, 2048), Kind.COMPLETE: 128, Kind.NEXT_EDIT: 512, Kind.EXPLAIN: 1024}
#: Most tokens of other files: typing must stay cheap and quick.
ROOM = {Kind.COMPLETE: 1200, Kind.NEXT_EDIT: 1200}
ROOM_ASKED = 4000
SNIPPET_TOKENS = 12  # what a snippet costs beside its text

Took = Callable[[str, float], None]


class Context:
    """The sources of one process and what they remember. Belongs to the event loop; the sources work in threads of their own."""

    def __init__(self, took: Took | None = None, sources: Sequence[Source] | None = None) -> None:
        """`took` hears how many ms each source needed."""
        self.took = took or _nobody_measures
        self._recent = RecentEdits()
        own: tuple[Source, ...] = (Imports(), Matches(), OpenFiles(), self._recent, Visible(), ChangedFiles())
        self._sources: tuple[Source, ...] = own if sources is None else tuple(sources)
        # Not the loop's own threads: a source that hangs on a dead disk must not hold up what else runs there.
        self._workers = ThreadPoolExecutor(TOGETHER, thread_name_prefix="orchestra-context")
        self._busy = Busy()
        self._closed = False
        self._prepared: tuple[Ask, asyncio.Task[list[Piece]]] | None = None

    def prepare(self, ask: Ask, never_send: Sequence[str] = ()) -> None:
        """Begin to gather, for instance during the debounce; `gather` for the same place takes what is there then."""
        if not self._is_prepared(ask):
            self.drop()
            self._prepared = (ask, asyncio.ensure_future(self._pieces(ask, never_send)))

    async def gather(self, ask: Ask, multiline: bool, windows: Sequence[int] = (), never_send: Sequence[str] = ()) -> Prompt:
        """The prompt in plain text, packed so that it fits every one of `windows` (tokens) that it would fit without other files.

        Sources that fail or are late are left out, with a line in the log. `never_send`: globs of files that nothing is read of.
        """
        self.prepare(ask, never_send)
        assert self._prepared
        task = self._prepared[1]
        self._prepared = None
        pieces = await task
        bare = _bare(ask, multiline)
        needed = tokens(bare)
        room = min((window for window in windows if window >= needed), default=needed + ROOM_ASKED) - needed
        snippets = packed(pieces, min(room, ROOM.get(ask.kind, ROOM_ASKED)), ask.roots)
        return replace(bare, snippets=snippets)

    def note(self, ask: Ask) -> None:
        """An ask came, whoever answers it: what was edited since the last one is worth remembering."""
        self._recent.note(ask)

    def drop(self) -> None:
        """The person typed on: what is being gathered for the old place is not needed."""
        if self._prepared:
            self._prepared[1].cancel()
            self._prepared = None

    def close(self) -> None:
        self._closed = True
        self.drop()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _is_prepared(self, ask: Ask) -> bool:
        before = self._prepared[0] if self._prepared else None
        return before is not None and before.buffer.data is ask.buffer.data and (before.span, before.kind) == (ask.span, ask.kind)

    async def _pieces(self, ask: Ask, never_send: Sequence[str]) -> list[Piece]:
        view = View(ask, lambda path: not refusal(path, never_send))
        if self._closed:
            return []
        pieces = await Round(self._sources, view, self._busy).run(self._workers, self._ended)
        # Checked once more for all: a source is not trusted with what may be sent.
        return [piece for piece in pieces if view.allowed(piece.path or piece.uri)]

    def _ended(self, done: Done) -> None:
        self.took(f"context.{done.name}", done.took_ms)
        if done.error:
            log.warning("context: %s failed and was left out: %s", done.name, type(done.error).__name__)


def packed(pieces: Sequence[Piece], room: int, roots: Sequence[str] = ()) -> tuple[Snippet, ...]:
    """The pieces that help most for what they cost, within `room` tokens; the most helpful last, nearest to the code."""
    chosen: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.value / _cost(piece), reverse=True):
        if _cost(piece) <= room and piece.text.strip() and not any(_holds(other, piece) for other in chosen):
            chosen.append(piece)
            room -= _cost(piece)
    chosen.sort(key=lambda piece: piece.value)
    return tuple(Snippet(relative(piece.path, roots), piece.text, piece.steady) for piece in chosen)


def tokens(prompt: Prompt) -> int:
    """About how many tokens the prompt and its answer need: four characters a token, as vendors advise for code."""
    parts = (prompt.prefix, prompt.selection, prompt.suffix, prompt.instruction, *(snippet.text for snippet in prompt.snippets))
    return sum(map(len, parts)) // 4 + prompt.max_tokens


def _cost(piece: Piece) -> int:
    return len(piece.text) // 4 + len(piece.path) // 8 + SNIPPET_TOKENS


def _holds(one: Piece, other: Piece) -> bool:
    """Whether one of them says what the other says."""
    return one.text == other.text or (one.path == other.path and (other.text in one.text or one.text in other.text))


def _bare(ask: Ask, multiline: bool) -> Prompt:
    """The prompt without other files."""
    data, span = ask.buffer.data, ask.span
    return Prompt(
        kind=ask.kind,
        language=ask.buffer.language,
        uri=ask.buffer.uri,
        path=relative(ask.buffer.path, ask.roots),
        prefix=_cut(ask.buffer, Span(max(0, span.start - PREFIX_BYTES), span.start)),
        selection=text.slice_text(ask.buffer, span),
        suffix=_cut(ask.buffer, Span(span.end, min(len(data), span.end + SUFFIX_BYTES))),
        instruction=ask.instruction,
        multiline=multiline,
        max_tokens=ANSWER_TOKENS[ask.kind] if multiline else 48,
    )


def _cut(buffer: Buffer, span: Span) -> str:
    """The text of `span`, without the half characters its borders may cut."""
    return text.slice_text(buffer, Span(text.floor(buffer.data, span.start), text.floor(buffer.data, span.end)))


def _nobody_measures(_name: str, _ms: float) -> None:
    """For a context that stands alone."""
