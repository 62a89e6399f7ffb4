"""What an agent changed in its copy, held against what the person's files are now: edits where both fit, conflicts where they do not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestra_lsp.model import Buffer, Edit
from orchestra_lsp.syntax.line_edits import line_edits
from orchestra_lsp.syntax.parse import open_text
from orchestra_lsp.syntax.reanchor import reanchored
from orchestra_lsp.syntax.text import encode
from orchestra_lsp.trust import encoding
from orchestra_lsp.trust.encoding import UTF8, Form
from orchestra_lsp.trust.returned import Change, Rejected
from orchestra_lsp.trust.workcopy import Original, digest


@dataclass(frozen=True, slots=True)
class FileChange:
    """What is to become of one file. `before` None: it does not exist yet; its text, without a mark, is what `edits` refer to.

    `moved_to`: its new absolute path, if it is renamed. `form`: how the file is written on disk. `care`: why this one wants the person's
    own word.
    """

    path: str
    uri: str
    before: Buffer | None
    edits: tuple[Edit, ...] = ()
    moved_to: str = ""
    deleted: bool = False
    form: Form = UTF8
    care: str = ""


def reconcile(changes: Sequence[Change], opened: Sequence[Buffer]) -> tuple[tuple[FileChange, ...], tuple[Rejected, ...]]:
    """What can be done, and the conflicts: files the person has changed at the same places meanwhile. `opened` are the documents as
    they are now. Reads the files that are not open.
    """
    now = {os.path.realpath(buffer.path): buffer for buffer in opened if buffer.path}
    files: list[FileChange] = []
    conflicts: list[Rejected] = []
    for change in changes:
        settled = _created(change, now) if change.original is None else _settled(change, change.original, now)
        if isinstance(settled, str):
            conflicts.append(Rejected(change.path, settled))
        elif settled is not None:
            files.append(settled)
    return tuple(sorted(files, key=_order)), tuple(conflicts)


def _order(file: FileChange) -> tuple[int, str]:
    """Edits before what moves files, and deletions before new files, which may need their place."""
    return (3 if file.before is None else 1 if file.deleted else 2 if file.moved_to else 0), file.path


def _created(change: Change, now: Mapping[str, Buffer]) -> FileChange | str | None:
    """None: it is there already, word for word."""
    text = change.text or ""
    opened = now.get(os.path.realpath(change.target))
    if opened is None and not os.path.lexists(change.target):
        edits = line_edits(b"", encode(text))
        return FileChange(change.target, Path(change.target).as_uri(), None, edits, care=change.care)
    there = opened or _on_disk(change.target, UTF8)
    return None if there and there.data == encode(text) else "a file of this name is there already"


def _settled(change: Change, original: Original, now: Mapping[str, Buffer]) -> FileChange | str | None:
    """None: nothing is left to do."""
    there = now.get(os.path.realpath(original.path)) or _on_disk(original.path, original.form)
    if there is None:
        return None if change.deleted else "you have deleted or replaced it meanwhile"
    same = digest(there.data) == original.plain
    file = FileChange(original.path, there.uri, there, form=original.form, care=change.care)
    if change.deleted:
        return replace(file, deleted=True) if same else "you have changed it meanwhile, and the agent deleted it"
    if change.target != original.path:
        if os.path.lexists(change.target) and not _is_same(change.target, original.path):
            return f"it would become {os.path.basename(change.target)}, and a file of this name is there already"
        file = replace(file, moved_to=change.target)
    if change.text is not None:
        edits = _merged(there if same else _base(original), encode(change.text), there)
        if edits is None:
            return "you have changed it meanwhile, at the same places or on disk"
        file = replace(file, edits=edits)
    return file if file.edits or file.moved_to else None


def _merged(base: Buffer | None, wanted: bytes, there: Buffer) -> tuple[Edit, ...] | None:
    """The edits from `base` to `wanted`, as edits of what is there now; None where they meet the person's own."""
    if base is None:
        return None
    edits = line_edits(base.data, wanted)
    return edits if base.data == there.data else reanchored(edits, base.data, there.data)


def _base(original: Original) -> Buffer | None:
    """The text that was copied, if it can still be had."""
    if original.buffer is not None:
        return original.buffer
    on_disk = _on_disk(original.path, original.form)
    return on_disk if on_disk and digest(on_disk.data) == original.plain else None


def _on_disk(path: str, form: Form) -> Buffer | None:
    """A file's text without its mark. None for links too: what they lead to was never copied from here."""
    try:
        read = None if os.path.islink(path) else encoding.decoded(Path(path).read_bytes(), form)
    except OSError:
        return None
    return open_text(Path(path).as_uri(), path, 0, "text", read[0].encode()).buffer if read else None


def _is_same(one: str, other: str) -> bool:
    """Whether two names are one file, as where case does not count."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
