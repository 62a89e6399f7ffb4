"""From a stream of events to pieces of an answer; the same for every wire format, which only says what one event means."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from orchestra_lsp.model import Piece, Usage
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire import faults, ndjson
from orchestra_lsp.tools.wire.extract import Shape, Thoughts
from orchestra_lsp.tools.wire.sse import Event, Parser, TooLong

if TYPE_CHECKING:
    from orchestra_lsp.tools.wire.endpoint import Endpoint
    from orchestra_lsp.tools.wire.http import Call, Http, Reply

log = logging.getLogger("orchestra")

#: Longest pause in the middle of a text. Reasoning models think before it, not in it.
PAUSE_SECONDS = 20.0
#: How long a whole text waits for its token counts.
COUNTS_SECONDS = 1.0
#: A model's words come every few ms and each of them costs a turn of the whole machinery: they are read in handfuls, but only
#: when all that has come was taken, so that it is never held up. The end of an answer waits for half of this on average.
HANDFUL_SECONDS = 0.016
#: How long the end of the stream may take after the last event; seeing it lets the connection be used again.
END_SECONDS = 0.02
#: How long an error may take to explain itself.
EXPLAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event adds. `finish` is "stop" or "length" once the text is whole; `done` says that nothing follows."""

    text: str = ""
    finish: str = ""
    usage: Usage | None = None
    done: bool = False


class Dialect(Protocol):
    """How one wire format is read; one object for each answer. Both raise ToolError, or ValueError for what is broken."""

    def event(self, event: Event) -> Delta:
        """One event of a stream."""
        ...

    def whole(self, document: dict[str, Any]) -> Delta:
        """An answer that came at once."""
        ...


async def pieces(http: Http, call: Call, dialect: Dialect, shape: Shape | None = None) -> AsyncGenerator[Piece, None]:
    """Make the call and stream its answer.

    With `shape` the text is made fit for use when it is whole; until then empty pieces show that it is coming.
    Raises ToolError.
    """
    answer = _Answer()
    async with http.open(call) as reply:
        if reply.status != 200:
            raise await refusal(reply)
        reader = _Reader(call.endpoint, dialect, reply.media_type)
        try:
            while not answer.done and (chunk := await (reply.read() if reader.at_once else reply.chunk())):
                for delta in reader.read(chunk):
                    if text := answer.add(delta):
                        yield Piece("" if shape else text)
                if reply.drained and answer.begun and not answer.finish:
                    await reply.rest(HANDFUL_SECONDS)
                reply.patience = COUNTS_SECONDS if answer.finish else PAUSE_SECONDS if answer.begun else None
        except ToolError as error:
            if not answer.finish:
                raise
            log.debug("the text is whole, its token counts did not come: %s", error)
        yield answer.last(call.endpoint, shape)
        await _rest(reply)


async def refusal(reply: Reply) -> ToolError:
    """What to raise for an answer whose status is not 200; an explanation that does not come is done without."""
    reply.patience = EXPLAIN_SECONDS
    try:
        body = await reply.read(limit=65_536)
    except ToolError as error:
        log.debug("the status came without an explanation: %s", error)
        body = b""
    return faults.refused(reply.call.endpoint, reply.status, reply.headers, body)


def json_object(text: str | bytes) -> dict[str, Any]:
    """Raises ValueError for everything that is not a JSON object."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - callers know one error for all that is broken
    return found


def count(value: object) -> int | None:
    """A number of tokens; None for everything that is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class Pairs:
    """Puts surrogate pairs together that were cut between two pieces of a text."""

    def __init__(self) -> None:
        self._half = ""  # the first half of one

    def feed(self, text: str) -> str:
        """The text that is certain now, of characters that can stand in a file."""
        if not self._half and text.isascii():
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        text = text[: len(text) - len(self._half)]
        # JSON can escape half a pair; alone it is no character.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _Answer:
    """What has come so far."""

    def __init__(self) -> None:
        self.finish = ""
        self.done = False
        self._usage: Usage | None = None
        self._texts: list[str] = []
        self._thoughts = Thoughts()
        self._pairs = Pairs()

    @property
    def begun(self) -> bool:
        return bool(self._texts)

    def add(self, delta: Delta) -> str:
        """The text that can be handed on."""
        self.finish = delta.finish or self.finish
        self.done = self.done or delta.done
        self._usage = delta.usage or self._usage
        return self._keep(self._thoughts.feed(self._pairs.feed(delta.text)))

    def last(self, endpoint: Endpoint, shape: Shape | None) -> Piece:
        """The closing piece. Raises ToolError when the answer is cut or empty."""
        if not self.finish:
            raise faults.broken_off(endpoint)
        rest = self._keep(self._thoughts.rest())
        text = "".join(self._texts)
        if shape and self.finish == "length" and not shape.may_be_cut:
            raise faults.cut(endpoint)
        shaped = shape.apply(text) if shape else text
        if not shaped:
            raise faults.empty(endpoint, "" if text else self.finish)
        return Piece(shaped if shape else rest, self.finish, self._usage)

    def _keep(self, text: str) -> str:
        if text:
            self._texts.append(text)
        return text


class _Reader:
    """Reads one body: a stream of events or lines, or a document that comes `at_once` because the endpoint does not stream."""

    def __init__(self, endpoint: Endpoint, dialect: Dialect, media_type: str) -> None:
        if media_type == "text/html":
            raise faults.malformed(endpoint, "it is a web page")
        self.at_once = media_type == "application/json"
        self._endpoint = endpoint
        self._dialect = dialect
        self._parser = ndjson.Parser() if media_type in ndjson.MEDIA_TYPES else Parser()

    def read(self, chunk: bytes) -> Iterator[Delta]:
        """What the next chunk adds, up to the event after which nothing follows. Raises ToolError."""
        try:
            if self.at_once:
                yield self._dialect.whole(json_object(chunk))
                return
            for event in self._parser.feed(chunk):
                delta = self._dialect.event(event)
                yield delta
                if delta.done:
                    return
        except TooLong:
            raise faults.malformed(self._endpoint, "it is not a stream of events") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise faults.malformed(self._endpoint, "it is broken, or of another format") from None


async def _rest(reply: Reply) -> None:
    reply.patience = END_SECONDS
    try:
        while await reply.chunk():
            pass
    except ToolError as error:
        log.debug("the connection cannot be used again: %s", error)
