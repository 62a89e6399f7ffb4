"""From what an agent says to the pieces of an answer that the engine knows."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from orchestra_lsp.model import Piece
from orchestra_lsp.tools.wire import trouble
from orchestra_lsp.tools.wire.answer import Delta, Pairs
from orchestra_lsp.tools.wire.extract import Shape, Thoughts
from orchestra_lsp.tools.wire.prices import Tariff

#: Agents tell of everything they do; more often than this nobody needs to know that an answer is coming.
SIGN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the answer is for. `shape`: how it is made fit for a file, None for one that is read; `work`: it may say nothing."""

    tool: str
    what: str
    tariff: Tariff
    shape: Shape | None = None
    work: bool = False


async def pieces(said: AsyncGenerator[Delta, None], wanted: Wanted) -> AsyncGenerator[Piece, None]:
    """Stream what is read; hold back what is shaped until it is whole. Raises ToolError, for an empty or cut answer too."""
    pairs, thoughts = Pairs(), Thoughts()
    texts, last, shown = list[str](), Delta(), -SIGN_SECONDS
    async with aclosing(said) as deltas:
        async for delta in deltas:
            text = thoughts.feed(pairs.feed(delta.text))
            texts.append(text)
            last = delta
            if (text and not wanted.shape) or time.monotonic() - shown > SIGN_SECONDS:
                shown = time.monotonic()
                yield Piece("" if wanted.shape else text)
    rest = thoughts.rest()
    text = _whole(wanted, "".join((*texts, rest)), last.finish)
    usage = wanted.tariff.priced(last.usage) if last.usage else None
    yield Piece(text if wanted.shape else rest, last.finish, usage)


def _whole(wanted: Wanted, text: str, finish: str) -> str:
    if not finish:
        raise trouble.stopped(wanted.tool, wanted.what)
    if wanted.shape and finish == "length" and not wanted.shape.may_be_cut:
        raise trouble.cut(wanted.tool)
    shaped = wanted.shape.apply(text) if wanted.shape else text
    if not shaped.strip() and not wanted.work:
        raise trouble.empty(wanted.tool, wanted.what)
    return shaped
