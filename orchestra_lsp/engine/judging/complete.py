"""The answer must be all of the code: not cut off, not a diff, and with no "the rest stays as it is" in place of code."""

from __future__ import annotations

import re

from orchestra_lsp.engine.judging.case import Case, Remark
from orchestra_lsp.model import Kind
from orchestra_lsp.syntax.language import UNKNOWN

REJECTED = 0.2
_LEFT_OUT = re.compile(
    r"^[ \t]*(?:#|//|/\*|--|<!--)[ \t]*(?:\.{3}|…)?[ \t]*(?:(?:the )?(?:rest|remainder|remaining|other|existing|previous|same|unchanged)\b"
    r"[^\n]{0,40}\b(?:code|function|method|file|implementation|class|unchanged|as before|stays?|remains?|same|here)\b"
    r"|(?:code|everything)[^\n]{0,20}\b(?:unchanged|omitted|as before)\b"
    r"|(?:your|my|actual) (?:code|implementation|logic)\b[^\n]{0,20}\b(?:here|goes)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_BARE_DOTS = re.compile(r"^[ \t]*(?:#|//)[ \t]*(?:\.{3}|…)[^\w\n]*$", re.MULTILINE)
_DIFF = re.compile(r"^(?:@@ -\d+|<{7}(?: |$)|>{7}(?: |$)|diff --git |\*{3} (?:Begin|Update) )", re.MULTILINE)


def check(case: Case) -> Remark | None:
    if case.kind is Kind.COMPLETE:
        return None
    if case.finish == "length":
        return Remark(REJECTED, "was cut off at its limit of tokens")
    if case.before.language != UNKNOWN and _DIFF.search(case.text):
        return Remark(REJECTED, "is a diff and not the code itself")
    for pattern in (_LEFT_OUT, _BARE_DOTS):
        found = pattern.search(case.text)
        if found and found[0].strip() not in case.subject:
            return Remark(REJECTED, f"leaves code out ({found[0].strip()!r})")
    return None
