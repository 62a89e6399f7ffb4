"""Ask the chosen tools one after the other under one deadline; the first whole answer wins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from orchestra_lsp.model import Answer, Candidate, Piece, Prompt, Usage
from orchestra_lsp.tools.contract import Tool, ToolError
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask, unmask, waive

log = logging.getLogger("orchestra")

#: While others wait in line, one tool gets at most this share of the time that is left.
SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tool that was asked: how long it took and, when it failed, why."""

    tool: str
    took_ms: float
    error: ToolError | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call: the answer, if any tool gave one, and every attempt."""

    answer: Answer | None
    attempts: tuple[Attempt, ...]


Tools = Mapping[str, Tool[MaskedPrompt]]


class Outgoing:
    """One prompt on its way out: masked at most once, whoever is asked."""

    def __init__(self, prompt: Prompt, vault: Vault, never_send: Sequence[str] = (), personal: Sequence[str] = ()) -> None:
        """`never_send`: globs of files; `personal`: classes of personal data to mask (`trust.personal.CLASSES`)."""
        self.prompt = prompt
        self.vault = vault
        self._never_send = never_send
        self._personal = personal
        self._masked: MaskedPrompt | None = None

    def for_tool(self, tool: Tool[MaskedPrompt]) -> MaskedPrompt:
        """What this tool may see. Raises ToolError when that is nothing."""
        if endpoint := tool.endpoint:
            return waive(self.prompt, endpoint)
        if self._masked is None:
            self._masked = mask(self.prompt, self.vault, self._never_send, self._personal)
        if self._masked.refused:
            raise ToolError(tool.name, f"nothing was sent: {self._masked.refused}", retryable=False)
        return self._masked


async def run(order: Sequence[Candidate], tools: Tools, outgoing: Outgoing, deadline: float) -> Called:
    """Fail over along `order` until one tool answers or `deadline` (seconds of `time.monotonic()`) has passed."""
    attempts: list[Attempt] = []
    for place, candidate in enumerate(order):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        limit = deadline if place == len(order) - 1 else time.monotonic() + left * SHARE
        start = time.perf_counter()
        try:
            answer = await _one(tools[candidate.tool], outgoing, limit)
        except ToolError as error:
            attempts.append(Attempt(candidate.tool, _ms(start), error))
            log.info("%s", error)
        else:
            return Called(answer, (*attempts, Attempt(candidate.tool, answer.latency_ms)))
    return Called(None, tuple(attempts))


async def _one(tool: Tool[MaskedPrompt], outgoing: Outgoing, deadline: float) -> Answer:
    masked = outgoing.for_tool(tool)
    start = time.perf_counter()
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            pieces = await _collect(tool, masked, deadline)
    except TimeoutError:
        raise ToolError(tool.name, f"did not answer within {_ms(start):.0f} ms") from None
    answer = _joined(tool.name, pieces, _ms(start))
    if tool.endpoint:
        return answer
    restored = unmask(answer.text, outgoing.prompt.uri, outgoing.vault)
    if restored.rejected:
        # A placeholder that cannot be put back exactly would write nonsense (or a leak) into the file.
        raise ToolError(tool.name, f"answered with a placeholder that cannot be restored: {restored.rejected[0]}", retryable=False)
    return Answer(restored.text, answer.tool, answer.latency_ms, answer.usage, answer.finish, answer.confidence)


async def _collect(tool: Tool[MaskedPrompt], prompt: MaskedPrompt, deadline: float) -> list[Piece]:
    async with aclosing(tool.ask(prompt, deadline)) as stream:
        return [piece async for piece in stream]


def _joined(tool: str, pieces: Sequence[Piece], latency_ms: float) -> Answer:
    text = "".join(piece.text for piece in pieces)
    finish = next((piece.finish for piece in reversed(pieces) if piece.finish), "")
    if not finish:
        raise ToolError(tool, "the answer was cut off")
    if not text.strip():
        raise ToolError(tool, "the answer was empty")
    usage = next((piece.usage for piece in reversed(pieces) if piece.usage), Usage())
    confidence = next((piece.confidence for piece in reversed(pieces) if piece.confidence is not None), None)
    return Answer(text, tool, latency_ms, usage, finish, confidence)


def _ms(start: float) -> float:
    return (time.perf_counter() - start) * 1e3
