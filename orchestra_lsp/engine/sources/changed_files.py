"""What differs from the last commit, by git: the change that the person is in the middle of."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from orchestra_lsp.engine.sources.piece import Piece, View, jaccard, words
from orchestra_lsp.syntax.text import decode
from orchestra_lsp.trust import git

log = logging.getLogger("orchestra")

FRESH_S = 15.0  # between two looks: git is a process of its own
MOST_BYTES = 60_000
MOST_LINES = 30  # of one change
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/")
DIFF: Final = ("diff", *_PLAIN, "-U2", "HEAD", "--", ".")
_FILE = re.compile(r"^\+\+\+ b/(.+?)\t?$", re.MULTILINE)


class ChangedFiles:
    """Looks again at most every FRESH_S; what is older serves meanwhile."""

    name: Final = "git"
    budget_s: Final = 0.05

    def __init__(self) -> None:
        self._looked: dict[str, tuple[float, tuple[tuple[str, str], ...]]] = {}

    def find(self, view: View) -> Sequence[Piece]:
        opened = {os.path.normcase(buffer.path) for buffer in (view.ask.buffer, *view.ask.neighbours)}
        found = []
        for root in view.ask.roots:
            for path, text in self._changes(root):
                if os.path.normcase(path) not in opened and view.allowed(path):
                    value = 0.1 + min(0.5, 2 * jaccard(view.near, words(text)))
                    found.append(Piece(path, Path(path).as_uri(), text, value))
        return found

    def _changes(self, root: str) -> tuple[tuple[str, str], ...]:
        looked = self._looked.get(root)
        if looked is None or time.monotonic() - looked[0] > FRESH_S:
            changes = tuple(_parsed(root, _diff(root))) if os.path.exists(os.path.join(root, ".git")) else ()
            self._looked[root] = looked = (time.monotonic(), changes)
        return looked[1]


def _diff(root: str) -> str:
    """Empty when git is missing or refuses, as it does before the first commit."""
    try:
        return decode(git.run(Path(root), DIFF)[:MOST_BYTES])
    except git.GitFailed as error:
        log.debug("context: %s", error)
        return ""


def _parsed(root: str, diff: str) -> Iterator[tuple[str, str]]:
    """The new text of every change, with its file."""
    for part in re.split(r"^diff --git ", diff, flags=re.MULTILINE)[1:]:
        name = _FILE.search(part)
        if name is None:  # deleted or binary
            continue
        path = os.path.join(root, *name[1].split("/"))
        for hunk in re.split(r"^@@ .*\n", part, flags=re.MULTILINE)[1:]:
            lines = [line[1:] for line in hunk.splitlines(keepends=True) if line[:1] in (" ", "+")]
            if lines:
                yield path, "".join(lines[:MOST_LINES])
