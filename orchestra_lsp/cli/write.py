"""Make changes on disk: shown first when a tool wrote them, and never over something that has changed meanwhile."""

from __future__ import annotations

import difflib
import json
import os
import sys
import tempfile
from pathlib import Path

from orchestra_lsp.cli.render import Screen
from orchestra_lsp.cli.word import Options
from orchestra_lsp.commands.parts.values import value_of
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.syntax.text import encode


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
    for file in edits.files:
        _write(file)
        if not options.json:
            print(f"{'Changed' if file.buffer else 'Wrote'} {file.path}")
    return 0


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
    print(f"{edits.tool}: {edits.reason}", file=sys.stderr)


def _diff(file: FileEdit) -> str:
    before = (file.buffer.data if file.buffer else b"").decode("utf-8", "replace").splitlines(keepends=True)
    new = after(file).decode("utf-8", "replace").splitlines(keepends=True)
    lines = difflib.unified_diff(before, new, file.path if file.buffer else os.devnull, file.path)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _write(file: FileEdit) -> None:
    """Whole or not at all: a new file beside it takes its place."""
    path = Path(file.path)
    try:
        there = path.read_bytes() if path.exists() else None
        if there != (file.buffer.data if file.buffer else None):
            raise WrongUse(f"{path} has changed meanwhile; nothing was written to it. Try again.")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(after(file))
            os.chmod(name, path.stat().st_mode if path.exists() else 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
