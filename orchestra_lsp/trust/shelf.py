"""Temporary folders that go away: at the end of their use, and after a crash at the next use by anybody.

The name of a folder says which process owns it, so that a sweep can tell the dead from the living.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.trust.alive import is_alive, started

log = logging.getLogger("orchestra")

PREFIX: Final = "orchestra-copy-"
#: After this time a folder is given up, whoever owns it: no change takes that long.
MAX_AGE_S: Final = 2 * 24 * 3600
_NAME: Final = re.compile(re.escape(PREFIX) + r"(?P<pid>\d+)-(?P<start>\d+)-(?P<space>\d+)-")
_TRIES: Final = 3


def make(parent: Path | None = None) -> Path:
    """A new private folder that is owned by this process; those of dead owners are swept first. Raises OSError."""
    home = Path(os.path.realpath(parent or tempfile.gettempdir()))
    sweep(home)
    pid = os.getpid()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{pid}-{started(pid)}-{_space()}-", dir=home))


def sweep(parent: Path) -> None:
    """Remove the folders of owners that are gone."""
    for folder in left_behind(parent):
        remove(folder)


def left_behind(parent: Path) -> list[Path]:
    """This person's folders whose owner has ended, or that are too old for any."""
    try:
        found = [entry for entry in os.scandir(parent) if _NAME.match(entry.name)]
    except OSError as error:
        log.debug("the temporary folder cannot be listed: %s", error.strerror)
        return []
    return [Path(entry.path) for entry in found if _is_ours(entry) and _is_over(entry)]


def remove(folder: Path) -> None:
    """Remove it with all that is in it, write-protected or not. What cannot be removed now is left to the next sweep, and told."""
    for attempt in range(_TRIES):
        if attempt:  # a program that is just ending may still be writing
            time.sleep(0.1 * attempt)
        shutil.rmtree(folder, onerror=_open_up)
        if not folder.exists():
            return
    log.warning("the temporary folder %s cannot be removed", folder)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    return entry.is_dir(follow_symlinks=False) and (not hasattr(os, "getuid") or status.st_uid == os.getuid())


def _is_over(entry: os.DirEntry[str]) -> bool:
    told = _NAME.match(entry.name)
    if told is None:
        return False
    with contextlib.suppress(OSError):
        if time.time() - entry.stat(follow_symlinks=False).st_mtime > MAX_AGE_S:
            return True
    if int(told["space"]) != _space():
        return False  # in another container the number means another process
    pid, start = int(told["pid"]), int(told["start"])
    return not is_alive(pid) or started(pid) != start


@cache
def _space() -> int:
    """The name space that process numbers belong to."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def _open_up(function: Callable[..., Any], path: str, error: Any) -> None:
    """Give back the rights that were taken away, and try once more."""
    if isinstance(error[1], FileNotFoundError):
        return
    with contextlib.suppress(OSError):  # told by `remove`
        os.chmod(os.path.dirname(path), 0o700)
        if not os.path.islink(path):
            os.chmod(path, 0o700)
        if function in (os.open, os.scandir):  # rmtree could not look into the folder
            shutil.rmtree(path, ignore_errors=True)
        else:
            function(path)
