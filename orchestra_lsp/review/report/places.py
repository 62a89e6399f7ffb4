"""Where something stands, as reports say it: lines and columns from 1 in code points, paths with forward slashes."""

from __future__ import annotations

import os
from dataclasses import dataclass

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.text import Encoding, position_at


@dataclass(frozen=True, slots=True)
class Region:
    """Ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


def region(buffer: Buffer, span: Span) -> Region:
    line, column = position_at(buffer, span.start, Encoding.UTF32)
    end_line, end_column = position_at(buffer, span.end, Encoding.UTF32)
    return Region(line + 1, column + 1, end_line + 1, end_column + 1)


def shown_path(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")
