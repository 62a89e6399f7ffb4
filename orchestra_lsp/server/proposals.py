"""Changes that an AI tool wrote and a person has not decided on yet."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.model import Buffer
from orchestra_lsp.server import convert
from orchestra_lsp.server.convert import FileChange
from orchestra_lsp.syntax.parse import splice
from orchestra_lsp.syntax.reanchor import reanchored
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from orchestra_lsp.server.documents import Documents

KEPT = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    id: str
    edits: Edits


class Proposals:
    """The last few, newest first. Belongs to the event loop."""

    def __init__(self) -> None:
        self._kept: list[Proposal] = []

    def add(self, proposal: Proposal) -> None:
        self._kept = [proposal, *self._kept][:KEPT]

    def drop(self, proposal_id: str) -> None:
        self._kept = [proposal for proposal in self._kept if proposal.id != proposal_id]

    def of(self, buffer: Buffer) -> list[Proposal]:
        """Those that change the document."""

        def changes_it(file: FileEdit) -> bool:
            return file.uri == buffer.uri or (file.path != "" and file.path == buffer.path)

        return [proposal for proposal in self._kept if any(map(changes_it, proposal.edits.files))]


def changes(documents: Documents, edits: Edits) -> list[FileChange] | None:
    """The edits for the texts as they are now; None when a place they would change has been edited meanwhile."""
    found = []
    for file in edits.files:
        change = _change(documents, file)
        if change is None:
            return None
        found.append(change)
    return found


def diff(edits: Edits) -> str:
    """The changes as a unified diff."""
    return "".join(_file_diff(file) for file in edits.files)


def _change(documents: Documents, file: FileEdit) -> FileChange | None:
    now = documents.buffer(file.uri) or documents.by_path(file.path)
    target = convert.uri_of(file.moved_to) if file.moved_to else ""
    if now is None:
        return FileChange(file.uri, file.buffer, file.edits, moved_to=target, deleted=file.deleted, care=file.care)
    before = file.buffer.data if file.buffer else b""
    moved = reanchored(file.edits, before, now.data) if not file.deleted or before == now.data else None
    return FileChange(now.uri, now, moved, now.version, target, file.deleted, file.care) if moved is not None else None


def _file_diff(file: FileEdit) -> str:
    before = decode(file.buffer.data) if file.buffer else ""
    after = decode(splice(file.buffer, file.edits).data) if file.buffer else "".join(edit.text for edit in file.edits)
    name = file.path or file.uri
    new = "/dev/null" if file.deleted else file.moved_to or name
    lines = difflib.unified_diff(_lines(before), _lines("" if file.deleted else after), name if file.buffer else "/dev/null", new)
    head = f"rename from {name}\nrename to {file.moved_to}\n" if file.moved_to else ""
    return head + "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").splitlines(keepends=True)
