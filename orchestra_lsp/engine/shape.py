"""Whether a completion should stay on the line or may go on over several."""

from __future__ import annotations

from orchestra_lsp.model import Ask, Trigger

BLOCK_OPENERS = (b"{", b":", b"(", b"[", b"=>", b"->", b"then", b"do")


def multiline(ask: Ask) -> bool:
    """True where a block is wanted: asked for by hand, on an empty line, or behind what opens a block, at the end of a line."""
    data, here = ask.buffer.data, ask.span.start
    line_start = max(data.rfind(b"\n", 0, here), data.rfind(b"\r", 0, here)) + 1
    ends = [found for found in (data.find(b"\n", here), data.find(b"\r", here)) if found >= 0]
    rest = data[here : min(ends, default=len(data))]
    if rest.strip(b" \t)]};,:'\""):
        return False
    before = data[line_start:here].rstrip()
    return ask.trigger is Trigger.MANUAL or not before or before.endswith(BLOCK_OPENERS)


def line_ends(text: str) -> bool:
    """Whether a completion that stays on its line is over: nothing behind its first line end will be used."""
    return "\n" in text and bool(text.split("\n", 1)[0].strip())
