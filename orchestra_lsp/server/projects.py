"""The projects of a session: their own rules and what they have accepted, read when a document of theirs is first reviewed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.config import ReviewSettings
    from orchestra_lsp.review.project import Project

log = logging.getLogger("orchestra")

FOLDER = ".orchestra"
MOST_OTHERS = 2000  # codes of other servers


class Projects:
    """`of` is for the thread that reviews; everything else belongs to the event loop."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], Project] = {}
        self.others: frozenset[str] = frozenset()  # "ruff:F401": what other servers have told in these documents
        self.demoted: Mapping[str, frozenset[str]] = {}  # by root: rules that are ignored there

    def of(self, roots: Sequence[str], path: str, settings: ReviewSettings) -> Project:
        """The project of the innermost folder that holds the file; a file outside of all belongs to none."""
        from orchestra_lsp.review.project import read_project

        read = self._read  # forgotten meanwhile, it must not come back
        root = root_of(roots, path)
        key = (root, settings.baseline)
        if key not in read:
            read[key] = read_project(root, settings)
            for problem in (*read[key].problems, *filter(None, (read[key].complaint,))):
                log.warning("review: %s", problem)
        return read[key]

    def heard(self, told: Iterable[tuple[str, str]]) -> bool:
        """Other servers' diagnostics as source and code; whether any of them is new."""
        before = self.others
        self.others |= {f"{source.lower()}:{code}" for source, code in told if source and code}
        return len(self.others) <= MOST_OTHERS and self.others != before

    def forget(self) -> None:
        """Read them anew, because something in them has changed."""
        self._read = {}


def root_of(roots: Sequence[str], path: str) -> str:
    holding = [root for root in roots if path and os.path.abspath(path).startswith(os.path.abspath(root).rstrip(os.sep) + os.sep)]
    return max(holding, key=len, default="")


def concerns(path: str) -> bool:
    """Whether a file says something about its project's review."""
    return FOLDER in path.replace("\\", "/").split("/")
