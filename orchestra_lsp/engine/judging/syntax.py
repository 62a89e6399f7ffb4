"""Code that parsed must parse with the answer in it. Files without a grammar are not judged."""

from __future__ import annotations

from orchestra_lsp.engine.judging.case import Case, Remark
from orchestra_lsp.syntax.parse import errors_in


def check(case: Case) -> Remark | None:
    if case.after.tree is None or case.before.tree is None:
        return None
    # Half-typed code has errors of its own; only an answer that adds to them is at fault.
    added = errors_in(case.after) - errors_in(case.before)
    return Remark(0.0, f"adds {added} syntax error{'s' if added > 1 else ''}", fatal=True) if added > 0 else None
