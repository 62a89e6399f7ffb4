"""What a review of a whole project found, kept for each commit."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from orchestra_lsp.commands.registry import Context
from orchestra_lsp.model import Severity
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.trust import git

log = logging.getLogger("orchestra")


def record(context: Context, root: str, files: Sequence[Reviewed], lines: int) -> None:
    """Of a work tree as it was committed; a changed one belongs to no commit. A person's own store only: none is begun for this."""
    from orchestra_lsp.review.tally import project_key
    from orchestra_lsp.store.records import TrendRecord
    from orchestra_lsp.store.store import default_path, open_store

    if not context.loaded.settings.server.store or not default_path().exists() or not (revision := _revision(root)):
        return
    store, problem = open_store(default_path())
    if problem:
        log.warning("%s", problem)
    if store is None:
        return
    found = Counter(finding.severity for file in files for finding in file.findings)
    counts = [found[severity] for severity in Severity]
    store.put(TrendRecord(project_key(root), revision, time.time_ns() // 1000, len(files), lines, *counts))
    store.close()


def _revision(root: str) -> str:
    """The commit that the tracked files are those of; empty where there is none."""
    try:
        if git.run(Path(root), ("status", "--porcelain", "--untracked-files=no", "--ignore-submodules")):
            return ""
        return git.run(Path(root), ("rev-parse", "--verify", "--quiet", "HEAD")).decode().strip()
    except git.GitFailed as error:
        log.debug("no trend is kept: %s", error)
        return ""
