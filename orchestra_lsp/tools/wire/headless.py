"""An agent that is started for one request, is given its task, writes lines of JSON and ends."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import Any, Protocol

from orchestra_lsp.model import Usage
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.answer import Delta, count, json_object
from orchestra_lsp.tools.wire.limit import Limit
from orchestra_lsp.tools.wire.ndjson import Parser
from orchestra_lsp.tools.wire.process import GRACE_SECONDS, MAX_LINE_BYTES, Process
from orchestra_lsp.tools.wire.sse import TooLong

#: As with ACP: agents run long tools without a word.
IDLE_SECONDS = 180.0
#: All that one run writes; files that it read are a part of it.
MAX_BYTES = 200_000_000

Json = dict[str, Any]


class Reader(Protocol):
    """How the lines of one agent are read; one object for each run. May raise ToolError, or KeyError and the like for broken lines."""

    def line(self, document: Json) -> Delta:
        """What one line adds; the line with the result has `finish` set."""
        ...

    def signed_out(self, errors: str) -> bool:
        """Whether what it wrote to standard error says that nobody is signed in."""
        ...


async def run(process: Process, reader: Reader, told: bytes, until: float) -> AsyncGenerator[Delta, None]:
    """Give it `told` and stream what it says; the last has `finish` set. Raises ToolError. Does not end the process."""
    launch = process.launch
    begun, size = time.monotonic(), 0
    parser, limit = Parser(MAX_LINE_BYTES), Limit()
    try:
        if told:
            process.write(told)
        process.close_input()
        while chunk := await _chunk(process, limit, until, begun):
            size += len(chunk)
            if size > MAX_BYTES:
                raise trouble.too_much(launch.tool, launch.what, MAX_BYTES)
            for line in parser.feed(chunk):
                delta = _read(reader, line.data)
                yield delta
                if delta.finish:
                    return
        raise await _broken_off(process, reader, limit)
    except TooLong:
        raise trouble.too_much(launch.tool, launch.what, MAX_LINE_BYTES) from None
    finally:
        limit.close()


def usage(told: object, cost: object = None) -> Usage | None:
    """Counts in the words of Anthropic's Messages API, which other agents use too; a cost of 0 is one that is not known."""
    if not isinstance(told, dict):
        return None
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    fresh, output, read, written = (count(told.get(name)) for name in names)
    whole = None if fresh is None else fresh + (read or 0) + (written or 0)
    dollars = float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost > 0 else None
    return Usage(whole, output, dollars, cache_read_tokens=read, cache_write_tokens=written)


def text_of(content: object) -> str:
    """The text of a list of content blocks."""
    blocks = content if isinstance(content, list) else []
    texts = (block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def _read(reader: Reader, line: str) -> Delta:
    """Lines that are no object, or not of the expected shape, tell nothing: a new version may write them."""
    try:
        return reader.line(json_object(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Delta()


async def _chunk(process: Process, limit: Limit, until: float, begun: float) -> bytes:
    launch = process.launch
    try:
        return await limit.wait(process.read(), min(until, time.monotonic() + IDLE_SECONDS))
    except TimeoutError:
        if time.monotonic() >= until:
            raise trouble.slow(launch.tool, launch.what, "finish", until - begun) from None
        raise trouble.silent(launch.tool, launch.what, IDLE_SECONDS) from None


async def _broken_off(process: Process, reader: Reader, limit: Limit) -> Exception:
    """What its end without a result means."""
    launch = process.launch
    try:
        await limit.wait(process.wait(), time.monotonic() + GRACE_SECONDS)
    except TimeoutError:
        return trouble.ended(launch.tool, launch.what, None, process.complaint())
    if reader.signed_out(process.errors):
        return trouble.signed_out(launch.tool, launch.what, "")
    return trouble.ended(launch.tool, launch.what, process.code, process.complaint())
