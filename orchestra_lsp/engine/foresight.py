"""The embedded engine's own next edits: a name that was changed where it is made, or the same edit made twice, goes on elsewhere."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from orchestra_lsp.model import Ask, Buffer, Span
from orchestra_lsp.syntax.difference import difference
from orchestra_lsp.syntax.language import definition, names
from orchestra_lsp.syntax.scope import definitions, enclosing
from orchestra_lsp.syntax.text import common_prefix, decode

FILES_KEPT: Final = 16
CHANGES_KEPT: Final = 12
OFFERS_KEPT: Final = 64
MOST_TRIED: Final = 3
#: A change that touches the running one within so many bytes belongs to it.
CLOSE: Final = 2
MOST_BYTES: Final = 400_000  # of a file
MOST_TEXT: Final = 400  # bytes of one change
#: Bytes that must be known of a place before an edit made elsewhere is offered there.
LEAST_PATTERN: Final = 5
RENAMED, REPEATED, MORE_REPEATED = 0.85, 0.7, 0.85
_NAME = re.compile(rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*\Z")
_WORD_START = re.compile(rb"[\w\x80-\xff]*\Z")
_WORD_END = re.compile(rb"[\w\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One edit that a person made: `old` became `new` between `left` and `right`, the rest of its line or lines."""

    uri: str
    old: bytes
    new: bytes
    left: bytes
    right: bytes
    at: int  # where `new` stands


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Put `text` in place of `span`, because `reason`; `confidence` 0..1 is an estimate."""

    span: Span
    text: str
    reason: str
    confidence: float
    change: Change


@dataclass(slots=True)
class _File:
    """`base`: the text before the running change, which is all that stands in `region` of `now`."""

    base: Buffer
    now: Buffer
    region: Span | None = None


class Foresight:
    """Told of every text by `note`. Belongs to one event loop."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._changes: deque[Change] = deque(maxlen=CHANGES_KEPT)
        self._offers: OrderedDict[str, Change] = OrderedDict()
        self._dismissed: deque[tuple[bytes, bytes]] = deque(maxlen=OFFERS_KEPT)

    def note(self, buffer: Buffer) -> None:
        """The text of a file now; costs in proportion to its length, and nothing when it is the same as before."""
        file = self._files.get(buffer.uri)
        if file is None or len(buffer.data) > MOST_BYTES:
            self._files[buffer.uri] = _File(buffer, buffer)
            self._files.move_to_end(buffer.uri)
            while len(self._files) > FILES_KEPT:
                self._files.popitem(last=False)
            return
        if file.now.data == buffer.data:
            return
        edit = difference(file.now.data, buffer.data)
        start, grown = edit.span.start, len(buffer.data) - len(file.now.data)
        end = edit.span.end + grown
        region = file.region
        if region and (edit.span.end < region.start - CLOSE or start > region.end + CLOSE):
            if done := change_of(file.base, file.now):
                self._changes.append(done)
            file.base, region = file.now, None
        self._move(buffer.uri, edit.span.end, grown)
        file.region = Span(min(start, region.start), max(end, region.end + grown)) if region else Span(start, end)
        file.now = buffer

    def _move(self, uri: str, edited: int, grown: int) -> None:
        """What was changed earlier stands elsewhere now."""
        for number, one in enumerate(self._changes):
            if one.uri == uri and edited <= one.at:
                self._changes[number] = replace(one, at=one.at + grown)

    def changes(self, ask: Ask) -> tuple[Change, ...]:
        """What was changed lately and may go on, newest first: at once, so that a thread may think about it."""
        file = self._files.get(ask.buffer.uri)
        if file is None or file.now.data != ask.buffer.data or len(ask.buffer.data) > MOST_BYTES:
            return ()
        running = change_of(file.base, ask.buffer)
        found = (*([running] if running else []), *reversed(self._changes))
        return tuple(one for one in found if (one.old, one.new) not in self._dismissed)

    def offered(self, suggestion_id: str, foreseen: Foreseen) -> None:
        self._offers[suggestion_id] = foreseen.change
        while len(self._offers) > OFFERS_KEPT:
            self._offers.popitem(last=False)

    def dismissed(self, suggestion_id: str) -> None:
        """What was dismissed once is not offered at the next place either."""
        if change := self._offers.pop(suggestion_id, None):
            self._dismissed.append((change.old, change.new))


def foresee(ask: Ask, changes: Sequence[Change]) -> Foreseen | None:
    """The next edit of the asked file after `changes`, newest first; None when nothing says that there is one. Pure."""
    for change in changes[:MOST_TRIED]:
        if found := _renamed(ask, change) or _repeated(ask, change, changes):
            return found
    return None


def change_of(before: Buffer, after: Buffer) -> Change | None:
    """What was changed between two texts, widened to whole words; None when nothing or too much was."""
    old, new = before.data, after.data
    if old == new:
        return None
    edit = difference(old, new)
    start, tail = edit.span.start, len(old) - edit.span.end
    start -= len(_match(_WORD_START, old[max(0, start - 100) : start]))
    tail -= len(_match(_WORD_END, old[len(old) - tail :][:100]))
    was, now = old[start : len(old) - tail], new[start : len(new) - tail]
    if len(was) + len(now) > MOST_TEXT:
        return None
    line = new.rfind(b"\n", 0, start) + 1
    stop = new.find(b"\n", len(new) - tail)
    return Change(after.uri, was, now, new[line:start], new[len(new) - tail : stop if stop >= 0 else len(new)], start)


def _renamed(ask: Ask, change: Change) -> Foreseen | None:
    """A name was changed where it is made: its other uses in the same scope follow."""
    old, new = change.old, change.new
    data = ask.buffer.data
    stands = change.uri == ask.buffer.uri and data[change.at : change.at + len(new)] == new
    if not stands or not _NAME.match(old) or not _NAME.match(new):
        return None
    scope = _scope_of(ask.buffer, change.at)
    if scope is None:
        return None
    places = [one.start() for one in re.finditer(rb"(?<![\w\x80-\xff])" + re.escape(old) + rb"(?![\w\x80-\xff])", data)]
    places = [at for at in places if scope.start <= at < scope.end and not _in_text(ask.buffer, at)]
    if not places:
        return None
    at = next((at for at in places if at > change.at), places[0])
    reason = f"{decode(old)} was renamed to {decode(new)}; {len(places)} more to change"
    return Foreseen(Span(at, at + len(old)), decode(new), reason, RENAMED, change)


def _scope_of(buffer: Buffer, at: int) -> Span | None:
    """Where a name that is made at `at` counts; None when it is only used there."""
    made = {one.name_span.start: one for one in definitions(buffer)}
    around = [one for one in enclosing(buffer, at) if one.kind != "module"]
    whole = Span(0, len(buffer.data))
    if at in made:
        outer = [one.span for one in around if one.span != made[at].span]
        return outer[0] if outer else whole
    node = buffer.tree.root_node.descendant_for_byte_range(at, at + 1) if buffer.tree and buffer.language in names() else None
    kinds = definition(buffer.language).kinds if node else {}
    inside = node
    for _ in range(4):
        if inside is None or inside.parent is None:
            return None
        parent = inside.parent
        if parent.type in kinds["parameters"]:
            return around[0].span if around else whole
        left = parent.child_by_field_name("left") or parent.child_by_field_name("name")
        if parent.type in kinds["assignment"] | kinds["loop"] or parent.type.endswith(("declarator", "declaration")):
            is_made = left is not None and left.start_byte <= at < left.end_byte and left.type in kinds["identifier"]
            return (around[0].span if around else whole) if is_made else None
        inside = parent
    return None


def _repeated(ask: Ask, change: Change, changes: Sequence[Change]) -> Foreseen | None:
    """The same was done at two places at least: offered where the text around looks as it did there."""
    alike = [one for one in changes if (one.old, one.new) == (change.old, change.new) and (one.uri, one.at) != (change.uri, change.at)]
    if not alike:
        return None
    left, right = change.left, change.right
    for one in alike:
        left = left[len(left) - common_prefix(left[::-1], one.left[::-1]) :]
        right = right[: common_prefix(right, one.right)]
    pattern = left + change.old + right
    if len(pattern.strip()) < LEAST_PATTERN:
        return None
    data, after = ask.buffer.data, change.at if change.uri == ask.buffer.uri else 0
    at = data.find(pattern, after)
    at = data.find(pattern) if at < 0 else at
    begins = at + len(left)
    if at < 0 or (not left and _match(_WORD_START, data[max(0, at - 1) : at]) and change.old[:1].isalnum()):
        return None
    confidence = MORE_REPEATED if len(alike) > 1 else REPEATED
    reason = f"the same edit was made {len(alike) + 1} times"
    return Foreseen(Span(begins, begins + len(change.old)), decode(change.new), reason, confidence, change)


def _in_text(buffer: Buffer, at: int) -> bool:
    if buffer.tree is None or buffer.language not in names():
        return False
    node = buffer.tree.root_node.descendant_for_byte_range(at, at + 1)
    kinds = definition(buffer.language).kinds
    return node is not None and (
        node.type in kinds["comment"] | kinds["string"] or node.type.endswith(("string_content", "string_fragment"))
    )


def _match(pattern: re.Pattern[bytes], text: bytes) -> bytes:
    found = pattern.search(text)
    return found.group() if found else b""
