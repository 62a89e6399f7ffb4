"""Which languages learn from each other: what is usual in Go says nothing about Python, but much of TypeScript holds in JavaScript."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from orchestra_lsp.syntax.language import definition, names

#: Endings without a grammar here whose files are written in, or around, a language that has one.
_RELATED: Final[Mapping[str, str]] = {".vue": "javascript", ".svelte": "javascript", ".m": "c", ".mm": "c", ".gradle": ".groovy"}


def family(language: str, path: str) -> str:
    """The name of the family; files of an unknown language go by the ending of their names."""
    if language in names():
        return definition(language).family
    ending = os.path.splitext(path)[1].lower()
    return _RELATED.get(ending, ending)
