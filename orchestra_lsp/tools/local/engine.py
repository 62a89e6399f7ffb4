"""The embedded engine: completes from the open buffers and the workspace, in this process, without a key, network or weights."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from orchestra_lsp.model import Abilities, Health, Kind, Outcome, Piece, Reach, State
from orchestra_lsp.syntax.text import decode as decode_text
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.local import manners
from orchestra_lsp.tools.local.counts import Learned
from orchestra_lsp.tools.local.cursor import MAX_ABOVE, MAX_BELOW, Cursor, around, cursor_at, split_first, split_last
from orchestra_lsp.tools.local.decode import Limits, Sources, Step, Written, decode
from orchestra_lsp.tools.local.document import Document, Encoder
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.files import language_of
from orchestra_lsp.tools.local.lexer import NOTHING
from orchestra_lsp.tools.local.workspace import Progress, Workspace

if TYPE_CHECKING:
    from orchestra_lsp.config import IndexSettings
    from orchestra_lsp.model import Buffer, Prompt
    from orchestra_lsp.trust.reach import Loopback

#: Offers less likely than this are not made when the asker does not say.
MINIMUM = 0.3
#: Seconds after which decoding stops and what there is is offered.
BUDGET_S = 0.03
#: Open files that are searched, and tokens of all of them: most recently used first.
_MOST_OPEN = 12
_MOST_OPEN_TOKENS = 60_000


@dataclass(frozen=True, slots=True)
class Offer:
    """What to insert at the cursor, and the chance (0..1) that all of it is what comes next; no text when there is nothing to offer.

    `ended` False: the line goes on, but what follows is not likely enough. Such an offer need not parse as it stands.
    """

    text: str
    confidence: float
    ended: bool = False


NO_OFFER = Offer("", 0.0)


class LocalEngine:
    """A `Tool[Prompt]` that also answers at once, by `offer`. All of it may be called from any thread."""

    def __init__(self, name: str = "local") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._encoder = Encoder()
        self._workspace = Workspace()

    @property
    def name(self) -> str:
        return self._name

    @property
    def model(self) -> str:
        return ""

    @property
    def abilities(self) -> Abilities:
        return Abilities(frozenset({Kind.COMPLETE}), Reach.PROCESS, streaming=False, context_tokens=MAX_ABOVE // 4)

    @property
    def endpoint(self) -> Loopback | None:
        """None: it runs in this process and has none."""
        return None

    # --- completing ---

    def offer(
        self, buffer: Buffer, offset: int, neighbours: Sequence[Buffer] = (), multiline: bool = False, minimum: float = MINIMUM
    ) -> Offer:
        """The likeliest continuation at a byte offset. `neighbours`: other open buffers, most recently used first."""
        prefix, suffix = around(buffer.data, offset)
        kin = family(buffer.language, buffer.path)
        asked = _Asked(prefix, suffix, buffer.language, kin, multiline, minimum, buffer, offset)
        related = (one for one in neighbours if one.uri != buffer.uri and family(one.language, one.path) == kin)
        near = list(islice(related, _MOST_OPEN))
        others = ((decode_text(one.data[:MAX_ABOVE]), one.language) for one in near)
        return self._offer(asked, others, [one.path for one in (buffer, *near) if one.path])

    async def ask(self, prompt: Prompt, deadline: float) -> AsyncGenerator[Piece, None]:
        """One piece with the whole offer. Raises ToolError when there is nothing to offer or the deadline has passed."""
        if prompt.kind is not Kind.COMPLETE:
            raise ToolError(self._name, f"it completes code and cannot {prompt.kind.value}", "configure a model for this", retryable=False)
        if time.monotonic() >= deadline:
            raise ToolError(self._name, "the deadline had passed before it was asked", retryable=False)
        kin = family(prompt.language, prompt.path)
        asked = _Asked(prompt.prefix[-MAX_ABOVE:], prompt.suffix[:MAX_BELOW], prompt.language, kin, prompt.multiline)
        snippets = ((snippet, language_of(snippet.path)) for snippet in prompt.snippets)
        others = [(snippet.text, language) for snippet, language in snippets if family(language, snippet.path) == kin]
        offer = self._offer(asked, others, [])
        if not offer.text:
            raise ToolError(self._name, "it has no confident offer here", retryable=False)
        yield Piece(offer.text, "stop", confidence=offer.confidence)

    # --- learning ---

    def learn_workspace(self, roots: Sequence[str], settings: IndexSettings) -> None:
        """Index these folders in the background, within the settings' caps. Returns at once."""
        if settings.enabled and settings.max_files and settings.max_bytes and roots:
            self._workspace.learn(roots, settings.max_files, settings.max_bytes)

    def update_file(self, path: str) -> None:
        """A file was changed, made or deleted on disk. Returns at once."""
        self._workspace.update(path)

    @property
    def progress(self) -> Progress:
        return self._workspace.progress

    async def check(self) -> Health:
        return self.health()

    def health(self) -> Health:
        """It is always ready; the reason says what it has learned."""
        progress = self.progress
        if progress.state == "failed":
            reason = f"answers from open files only: indexing failed, {progress.reason}"
            return Health(State.READY, reason, "restart the server to try again")
        said = {
            "ready": f"learned {progress.files} files",
            "reading": f"learning, {progress.files} files so far",
            "waiting": "about to learn the workspace",
        }
        return Health(State.READY, said.get(progress.state, "answers from open files only"))

    async def start(self) -> None:
        """Nothing to make ready: open buffers alone already answer."""

    async def hear(self, receipt: str, outcome: Outcome, accepted: int = 0) -> None:
        """Outcomes reach it with the suggestion itself."""

    async def close(self) -> None:
        self._workspace.close()

    # --- one offer ---

    def _offer(self, asked: _Asked, others: Iterable[tuple[str, str]], paths: Sequence[str]) -> Offer:
        left, right = split_last(asked.prefix)[1], split_first(asked.suffix)[0]
        inside = manners.silence(left, right, asked.language) or manners.in_text(left, asked.language, asked.buffer, asked.offset)
        if inside not in ("", "string"):
            return NO_OFFER
        least = max(asked.minimum, manners.SURE_IN_STRING) if inside else asked.minimum
        with self._lock:
            if self._encoder.full:
                self._encoder = Encoder()
            cursor = cursor_at(asked.prefix, asked.suffix, asked.language, self._encoder)
            sources = Sources(self._encoder, _joined(others, self._encoder), self._learned(paths, asked.family))
            written = decode(cursor, sources, Limits(least, time.perf_counter() + BUDGET_S, asked.multiline and not inside))
        return _offered(written, cursor)

    def _learned(self, open_paths: Sequence[str], kin: str) -> list[Learned]:
        """The index without the files that are open: their buffers know better."""
        snapshot = self._workspace.snapshot
        opened = {os.path.normcase(path) for path in open_paths}
        found = []
        if snapshot.base:
            found.append(Learned(snapshot.base, snapshot.base.masks(opened | snapshot.outdated), kin))
        if snapshot.changed:
            found.append(Learned(snapshot.changed, snapshot.changed.masks(opened), kin))
        return found


@dataclass(frozen=True, slots=True)
class _Asked:
    prefix: str
    suffix: str
    language: str
    family: str
    multiline: bool
    minimum: float = MINIMUM
    buffer: Buffer | None = None
    offset: int = 0


def _offered(written: Written, cursor: Cursor) -> Offer:
    """The offer, unless it would be silly at this cursor."""
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
    return NO_OFFER if manners.worthless(text, confidence, cursor, written.ended) else Offer(text, confidence, written.ended)


def _joined(others: Iterable[tuple[str, str]], encoder: Encoder) -> Document:
    tokens: list[str] = []
    gaps: list[str] = []
    room = _MOST_OPEN_TOKENS
    for text, language in others:
        document = encoder.document(text, language)
        tokens.append(document.tokens[:room])
        gaps.append(document.gaps[:room])
        room -= len(tokens[-1])
        if room <= 0:
            break
    # The most recently used file comes last, because matches are taken from the end.
    return Document(NOTHING.join(reversed(tokens)), NOTHING.join(reversed(gaps)))
