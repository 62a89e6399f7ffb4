"""Answers that need no tool, in order: typed along, the prefix tree in memory, the same request under way, the disk.

What is kept is an answer before it was polished; whoever takes one polishes and judges it again where it is to stand. Only what is
being typed along stays as it was shown.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from orchestra_lsp.engine.kept.alike import Alike
from orchestra_lsp.engine.kept.along import Along, Shown
from orchestra_lsp.engine.kept.disk import Disk
from orchestra_lsp.engine.kept.flights import Flights
from orchestra_lsp.engine.kept.keys import above, digest, line_start, surroundings
from orchestra_lsp.engine.kept.memory import Hit, Memory
from orchestra_lsp.model import Answer, Ask, Kind, Suggestion, Trigger

IDS_KEPT = 256  # suggestions whose outcome may still come
DISMISSED_KEPT = 1024
LATE = "it came too late for its request and was kept: {reason}"

Work = Callable[[], Awaitable[Suggestion | None]]
K = TypeVar("K")
V = TypeVar("V")


class Cache:
    """All that is reused by one process. Belongs to the event loop: not thread-safe."""

    def __init__(self, disk: Disk | None = None, count: Callable[[str, Kind], None] | None = None) -> None:
        """`count` hears of every request that was answered without a call, and by what."""
        self.disk = disk
        self._count = count or _nobody_counts
        self._along = Along()
        self._memory = Memory()
        self._alike = Alike()
        self._flights = Flights()
        self._places: OrderedDict[str, bytes] = OrderedDict()  # suggestion -> its identity
        self._on_disk: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()  # suggestion -> key and digest
        self._seen: OrderedDict[str, None] = OrderedDict()  # suggestions that the editor has shown
        self._dismissed: OrderedDict[bytes, None] = OrderedDict()

    # --- asking ---

    def wants_fresh(self, ask: Ask) -> bool:
        """Whether nothing kept may answer.

        A person who asks by hand where a suggestion already stands before them wants another one. An answer that came meanwhile and
        was not shown yet is another one, so it is given first.
        """
        if ask.refresh or ask.consensus:
            return True
        if ask.trigger is not Trigger.MANUAL or ask.kind is not Kind.COMPLETE:
            return False
        standing = self._along.standing(ask)
        return standing is not None and standing.id in self._seen

    def has(self, ask: Ask) -> bool:
        """Whether something kept fits here, without counting it as used."""
        return self._along.find(ask) is not None or next(self.find(ask), None) is not None

    def along(self, ask: Ask) -> Suggestion | None:
        """The rest of a suggestion that is being typed along, as it was shown."""
        found = self._along.find(ask)
        if found:
            self._count("typed along", ask.kind)
        return found

    def find(self, ask: Ask) -> Iterator[Hit]:
        """Kept answers that may stand here, before polishing; what was dismissed here is for the caller to leave out, by `is_dismissed`."""
        yield from self._memory.find(ask)
        if alike := self._alike.find(ask):
            yield alike

    async def share(self, ask: Ask, work: Work) -> Suggestion | None:
        """Run `work` once for all who ask the same now; it is cancelled when the last of them has gone."""
        return await self._flights.share(ask, work, lambda: self._count("in flight", ask.kind))

    async def earlier(self, ask: Ask) -> bool:
        """Within the work of `ask`: wait a little for a request of a few keys ago; when it ended, `find` is worth another try."""
        return await self._flights.earlier(ask)

    def held(self, ask: Ask) -> AbstractContextManager[None]:
        """Within the work of `ask`, before it calls a tool: who types on meanwhile does not keep it alive."""
        return self._flights.held(ask)

    # --- keeping ---

    def put(self, ask: Ask, answer: Answer, suggestion: Suggestion) -> None:
        """Keep `answer` (its text as it would be inserted at the cursor, not polished) and what was made of it."""
        self._memory.put(ask, answer, suggestion.id, suggestion.reason)
        self._alike.put(ask, answer, suggestion.id, suggestion.reason)
        self.show(ask, suggestion)

    def prepared(self, ask: Ask, answer: Answer, suggestion: Suggestion) -> None:
        """Keep an answer that nobody has asked for yet."""
        self._memory.put(ask, answer, suggestion.id, suggestion.reason)

    def late(self, ask: Ask, answer: Answer, suggestion_id: str, reason: str = "") -> None:
        """Keep an answer that came after its request was answered otherwise: it is next at this cursor, and along what it says."""
        self._along.make_way(ask)
        self._memory.make_way(ask)
        self._memory.put(ask, answer, suggestion_id, LATE.format(reason=reason) if reason else LATE.partition(":")[0])

    def replaced(self, ask: Ask) -> None:
        """A fresh answer was asked for: what was kept for this very place has had its time."""
        self._along.make_way(ask)
        self._memory.make_way(ask)

    def show(self, ask: Ask, suggestion: Suggestion) -> None:
        """A suggestion goes to the editor: from now on it may be typed along."""
        self._along.add(ask, suggestion)
        _remember(self._places, suggestion.id, _identity(ask, suggestion), IDS_KEPT)

    def kept_on_disk(self, suggestion_id: str, key: bytes, text_digest: bytes) -> None:
        """Where the answer behind a suggestion lies, so that it can be dismissed there."""
        _remember(self._on_disk, suggestion_id, (key, text_digest), IDS_KEPT)

    # --- what became of it ---

    def seen(self, suggestion_id: str) -> Shown | None:
        """The editor has shown it; gives what it was shown for."""
        _remember(self._seen, suggestion_id, None, IDS_KEPT)
        return self._along.by_id(suggestion_id)

    def shown(self, suggestion_id: str) -> Shown | None:
        """What a suggestion was made for, when it is still known."""
        return self._along.by_id(suggestion_id)

    def forget(self, suggestion_id: str) -> None:
        """Never show a dismissed suggestion again, from memory or disk."""
        if identity := self._places.pop(suggestion_id, None):
            _remember(self._dismissed, identity, None, DISMISSED_KEPT)
        if self.disk and (kept := self._on_disk.pop(suggestion_id, None)):
            self.disk.dismiss(*kept)
        self._along.forget(suggestion_id)
        self._memory.forget(suggestion_id)
        self._alike.forget(suggestion_id)

    def is_dismissed(self, ask: Ask, suggestion: Suggestion) -> bool:
        """Whether the person has dismissed the same text here, wherever along it the cursor stood."""
        return bool(self._dismissed) and _identity(ask, suggestion) in self._dismissed

    def reused(self, level: str, kind: Kind) -> None:
        """A request was answered without a call, by "memory", "similar" or "disk"."""
        self._count(level, kind)

    def clear(self) -> None:
        """Forget all but what was dismissed."""
        self._along.clear()
        self._memory.clear()
        self._alike.clear()

    def close(self) -> None:
        if self.disk:
            self.disk.close()


def level_of(hit: Hit) -> str:
    return "similar" if hit.similar else "memory"


def _nobody_counts(_level: str, _kind: Kind) -> None:
    """For a cache that stands alone."""


def _identity(ask: Ask, suggestion: Suggestion) -> bytes:
    """The same for a suggestion and for what is left of it when it is typed along on its line."""
    data, at = ask.buffer.data, suggestion.span.start
    start = line_start(data, at)
    covered = str(suggestion.span.end - at).encode()
    whole = data[start:at] + suggestion.text.encode("utf-8", "surrogatepass")
    return digest((surroundings(ask), above(data, start), whole, covered))


def _remember(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
