"""Explanations and documentation of code that has not changed in meaning; never completions or edits.

Two requests are alike when they are about the same code in the same file, whatever stands around it, and ask the same question in other
words' order, case or punctuation. An explanation also holds when only comments have changed; documentation replaces them, so for it
comments count and blanks alone do not.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestra_lsp.engine.kept.keys import digest
from orchestra_lsp.engine.kept.memory import FREE, Hit
from orchestra_lsp.model import Answer, Ask, Buffer, Kind, Span
from orchestra_lsp.syntax.language import definition
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

KINDS = frozenset({Kind.EXPLAIN, Kind.DOCUMENT})
LIMIT_BYTES = 2_000_000
ENTRY_BYTES = 1_200
_WORD = re.compile(r"\w+")
#: Words without which a question asks the same.
_EMPTY = frozenset(re.findall(_WORD, "a an the is are do does this that it its of to in for please me you can could would and"))
REASON = "a kept answer about the same code ({why}); ask with refresh for a new one"


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    answer: Answer
    reason: str


class Alike:
    """Least recently used first out, within LIMIT_BYTES. Belongs to the event loop."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self.size = 0  # bytes

    def find(self, ask: Ask) -> Hit | None:
        if ask.kind not in KINDS or not self._entries:
            return None
        key = likeness(ask)
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        why = "only blanks, comments or what stands around it differ" if ask.kind is Kind.EXPLAIN else "only blanks differ"
        return Hit(entry.id, replace(entry.answer, cached=True), f"{REASON.format(why=why)}; {entry.reason}", similar=True)

    def put(self, ask: Ask, answer: Answer, suggestion_id: str, reason: str) -> None:
        if ask.kind not in KINDS:
            return
        key = likeness(ask)
        self._drop(key)
        entry = _Entry(suggestion_id, replace(answer, masked="", usage=FREE), reason)
        if _size(entry) > LIMIT_BYTES // 4:
            return
        self._entries[key] = entry
        self.size += _size(entry)
        while self.size > LIMIT_BYTES:
            self._drop(next(iter(self._entries)))

    def forget(self, suggestion_id: str) -> None:
        for key in [key for key, entry in self._entries.items() if entry.id == suggestion_id]:
            self._drop(key)

    def clear(self) -> None:
        self._entries.clear()
        self.size = 0

    def _drop(self, key: bytes) -> None:
        if entry := self._entries.pop(key, None):
            self.size -= _size(entry)


def likeness(ask: Ask) -> bytes:
    """Equal for requests that are alike."""
    question = sorted({word for word in _WORD.findall(ask.instruction.casefold()) if word not in _EMPTY})
    code = _meaning(ask.buffer, ask.span) if ask.kind is Kind.EXPLAIN else decode(ask.buffer.data[ask.span.start : ask.span.end]).split()
    parts = (ask.kind.value, ask.buffer.uri, ask.buffer.language, " ".join(question), *code)
    return digest(part.encode("utf-8", "surrogatepass") for part in parts)


def _meaning(buffer: Buffer, span: Span) -> list[str]:
    """The code of a span without blanks and comments; in Python the depth of a line belongs to it."""
    if buffer.tree is None:
        return decode(buffer.data[span.start : span.end]).split()
    comments = definition(buffer.language).kinds["comment"]
    blocks = definition(buffer.language).kinds["block"]
    found: list[str] = []
    pending: list[Node | str] = [buffer.tree.root_node]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            found.append(node)
        elif node.end_byte <= span.start or node.start_byte >= span.end or node.type in comments:
            continue
        elif node.child_count:
            # The ends of blocks are not always tokens of their own.
            edges = ("\x01", "\x02") if node.type in blocks else ("", "")
            pending += [edges[1], *reversed(node.children), edges[0]]
        else:
            found.append(decode(buffer.data[max(node.start_byte, span.start) : min(node.end_byte, span.end)]))
    return [part for part in found if part]


def _size(entry: _Entry) -> int:
    return 4 * len(entry.answer.text) + len(entry.reason) + ENTRY_BYTES
