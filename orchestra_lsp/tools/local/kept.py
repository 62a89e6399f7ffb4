"""Finished indexes in the user's cache folder: one file for each workspace, mapped into memory at the next start."""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.tools.local.segment import Segment

log = logging.getLogger(__name__)

ENDING = ".ngram"
#: Indexes kept for all workspaces together; those used longest ago go first.
_MOST_KEPT = 16
_MOST_BYTES = 1_500_000_000


def folder() -> Path:
    """`$ORCHESTRA_CACHE`, else beside `$ORCHESTRA_STORE` when that is set, else the platform's cache folder."""
    if named := os.environ.get("ORCHESTRA_CACHE"):
        return Path(named)
    if store := os.environ.get("ORCHESTRA_STORE"):
        return Path(store).parent / "index"
    import platformdirs

    return Path(platformdirs.user_cache_dir("orchestra-lsp", appauthor=False)) / "index"


def key_of(roots: Sequence[str], max_files: int, max_bytes: int) -> str:
    """What the files of a workspace's indexes are called; other caps make another index."""
    said = json.dumps([[os.path.normcase(root) for root in roots], max_files, max_bytes])
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def new_path(key: str) -> str:
    """Where to write a new index: under a new name, as an older one may be mapped. "" when the cache folder cannot be written to."""
    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        log.warning("the index is not kept: %s", error)
        return ""
    return str(where / f"{key}-{time.time_ns()}{ENDING}") if os.access(where, os.W_OK) else ""


def load(key: str) -> tuple[Segment, str] | None:
    """The newest whole index of a workspace, and its file; broken ones and those of another version are removed with a line in the log."""
    from orchestra_lsp.tools.local.segment import NotASegment

    for path in _newest_first(key):
        try:
            segment = mapped(str(path))
            os.utime(path)  # used now
        except (NotASegment, OSError, ValueError) as error:
            log.warning("a kept index is built anew: %s: %s", path.name, error)
            _remove(path)
            continue
        return segment, str(path)
    return None


def mapped(path: str) -> Segment:
    """The index in a file, read as it is needed. Raises NotASegment, OSError or ValueError (an empty file)."""
    from orchestra_lsp.tools.local.segment import Segment

    with open(path, "rb") as file:
        return Segment(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), check=True)


def tidy(key: str, path: str) -> None:
    """After writing `path`: remove older indexes of the same workspace, and those that are too many."""
    for other in _newest_first(key):
        if str(other) != path:
            _remove(other)
    size = 0
    for number, other in enumerate(_newest_first("")):
        size += _size(other)
        if number >= _MOST_KEPT or size > _MOST_BYTES:
            _remove(other)


def _newest_first(key: str) -> list[Path]:
    return sorted(_files(key), key=_changed, reverse=True)


def _files(key: str) -> Iterator[Path]:
    try:
        with os.scandir(folder()) as entries:
            for entry in entries:
                if entry.name.startswith(key) and entry.name.endswith(ENDING):
                    yield Path(entry.path)
    except OSError as error:
        log.debug("no kept indexes: %s", error)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0  # another process removed it


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # another process removed it


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:  # on Windows a file that is still mapped cannot go; the next start tries again
        log.debug("an old index stays: %s", error)
