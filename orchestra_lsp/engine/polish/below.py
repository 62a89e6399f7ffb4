"""Cuts the last lines of an answer when they already stand below the cursor."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.brackets import open_and_close
from orchestra_lsp.engine.polish.chain import Draft, lines_below

#: Most lines below that are compared.
_MOST = 60


def polish(draft: Draft) -> Draft | None:
    lines = draft.text.split("\n")
    below = lines_below(draft)[:_MOST]
    for start in range(max(1, len(lines) - 2 * _MOST), len(lines)):
        offered = [line for line in lines[start:] if line.strip()]
        if offered and len(offered) <= len(below) and all(_same(ours, theirs) for ours, theirs in zip(offered, below, strict=False)):
            kept = "\n".join(lines[:start]).rstrip()
            # Closing lines that belong to what the answer itself opens only look like those below.
            if len(open_and_close(kept)[0]) <= len(open_and_close(draft.text)[0]):
                return replace(draft, text=kept)
    return draft


def _same(ours: str, theirs: str) -> bool:
    return ours.expandtabs(4).rstrip() == theirs.expandtabs(4).rstrip()
