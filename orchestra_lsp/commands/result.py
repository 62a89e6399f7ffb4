"""What a command gives back: a small closed set of frozen values that every door can show."""

from __future__ import annotations

from dataclasses import dataclass

from orchestra_lsp.model import Buffer, Edit, Severity
from orchestra_lsp.review.reviewed import Reviewed
from orchestra_lsp.trust.encoding import UTF8, Form


@dataclass(frozen=True, slots=True)
class Text:
    """Something to read, in Markdown."""

    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class FileEdit:
    """Edits of one file; they refer to `buffer`. `buffer` None: the file does not exist yet and starts empty.

    `moved_to`: the absolute path it is renamed to after them. `form`: how the file is written on disk, where that is not the bytes of
    `buffer`. `care`: why this one wants the person's own word, whatever else was agreed to.
    """

    path: str
    uri: str
    buffer: Buffer | None
    edits: tuple[Edit, ...]
    moved_to: str = ""
    deleted: bool = False
    form: Form = UTF8
    care: str = ""


@dataclass(frozen=True, slots=True)
class Edits:
    """Changes the door should make.

    `tool` names the AI tool that wrote them and `reason` why it was picked; such edits are shown before they are made.
    Empty: nobody guessed, the person asked for exactly this. `notes` are sentences about what is not among the edits, and why;
    `said` is what the tool said of it; `suggestion` is the id under which the orchestra hears what becomes of it.
    """

    title: str
    files: tuple[FileEdit, ...]
    tool: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    said: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people and the same as JSON-able `value` for programs; `ok` False: something in it needs care."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    value: object
    notes: tuple[str, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Findings:
    """A review. `files` holds every file that was read; `skipped` says which were not, and why.

    `fail_on`: findings below this severity do not fail a gate; None: none does. `fixed`: safe fixes that the door should make; the
    findings are what is left after them. `told`: the door has shown every file with findings while the review went on.
    """

    title: str
    files: tuple[Reviewed, ...]
    skipped: tuple[str, ...] = ()
    fail_on: Severity | None = Severity.HINT
    fixed: Edits | None = None
    told: bool = False


Result = Text | Edits | Table | Findings


def counted(number: int, what: str) -> str:
    """A number and a noun: "1 file", "2 files"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
