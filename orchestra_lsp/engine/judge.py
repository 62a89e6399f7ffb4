"""Whether an answer may be shown where it would stand: it must not break code that parsed before."""

from __future__ import annotations

from orchestra_lsp.model import Buffer, Edit, Span
from orchestra_lsp.syntax.parse import errors_in, open_buffer, splice


def objection(buffer: Buffer, span: Span, text: str) -> str:
    """Why `text` in place of `span` is not acceptable; empty when it is. Files without a grammar are not judged."""
    if buffer.tree is None:
        return ""
    before = errors_in(buffer)
    after = errors_in(splice(buffer, (Edit(span, text),)))
    # Half-typed code has errors of its own; only an answer that adds to them is at fault.
    return f"adds {_count(after - before)}" if after > before else ""


def objection_alone(language: str, text: str) -> str:
    """The same for text that becomes a file of its own, as tests do."""
    broken = errors_in(open_buffer("", "", 0, language, text))
    return f"has {_count(broken)}" if broken else ""


def _count(errors: int) -> str:
    return f"{errors} syntax error{'s' if errors > 1 else ''}"
