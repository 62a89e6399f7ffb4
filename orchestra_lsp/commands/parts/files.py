"""Which files a command looks at when a person names files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.model import Buffer
from orchestra_lsp.syntax.language import detect
from orchestra_lsp.syntax.parse import read_buffer
from orchestra_lsp.trust import git

#: Folders of other people's code; named outright, such a folder is read all the same.
VENDORED: Final = frozenset({"node_modules", "bower_components", "vendor", "third_party", "site-packages", "Pods"})
#: Folders of generated files, where no .gitignore can tell.
BUILT: Final = frozenset({"venv", "env", "__pycache__", "dist", "build", "target", "out", "coverage"})
BINARY: Final = "is binary"
HEAD: Final = 8192  # bytes in which a null byte makes a file binary
GENERATED: Final = (".min.js", ".bundle.js", ".pb.go", "_pb2.py")


def find(paths: Sequence[str]) -> Iterator[str]:
    """Files to read, each once, as the person would write them. Raises WrongUse for a path that is not there, or a closed folder."""
    for path in paths:
        if not os.path.lexists(path):
            raise WrongUse(f"There is no file or folder {path!r}.")
        if os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK):
            raise WrongUse(f"The folder {path} cannot be read: you have no right to.")
    seen: set[str] = set()
    for path in paths:
        for found in _below(path) if os.path.isdir(path) else (path,):
            real = os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield found


def read(path: str, max_bytes: int) -> Buffer | str:
    """The file, or why it is not looked at."""
    try:
        size = os.stat(path).st_size
        if not os.path.isfile(path):
            return "is not a regular file"
        if size > max_bytes:
            return f"is larger than server.max_document_bytes ({size} of {max_bytes} bytes)"
        buffer = read_buffer(Path(path))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return BINARY if b"\0" in buffer.data[:HEAD] else buffer


def _below(folder: str) -> Iterator[str]:
    for relative in _listed(folder) or _walked(folder):
        if _ours(relative):
            path = relative if folder == os.curdir else os.path.join(folder, relative)
            if os.path.isdir(path):  # another repository inside this one: git names only its folder
                yield from _below(path)
            elif os.path.isfile(path) and not os.path.islink(path) and _source(path):
                yield path


def _listed(folder: str) -> list[str]:
    try:
        return git.listed(Path(folder))
    except git.GitFailed:
        return []  # no repository, or no git: walk instead


def _walked(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _ours(name) and name not in BUILT)
        for name in sorted(files):
            yield os.path.relpath(os.path.join(here, name), folder)


def _ours(relative: str) -> bool:
    parts = relative.replace(os.sep, "/").rstrip("/").split("/")
    return not any(part.startswith(".") or part in VENDORED for part in parts) and not relative.endswith(GENERATED)


def _source(path: str) -> bool:
    """Known by its name, or without an extension, so that only its content can tell."""
    return detect("", path, b"") != "text" or not os.path.splitext(path)[1]
