"""Bring a database to this version's schema by numbered SQL files, under one lock, so that several processes may start at once."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources


class SchemaError(Exception):
    """The file belongs to a newer version of this program, or its past migrations differ from ours."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Apply what is missing. Raises SchemaError, or sqlite3.Error; then nothing was changed."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration"
            " (number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, applied_at_us INTEGER NOT NULL) STRICT"
        )
        applied = dict(connection.execute("SELECT number, sha256 FROM schema_migration"))
        _refuse_strangers(applied, steps)
        for step in steps:
            if step.number not in applied:
                for statement in _statements(step.sql):
                    connection.execute(statement)
                connection.execute("INSERT INTO schema_migration VALUES (?, ?, ?)", (step.number, step.digest, time.time_ns() // 1000))
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def migrations() -> tuple[Migration, ...]:
    """The numbered files of store/migrations, in order."""
    folder = resources.files("orchestra_lsp.store").joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    # Line ends are made equal, so that a checkout on Windows has the same digest.
    return tuple(Migration(int(file.name[:4]), file.read_text(encoding="utf-8").replace("\r\n", "\n")) for file in files)


def _refuse_strangers(applied: dict[int, str], steps: Sequence[Migration]) -> None:
    known = {step.number: step.digest for step in steps}
    for number, digest in applied.items():
        if number not in known:
            raise SchemaError(f"the store has migration {number}, which this version does not know; it was used by a newer Orchestra LSP")
        if known[number] != digest:
            raise SchemaError(f"migration {number} of the store differs from this version's")


def _statements(sql: str) -> list[str]:
    """Split on complete statements: executescript would commit the transaction that guards the migration."""
    found: list[str] = []
    pending = ""
    for line in sql.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
