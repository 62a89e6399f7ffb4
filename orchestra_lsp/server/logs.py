"""Logging to standard error, never with a word of the documents: of an error only its type and our own places are told."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from traceback import extract_tb

OURS = "orchestra"
FRAMEWORKS = ("pygls", "asyncio")


def set_up(level: str = "warning") -> None:
    """Log our own messages from `level` on (a name in `config.ServerSettings.log_level`); may be called again to change it.

    The frameworks stay silent: they log whole messages, and so source text. What they would report, we report ourselves.
    """
    logger = logging.getLogger(OURS)
    logger.setLevel(level.upper())
    logger.propagate = False
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("orchestra-lsp: %(levelname)s: %(message)s"))
        logger.addHandler(handler)
    for name in FRAMEWORKS:
        framework = logging.getLogger(name)
        framework.setLevel(logging.CRITICAL + 1)
        framework.propagate = False


def describe(error: BaseException) -> str:
    """An unexpected error in words without source text: its type and where it was raised."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def places(error: BaseException) -> str:
    """The whole way to the error, one place for each line, for the log."""
    return "\n".join(f"    {frame.filename}:{frame.lineno} in {frame.name}" for frame in extract_tb(error.__traceback__))
