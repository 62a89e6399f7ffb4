"""The database file itself: opening it, bringing it to this version's schema, telling what is wrong with it, setting it aside."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from orchestra_lsp.store.migrate import migrate, migrations

BUSY_MS: Final = 5000  # another process may be writing; measured to be enough for eight of them
ALONE_S: Final = 2.0  # setting a file aside takes a few ms
WAL_BYTES: Final = 4_000_000  # the log beside the file is cut back to this

_PRIMARY: Final = 0xFF  # extended result codes keep the kind of error in their low byte


def connect(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1e3, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        # NORMAL in WAL mode: a killed process loses nothing that was committed, a power cut at most the last commits.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def create(path: Path) -> None:
    """Make the file, or bring it to this version's schema. Raises sqlite3.Error or SchemaError."""
    connection = connect(path)
    try:
        # Changing the mode fails with "locked" while another process does the same, so only the first one changes it.
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _to_wal(connection)
        migrate(connection, migrations())
    finally:
        connection.close()


def is_lock(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_damage(error: Exception) -> bool:
    """Whether the file is no (longer a) database; a full disk or a missing permission is none."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def repair(path: Path, why: str) -> str:
    """Set a damaged file aside, unless another process has done so already, and begin a new one; what to tell a person.

    The log beside it goes with it: what is in there belongs to the old file.
    """
    try:
        with _alone(path):  # else a second process could set the new file of the first one aside
            if _is_sound(path):
                return f"was damaged ({why}); another process has begun a new one already"
            aside = _free_name(path)
            for extra in ("", "-wal", "-shm"):
                part = path.with_name(path.name + extra)
                if part.exists():
                    part.rename(aside.with_name(aside.name + extra))
            create(path)
    except (OSError, sqlite3.Error) as error:
        return f"is damaged ({why}) and could not be set aside: {error}"
    return f"was damaged ({why}); it was set aside as {aside.name} and a new one begun"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time. A mark that outlasts ALONE_S was left by one that was killed. Raises OSError."""
    mark, until = path.with_name(path.name + ".repair"), time.monotonic() + ALONE_S
    while True:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > until:
                mark.unlink(missing_ok=True)
            time.sleep(0.02)
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def _is_sound(path: Path) -> bool:
    try:
        connection = connect(path)
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (path.with_name(f"{path.name}.broken-{stamp}{f'-{number}' if number else ''}") for number in range(1000))
    return next(name for name in names if not name.exists())


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY


def _to_wal(connection: sqlite3.Connection) -> None:
    until = time.monotonic() + BUSY_MS / 1e3
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
