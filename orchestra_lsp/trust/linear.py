"""Regular expressions whose time grows with the text alone: RE2 over bytes, imported at first use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1024)
def compiled(pattern: str, longest: bool = False) -> Any:
    """The regex over Latin-1 bytes, so that offsets are bytes; `longest`: of all matches at a place, the longest.

    Raises re2.error.
    """
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.longest_match = longest
    options.max_mem = 64 << 20
    return re2.compile(pattern.encode("latin-1"), options)


def which(patterns: tuple[str, ...]) -> Any:
    """All of `patterns` at once: `.Match(bytes)` gives the indices of those that occur."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    together = re2.Set.SearchSet(options)
    for pattern in patterns:
        together.Add(pattern.encode("latin-1"))
    together.Compile()
    return together
