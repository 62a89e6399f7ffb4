"""An answer that begins as the embedded engine would have gone on, from this project's own habits, is likelier right."""

from __future__ import annotations

from orchestra_lsp.engine.judging.case import Case, Remark
from orchestra_lsp.syntax.text import common_prefix

BONUS = 0.25  # at most, when the two agree and the engine is sure
LEAST = 4  # bytes in common that are no accident
AGREES = 0.6


def check(case: Case) -> Remark | None:
    ours, own = (text.strip().partition("\n")[0].encode(errors="replace") for text in (case.text, case.offer))
    same = common_prefix(ours, own)
    if same < LEAST or same < AGREES * min(len(ours), len(own)):
        return None
    return Remark(1 + BONUS * case.sure, "agrees with the embedded engine")
