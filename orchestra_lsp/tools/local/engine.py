"""The embedded engine: completes from the open buffers and the workspace, in this process, without a key, network or weights."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from orchestra_lsp.model import Abilities, Health, Kind, Outcome, Piece, Reach, State
from orchestra_lsp.syntax.text import decode as decode_text
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.local.asking import MINIMUM, Asked, Offer
from orchestra_lsp.tools.local.cursor import MAX_ABOVE, MAX_BELOW, around
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.files import language_of
from orchestra_lsp.tools.local.taste import Taste
from orchestra_lsp.tools.local.workspace import Progress, Workspace

if TYPE_CHECKING:
    from orchestra_lsp.config import IndexSettings
    from orchestra_lsp.model import Buffer, Prompt, Suggestion
    from orchestra_lsp.tools.local.offering import Offering
    from orchestra_lsp.trust.reach import Loopback

#: Other open files that are searched, most recently used first.
_MOST_OPEN = 12
#: Suggestions whose outcome is remembered as known, the last ones.
_MOST_HEARD = 64
#: Outcomes that say whether a person wanted an offer. That it was shown says nothing, and it is kept only after it was accepted.
_TAKEN = {Outcome.ACCEPTED: True, Outcome.PARTLY_ACCEPTED: True, Outcome.DISMISSED: False}


class LocalEngine:
    """A `Tool[Prompt]` that also answers at once, by `offer`. All of it may be called from any thread."""

    def __init__(self, name: str = "local") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._offering: Offering | None = None
        self._taste = Taste()
        self._heard: deque[str] = deque(maxlen=_MOST_HEARD)
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
        self,
        buffer: Buffer,
        offset: int,
        neighbours: Sequence[Buffer] = (),
        multiline: bool = False,
        minimum: float | None = MINIMUM,
    ) -> Offer:
        """The likeliest continuation at a byte offset. `neighbours`: other open buffers, most recently used first.

        `minimum` None: somebody asked for it by hand, so the best guess is given however short or doubtful it is.
        """
        prefix, suffix = around(buffer.data, offset)
        kin = family(buffer.language, buffer.path)
        asked = Asked(prefix, suffix, buffer.language, kin, multiline, minimum, buffer, offset)
        related = (one for one in neighbours if one.uri != buffer.uri and family(one.language, one.path) == kin)
        near = list(islice(related, _MOST_OPEN))
        others = ((decode_text(one.data[:MAX_ABOVE]), one.language) for one in near)
        return self._ask(asked, others, [one.path for one in (buffer, *near) if one.path])

    async def ask(self, prompt: Prompt, deadline: float) -> AsyncGenerator[Piece, None]:
        """One piece with the whole offer. Raises ToolError when there is nothing to offer or the deadline has passed."""
        if prompt.kind is not Kind.COMPLETE:
            raise ToolError(self._name, f"it completes code and cannot {prompt.kind.value}", "configure a model for this", retryable=False)
        if time.monotonic() >= deadline:
            raise ToolError(self._name, "the deadline had passed before it was asked", retryable=False)
        kin = family(prompt.language, prompt.path)
        asked = Asked(prompt.prefix[-MAX_ABOVE:], prompt.suffix[:MAX_BELOW], prompt.language, kin, prompt.multiline)
        snippets = ((snippet, language_of(snippet.path)) for snippet in prompt.snippets)
        others = [(snippet.text, language) for snippet, language in snippets if family(language, snippet.path) == kin]
        offer = self._ask(asked, others, [])
        if not offer.text:
            raise ToolError(self._name, "it has no confident offer here", retryable=False)
        yield Piece(offer.text, "stop", confidence=offer.confidence)

    # --- learning ---

    def heard(self, suggestion: Suggestion, outcome: Outcome) -> None:
        """What became of a suggestion of this engine; others are ignored. Taking it piece by piece says no more than taking it once."""
        if suggestion.tool == self._name and suggestion.confidence is not None and outcome in _TAKEN and suggestion.id not in self._heard:
            self._heard.append(suggestion.id)
            self._taste.heard(suggestion.confidence, _TAKEN[outcome])

    def learn_workspace(self, roots: Sequence[str], settings: IndexSettings) -> None:
        """Index these folders in the background, within the settings' caps. Returns at once."""
        if settings.enabled and settings.max_files and settings.max_bytes and roots:
            self._workspace.learn(roots, settings.max_files, settings.max_bytes, settings.keep)

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

    def _ask(self, asked: Asked, others: Iterable[tuple[str, str]], paths: Sequence[str]) -> Offer:
        """`paths`: of the open files, that of the asking one first."""
        with self._lock:
            if self._offering is None:
                # Not before it is needed: this loads numpy.
                from orchestra_lsp.tools.local.offering import Offering

                self._offering = Offering()
            return self._offering.offer(asked, others, paths, self._workspace.snapshot, self._taste)
