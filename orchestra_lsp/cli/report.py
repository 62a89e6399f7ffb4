"""A review for another program on standard output, in one of the formats of `review/report/`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from orchestra_lsp.review.own_pages import own_pages
from orchestra_lsp.review.pages import rules
from orchestra_lsp.review.reviewed import Reviewed


def write(files: Sequence[Reviewed], form: str, root: str) -> None:
    """Always UTF-8, whatever the terminal speaks, because the formats say so."""
    own, _ = own_pages(root)
    known = {**rules(), **{page.rule.id: page.rule for page in own}}
    text: str = import_module(f"orchestra_lsp.review.report.{form}").write(files, known)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
