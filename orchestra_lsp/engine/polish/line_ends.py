"""Writes the line ends of the file."""

from __future__ import annotations

from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft


def polish(draft: Draft) -> Draft | None:
    starts, data = draft.buffer.line_starts, draft.buffer.data
    first = data[: starts[1]] if len(starts) > 1 else b""
    if first.endswith(b"\r\n"):
        return replace(draft, text=draft.text.replace("\n", "\r\n"))
    if first.endswith(b"\r"):
        return replace(draft, text=draft.text.replace("\n", "\r"))
    return draft
