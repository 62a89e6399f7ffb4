"""Quick reads of the store on one connection that stays open."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.store.file import connect

#: The file may have been set aside and begun anew by another process.
REOPEN_S: Final = 60.0


class Reader:
    """Reads take turns; safe from any thread, but never call it on an event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = 0.0

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Raises sqlite3.Error; the next read then opens the file again."""
        with self._lock:
            try:
                return self._open().execute(sql, values).fetchall()
            except sqlite3.Error:
                self._drop()
                raise

    def close(self) -> None:
        """Calling it twice is harmless."""
        with self._lock:
            self._drop()

    def _open(self) -> sqlite3.Connection:
        if self._connection and time.monotonic() - self._opened > REOPEN_S:
            self._drop()
        if self._connection is None:
            self._connection = connect(self._path)
            self._connection.execute("PRAGMA query_only = 1")
            self._opened = time.monotonic()
        return self._connection

    def _drop(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None
