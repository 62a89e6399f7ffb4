"""Takes away white space at the ends of lines and empty lines at the end of an answer."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft
from orchestra_lsp.model import Kind
from orchestra_lsp.syntax.text import slice_text


def polish(draft: Draft) -> Draft | None:
    """An answer in place of a selection ends as the selection did."""
    lines = [line.rstrip(" \t") for line in draft.text.split("\n")]
    text = "\n".join(lines)
    if draft.kind is Kind.COMPLETE:
        return replace(draft, text=text.rstrip("\n"))
    if draft.span.start == draft.span.end:
        return replace(draft, text=text)
    ended = slice_text(draft.buffer, draft.span).endswith(("\n", "\r"))
    return replace(draft, text=text.rstrip("\n") + ("\n" if ended else ""))
