"""Which files of the workspace an import names: plain guesses by the custom of each language, nothing is run or configured."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from orchestra_lsp.model import Buffer

#: Folders below a workspace's root where sources stand by custom.
SOURCE_FOLDERS = ("", "src", "lib", "include", "src/main/java")
SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", "/index.ts", "/index.tsx", "/index.js")
PACKAGE_FILES = 6  # files of one Go package that are read

Guess = Callable[[str, Buffer, Sequence[str]], Iterator[str]]


def files_of(module: str, buffer: Buffer, roots: Sequence[str]) -> list[str]:
    """The existing files that `module`, as written in `buffer`, may stand for; all of them inside `roots`."""
    guess = _GUESSES.get(buffer.language)
    if guess is None or not buffer.path:
        return []
    inside = [os.path.join(os.path.realpath(root), "") for root in roots]
    found = dict.fromkeys(os.path.normpath(path) for path in guess(module, buffer, roots))
    real = [path for path in found if os.path.isfile(path)]
    # A link that leads out of the workspace is not followed: nothing else there is the person's project.
    return [path for path in real if any(os.path.realpath(path).startswith(root) for root in inside)]


def _python(module: str, buffer: Buffer, roots: Sequence[str]) -> Iterator[str]:
    here = os.path.dirname(buffer.path)
    name = module.lstrip(".")
    up = len(module) - len(name)
    parts = name.split(".") if name else []
    if up:
        folders = [os.path.join(here, *[".."] * (up - 1))]
    else:
        folders = [here, *(os.path.join(root, folder) for root in roots for folder in SOURCE_FOLDERS)]
    for folder in folders:
        whole = os.path.join(folder, *parts)
        if parts:
            yield whole + ".py"
        yield os.path.join(whole, "__init__.py")


def _script(module: str, buffer: Buffer, _roots: Sequence[str]) -> Iterator[str]:
    if module.startswith("."):
        whole = os.path.join(os.path.dirname(buffer.path), *module.split("/"))
        yield whole
        stem, extension = os.path.splitext(whole)
        yield from (base + end for base in ([whole, stem] if extension == ".js" else [whole]) for end in SCRIPTS)


def _c(module: str, buffer: Buffer, roots: Sequence[str]) -> Iterator[str]:
    folders = [os.path.dirname(buffer.path), *(os.path.join(root, folder) for root in roots for folder in SOURCE_FOLDERS)]
    yield from (os.path.join(folder, *module.split("/")) for folder in folders)


def _java(module: str, _buffer: Buffer, roots: Sequence[str]) -> Iterator[str]:
    yield from (os.path.join(root, folder, *module.split(".")) + ".java" for root in roots for folder in SOURCE_FOLDERS)


def _rust(module: str, buffer: Buffer, roots: Sequence[str]) -> Iterator[str]:
    first, *parts = module.split("::")
    if first in ("self", "super"):
        folders = [os.path.join(os.path.dirname(buffer.path), *[".."] * (first == "super")), os.path.dirname(buffer.path)]
    elif first == "crate":
        folders = [os.path.join(root, "src") for root in roots]
    else:
        return
    for folder in folders:
        for end in range(len(parts), 0, -1):  # the last parts may be items of the module
            whole = os.path.join(folder, *parts[:end])
            yield from (whole + ".rs", os.path.join(whole, "mod.rs"))


def _go(module: str, _buffer: Buffer, roots: Sequence[str]) -> Iterator[str]:
    """The longest end of the import path that is a folder of the workspace: what stands before it is the module's own name."""
    parts = module.split("/")
    for root in roots:
        for first in range(len(parts)):
            folder = os.path.join(root, *parts[first:])
            if first and os.path.isdir(folder):
                names = sorted(name for name in os.listdir(folder) if name.endswith(".go") and not name.endswith("_test.go"))
                yield from (os.path.join(folder, name) for name in names[:PACKAGE_FILES])
                return


_GUESSES: dict[str, Guess] = {
    "python": _python,
    **dict.fromkeys(("javascript", "typescript", "tsx"), _script),
    **dict.fromkeys(("c", "cpp"), _c),
    "java": _java,
    "rust": _rust,
    "go": _go,
}
