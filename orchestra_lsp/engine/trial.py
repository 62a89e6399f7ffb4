"""One tool being asked for one answer: what has come so far and when, restored and checked for being whole."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from orchestra_lsp.engine.outgoing import Outgoing
from orchestra_lsp.engine.place import place
from orchestra_lsp.model import Answer, Edit, Kind, Piece, Span, Usage
from orchestra_lsp.syntax.text import encode
from orchestra_lsp.tools.contract import NothingToSay, Tool, ToolError
from orchestra_lsp.tools.wire.extract import READ
from orchestra_lsp.trust.mask import MaskedPrompt, unmask

#: Controls other than white space, and what stands for bytes that are no text.
GARBLE = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\ufffd]")


@dataclass(slots=True, eq=False)
class Trial:
    """Times in seconds of `time.monotonic()`, `first_s` since `started`. `begun`: what another tool had already answered."""

    tool: Tool[MaskedPrompt]
    outgoing: Outgoing
    deadline: float
    begun: str = ""
    started: float = field(default_factory=time.monotonic)
    first_s: float | None = None
    last_at: float = 0.0
    hedge_at: float = 0.0
    limit_at: float = 0.0
    late: bool = False  # it counts as failed, but may still answer
    pieces: int = 0
    text: str = ""
    _finish: str = ""
    _usage: Usage = Usage()
    _confidence: float | None = None
    _span: Span | None = None
    _receipt: str = ""

    async def ask(self, enough: Callable[[str], bool] | None = None) -> Answer:
        """Raises ToolError, for an empty or cut answer and for one that cannot be restored as well."""
        masked = self.outgoing.for_tool(self.tool)
        async with aclosing(self.tool.ask(masked, self.deadline)) as stream:
            async for piece in stream:
                self._take(piece)
                if enough and piece.text and not self._finish and enough(self.text):
                    self._finish = "stop"
                    break
        return self._whole()

    def kept(self) -> str:
        """The restored text that has come, for another tool to go on behind; empty when it cannot be used."""
        if not self.text.strip() or self._span is not None or self._garbled():
            return ""
        text, rejected = self._restored()
        return "" if rejected else self.begun + text

    def _take(self, piece: Piece) -> None:
        self.last_at = time.monotonic()
        if self.first_s is None:
            self.first_s = self.last_at - self.started
        self.pieces += 1
        self.text += piece.text
        self._finish = piece.finish or self._finish
        self._usage = piece.usage or self._usage
        self._span, self._receipt = piece.span or self._span, piece.receipt or self._receipt
        if piece.confidence is not None:
            self._confidence = piece.confidence

    def _whole(self) -> Answer:
        name = self.tool.name
        if not self._finish:
            raise ToolError(name, "the answer was cut off")
        if self._span is not None:
            return self._placed(self._span)
        if not self.text.strip():
            raise ToolError(name, "the answer was empty")
        if strange := self._garbled():
            raise ToolError(name, f"the answer is garbled: it holds the character U+{ord(strange):04X}", "try again")
        text, rejected = self._restored()
        if rejected:
            raise _unrestorable(name, rejected)
        masked = "" if self.tool.endpoint or self.begun else self.text
        answer = Answer(self.begun + text, name, self._took_ms(), self._usage, self._finish, self._confidence)
        return replace(answer, masked=masked, receipt=self._receipt)

    def _garbled(self) -> str:
        """A character that no code has, unless the person's own has it; empty when there is none. People can read around it."""
        found, prompt = GARBLE.search(self.text), self.outgoing.prompt
        if prompt.kind in READ:
            return ""
        return found[0] if found and found[0] not in prompt.prefix + prompt.selection + prompt.suffix else ""

    def _restored(self) -> tuple[str, tuple[str, ...]]:
        if self.tool.endpoint:
            return self.text, ()
        restored = unmask(self.text, self.outgoing.prompt.uri, self.outgoing.vault)
        return restored.text, restored.rejected

    def _placed(self, span: Span) -> Answer:
        """An answer that says itself what it replaces; what it leaves as it is has been left out."""
        name, outgoing = self.tool.name, self.outgoing
        masked, vault = outgoing.for_tool(self.tool), None if self.tool.endpoint else outgoing.vault
        try:
            placed = place(outgoing.prompt, masked, Edit(span, self.text), vault)
        except ValueError as error:
            raise ToolError(name, f"answered for another text: {error}", "update it", retryable=False) from None
        if placed.rejected:
            raise _unrestorable(name, placed.rejected)
        where, text, prompt = placed.edit.span, placed.edit.text, outgoing.prompt
        if not text and where.start == where.end:
            raise NothingToSay(name, "its answer changes nothing", "nothing to do", retryable=False)
        cursor = len(encode(prompt.prefix))
        asked = where == Span(cursor, cursor + len(encode(prompt.selection)))
        if self.begun and not asked:
            raise ToolError(name, "cannot go on where another tool broke off", "try again", retryable=False)
        answer = Answer(self.begun + text, name, self._took_ms(), self._usage, self._finish, self._confidence)
        spanned = None if asked and prompt.kind is Kind.COMPLETE else where
        return replace(answer, span=spanned, receipt=self._receipt, skipped=placed.skipped)

    def _took_ms(self) -> float:
        return (time.monotonic() - self.started) * 1e3


def _unrestorable(tool: str, rejected: tuple[str, ...]) -> ToolError:
    """A placeholder that cannot be put back exactly would write nonsense (or a leak) into the file."""
    return ToolError(tool, f"answered with a placeholder that cannot be restored: {rejected[0]}", retryable=False)
