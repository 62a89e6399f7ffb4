"""Whether an answer may be shown where it would stand: it must not break code that parsed before."""

from __future__ import annotations

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.syntax.parse import errors_in, splice


def objection(buffer: Buffer, span: Span, text: str) -> str:
    """Why `text` in place of `span` is not acceptable; empty when it is. Files without a grammar are not judged."""
    if buffer.tree is None:
        return ""
    before = errors_in(buffer)
    after = errors_in(splice(buffer, (Edit(span, text),)))
    # Half-typed code has errors of its own; only an answer that adds to them is at fault.
    return f"adds {after - before} syntax errors" if after > before else ""
