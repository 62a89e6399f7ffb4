"""Make changes on disk: shown first when a tool wrote them, and never over something that has changed meanwhile."""

from __future__ import annotations

import difflib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orchestra_lsp.cli.render import Screen
from orchestra_lsp.cli.word import Options
from orchestra_lsp.commands.parts.values import value_of
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.syntax.text import encode
from orchestra_lsp.trust.encoding import UTF8


def make(edits: Edits, screen: Screen, options: Options) -> int:
    """Exit code 0, also when the person said no. Raises WrongUse when a file cannot be written."""
    if options.json:
        json.dump(value_of(edits), sys.stdout, indent=2)
        sys.stdout.write("\n")
    if edits.tool and not options.json:
        _show(edits, screen)
    if edits.tool and not options.yes and not screen.ask(f"{edits.title}?"):
        print("Nothing was changed." + ("" if screen.asks else " Say --yes to make these changes."), file=sys.stderr)
        return 0
    files = _agreed(edits.files, screen)
    for file in files:
        _check(file)
    for file in files:
        _write(file)
        if not options.json:
            print(_told(file))
    return 0


def make_beside(edits: Edits) -> None:
    """Make edits that nobody has to be asked about, and tell it on standard error: the result is something else."""
    for file in edits.files:
        _check(file)
    for file in edits.files:
        _write(file)
        print(_told(file), file=sys.stderr)


def _agreed(files: Sequence[FileEdit], screen: Screen) -> list[FileEdit]:
    """Without those that want a word of their own and do not get it: `--yes` is said before anybody has seen them."""
    agreed = []
    for file in files:
        if file.care and not screen.ask(f"{file.path}: {file.care}. Change it all the same?"):
            print(
                f"Left as it is: {file.path} ({file.care})." + ("" if screen.asks else " Answer in a terminal to change it."),
                file=sys.stderr,
            )
        else:
            agreed.append(file)
    return agreed


def _told(file: FileEdit) -> str:
    if file.deleted:
        return f"Deleted {file.path}"
    if file.moved_to:
        return f"Renamed {file.path} to {file.moved_to}"
    return f"{'Changed' if file.buffer else 'Wrote'} {file.path}"


def after(file: FileEdit) -> bytes:
    """The whole file with its edits made."""
    data = file.buffer.data if file.buffer else b""
    for edit in sorted(file.edits, key=lambda edit: edit.span, reverse=True):
        data = data[: edit.span.start] + encode(edit.text) + data[edit.span.end :]
    return data


def _show(edits: Edits, screen: Screen) -> None:
    text = "".join(_diff(file) for file in edits.files)
    if screen.plain:
        sys.stdout.write(text)
    else:
        from rich.syntax import Syntax

        screen.out.print(Syntax(text, "diff", theme="ansi_dark", background_color="default", word_wrap=True))
    print("\n".join((*edits.notes, f"{edits.tool}: {edits.reason}")), file=sys.stderr)


def _diff(file: FileEdit) -> str:
    before = (file.buffer.data if file.buffer else b"").decode("utf-8", "replace").splitlines(keepends=True)
    new = [] if file.deleted else after(file).decode("utf-8", "replace").splitlines(keepends=True)
    target = os.devnull if file.deleted else file.moved_to or file.path
    lines = difflib.unified_diff(before, new, file.path if file.buffer else os.devnull, target)
    head = f"rename from {file.path}\nrename to {file.moved_to}\n" if file.moved_to else ""
    return head + "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _check(file: FileEdit) -> None:
    """Raises WrongUse when somebody has changed meanwhile what is to be changed."""
    path = Path(file.path)
    try:
        there = path.read_bytes() if path.exists() else None
        if there != (_on_disk(file, file.buffer.data) if file.buffer else None):
            raise WrongUse(f"{path} has changed meanwhile; nothing was written to it. Try again.")
        if file.moved_to and os.path.lexists(file.moved_to) and not path.samefile(file.moved_to):
            raise WrongUse(f"{file.moved_to} is there already; nothing was written. Try again.")
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}.") from error


def _on_disk(file: FileEdit, data: bytes) -> bytes:
    """Text in UTF-8 as the file is written."""
    if file.form == UTF8:
        return data
    try:
        return file.form.encode(data.decode())
    except UnicodeEncodeError as error:
        raise WrongUse(f"{file.path} is written in {file.form.codec}, which has no {error.object[error.start]!r}.") from error


def _write(file: FileEdit) -> None:
    """Whole or not at all: a new file beside it takes its place."""
    path, target = Path(file.path), Path(file.moved_to or file.path)
    try:
        if file.deleted:
            path.unlink()
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_on_disk(file, after(file)))
            os.chmod(name, path.stat().st_mode if path.exists() else 0o666 & ~_umask())
            os.replace(name, target)
            if file.moved_to and not (path.exists() and path.samefile(target)):
                path.unlink()
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
