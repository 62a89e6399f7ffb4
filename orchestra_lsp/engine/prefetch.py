"""What will be asked next is answered before it is: the place behind a suggestion that is shown, and the next line in idle time."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from orchestra_lsp.engine.shape import multiline
from orchestra_lsp.model import Ask, Buffer, Edit, Kind, Span, Suggestion, Trigger
from orchestra_lsp.syntax.parse import splice
from orchestra_lsp.syntax.text import encode

log = logging.getLogger("orchestra")

#: Calls of models for what nobody has asked yet: this many for each call that somebody did ask for, and this many saved up at most.
SHARE: Final = 0.2
SAVED: Final = 2.0
IDLE_S: Final = 1.0  # after the last request, before looking around
LIMIT_S: Final = 10.0  # of one preparation
MOST_BYTES: Final = 400_000  # of a file: larger ones take too long to parse for a guess
_INDENT = re.compile(rb"(?:^|\n)(\t| {2,8})(?=\S)")

#: Prepares one ask; the callable says whether a model may be called for it, and is asked only when one is needed.
Prepare = Callable[[Ask, Callable[[], bool]], Awaitable[None]]


class Prefetch:
    """At most one preparation at a time, in the background. Belongs to the event loop."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._tokens = 1.0
        self._running: tuple[Ask, asyncio.Task[None]] | None = None
        self._idle: asyncio.TimerHandle | None = None

    def called(self) -> None:
        """Somebody's request was answered by a model: that earns a share of one more."""
        self._tokens = min(SAVED, self._tokens + SHARE)

    def shown(self, ask: Ask, suggestion: Suggestion, remote: bool) -> None:
        """A completion stands before the person: prepare what follows it. `remote`: models may be asked too."""
        if ask.kind is Kind.COMPLETE and len(ask.buffer.data) <= MOST_BYTES:
            self._start(ask, lambda: after_accept(ask, suggestion), self._may_call if remote else _never)

    def moved(self, ask: Ask) -> None:
        """A request came: what is being prepared for elsewhere is given up. Nothing may come for a while: then look around."""
        if self._running and not leads_to(ask, self._running[0]):
            self._stop()
        if self._idle:
            self._idle.cancel()
            self._idle = None
        if ask.kind is Kind.COMPLETE and ask.trigger is Trigger.AUTOMATIC and len(ask.buffer.data) <= MOST_BYTES:
            self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._look_around, ask)

    def close(self) -> None:
        self._stop()
        if self._idle:
            self._idle.cancel()

    def _look_around(self, ask: Ask) -> None:
        """The next line, by the embedded engine alone: it knows the patterns of the project and costs nothing."""
        if self._running is None and at_line_end(ask.buffer.data, ask.span.end):
            self._start(ask, lambda: next_line(ask), _never)

    def _start(self, ask: Ask, target: Callable[[], Ask], may_call: Callable[[], bool]) -> None:
        self._stop()
        task = asyncio.ensure_future(self._run(target, may_call))
        self._running = (ask, task)
        task.add_done_callback(self._ended)

    async def _run(self, target: Callable[[], Ask], may_call: Callable[[], bool]) -> None:
        ask = await asyncio.to_thread(target)
        if self._running:
            self._running = (ask, self._running[1])
        async with asyncio.timeout(LIMIT_S):
            await self._prepare(ask, may_call)

    def _may_call(self) -> bool:
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _stop(self) -> None:
        if self._running:
            self._running[1].cancel()
            self._running = None

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._running and self._running[1] is task:
            self._running = None
        if not task.cancelled() and (error := task.exception()):
            log.info("a completion could not be prepared: %s", type(error).__name__)


def after_accept(ask: Ask, suggestion: Suggestion) -> Ask:
    """The ask that follows when the suggestion is accepted: behind it, or on the next line when its line is complete."""
    buffer = splice(ask.buffer, (Edit(suggestion.span, suggestion.text),))
    here = suggestion.span.start + len(encode(suggestion.text))
    accepted = _made(ask, buffer, here)
    return next_line(accepted) if at_line_end(buffer.data, here) and not multiline(accepted) else accepted


def next_line(ask: Ask) -> Ask:
    """As if Enter was pressed at the end of the cursor's line, with the indentation an editor gives."""
    data, here = ask.buffer.data, ask.span.end
    start = max(data.rfind(b"\n", 0, here), data.rfind(b"\r", 0, here)) + 1
    line = data[start:here]
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    if line.rstrip().endswith((b":", b"{", b"(", b"[")):
        indent += _unit(data)
    ending = b"\r\n" if b"\r\n" in data[max(0, here - 2000) : here + 2000] else b"\n"
    rest = len(data[here:]) - len(data[here:].lstrip(b" \t"))
    buffer = splice(ask.buffer, (Edit(Span(here, here + rest), (ending + indent).decode()),))
    return _made(ask, buffer, here + len(ending) + len(indent))


def leads_to(ask: Ask, target: Ask) -> bool:
    """Whether who types on from `ask` as foretold gets to `target`."""
    here, there = ask.span.start, target.span.start
    same = ask.kind is target.kind and ask.buffer.uri == target.buffer.uri
    return same and here <= there and ask.buffer.data[:here] == target.buffer.data[:here]


def at_line_end(data: bytes, at: int) -> bool:
    rest = data[at : at + 200].lstrip(b" \t")
    return not rest or rest[:1] in b"\r\n"


def _made(ask: Ask, buffer: Buffer, here: int) -> Ask:
    until = time.monotonic() + LIMIT_S
    new = replace(ask, id=uuid.uuid4().hex, buffer=buffer, span=Span(here, here), deadline=until, trigger=Trigger.AUTOMATIC)
    return replace(new, background=True, refresh=False)


def _unit(data: bytes) -> bytes:
    """One step of indentation, by the first indented line."""
    found = _INDENT.search(data, 0, 20_000)
    return found[1] if found else b"    "


def _never() -> bool:
    return False
