"""Which files of a workspace are worth learning from: source code that a person wrote, ignore files honoured, all within caps."""

from __future__ import annotations

import heapq
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.trust.paths import refusal

MAX_FILE_BYTES = 500_000
#: Names looked at in one workspace, and seconds spent on it: enough for 200,000 files, and an end to everything else.
_MAX_LISTED = 400_000
_LIST_S = 30.0
#: A line this long on average is minified, generated or data.
_MINIFIED_COLUMNS = 160
_FOLDERS = (
    "node_modules bower_components vendor third_party venv env site-packages __pycache__ build dist out target coverage Pods DerivedData"
)
_SKIPPED_FOLDERS = frozenset(_FOLDERS.split())
_SKIPPED_ENDINGS = (".min.js", ".bundle.js", ".pb.go", "_pb2.py", "_pb2.pyi", ".g.dart", ".designer.cs", ".d.ts.map")
#: Languages without a grammar here, whose words are worth learning all the same.
_ENDINGS = (
    ".rb .php .swift .kt .kts .scala .cs .fs .dart .lua .sh .bash .zsh .fish .pl .pm .r .jl .ex .exs .erl .hs .ml .mli .clj .zig .nim "
    ".vue .svelte .m .mm .groovy .gradle .sql .proto .graphql .cmake .vim .el .css .scss .less .html .tf"
)
_MORE_CODE = frozenset(_ENDINGS.split())


@dataclass(frozen=True, slots=True)
class Caps:
    """How much is read: files, and bytes of all of them."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it is learned from."""

    path: str
    language: str
    text: str


def listed(root: str, caps: Caps) -> list[str]:
    """Absolute paths of the source files below a folder; the ones changed last when there are more than the caps allow."""
    end = time.monotonic() + _LIST_S
    # Git lists nothing when the folder as a whole is ignored; whoever opens such a folder wants it read.
    names: Iterable[str] = _by_git(root, end) or _by_walking(root, end)
    found = []
    for number, name in enumerate(names):
        if number >= _MAX_LISTED:
            break
        if is_source(name):
            found.append(os.path.join(root, name))
    return found if len(found) <= caps.files else heapq.nlargest(caps.files, found, key=_changed_at)


def is_source(relative: str) -> bool:
    """Whether a path below a workspace folder looks like code that a person wrote."""
    parts = relative.replace("\\", "/").split("/")
    if any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in parts[:-1]):
        return False
    name = parts[-1]
    if name.startswith(".") or name.endswith(_SKIPPED_ENDINGS) or refusal(relative, ()):
        return False
    return language_of(name) != UNKNOWN or os.path.splitext(name)[1].lower() in _MORE_CODE


def language_of(path: str) -> str:
    """By the file's name alone."""
    return detect("", path, b"")


def read(path: str) -> Source | None:
    """A file's text; None when it is too large, binary, minified or cannot be read."""
    try:
        # A link may point outside the workspace, and its target is listed by itself when it lies inside.
        if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > MAX_FILE_BYTES:
            return None
        data = Path(path).read_bytes()
    except OSError:
        return None
    if b"\0" in data or not data or len(data) / (1 + data.count(b"\n")) > _MINIFIED_COLUMNS:
        return None
    return Source(path, language_of(path), data.decode("utf-8", "replace"))


def _by_git(root: str, end: float) -> list[str]:
    """Tracked and new files by git itself, so that every ignore file counts; none where git cannot tell."""
    # Settings of a repository can name programs to run at this very command: they stay switched off.
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "ls-files", "-z", "-co", "--exclude-standard"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    limit = max(1.0, end - time.monotonic())
    try:
        run = subprocess.run(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [os.fsdecode(name) for name in run.stdout.split(b"\0") if name]


def _by_walking(root: str, end: float) -> Iterator[str]:
    """All files; links to folders are not followed, so there are no loops, and unreadable folders are left out."""
    for folder, folders, names in os.walk(root, followlinks=False):
        if time.monotonic() > end:
            return
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        below = os.path.relpath(folder, root)
        for name in names:
            yield name if below == "." else os.path.join(below, name)


def _changed_at(path: str) -> float:
    try:
        return os.stat(path, follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def within(path: str, roots: Sequence[str]) -> str | None:
    """The path relative to the folder of `roots` that holds it; None when none does."""
    for root in roots:
        relative = os.path.relpath(path, root) if os.path.splitdrive(path)[0].lower() == os.path.splitdrive(root)[0].lower() else ".."
        if relative != ".." and not relative.startswith(".." + os.sep):
            return relative
    return None
