"""The few questions asked of git. Every call is bounded, reads only, and runs nothing a repository's own settings name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 20.0
# A clone's own configuration may name programs for these; a review must not start them.
SAFE: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "core.quotePath=false")
HUNK: Final = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
FILE_MODES: Final = (b"100644", b"100755")  # neither links nor submodules


class GitFailed(Exception):
    """Git is missing, or refused: what it said."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged file: its path below the repository's root, its staged content, and the added or changed lines from 0."""

    path: str
    data: bytes
    lines: frozenset[int]


def listed(folder: Path) -> list[str]:
    """Files below `folder` that git tracks or would track, relative to it. Raises GitFailed."""
    out = _git(folder, ("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    return sorted({os.fsdecode(name) for name in out.split(b"\0") if name})


def root_of(folder: Path) -> Path:
    """The top of the work tree. Raises GitFailed."""
    return Path(os.fsdecode(_git(folder, ("rev-parse", "--show-toplevel")).rstrip(b"\r\n")))


def staged(root: Path) -> list[Staged]:
    """What the next commit would add or change. Raises GitFailed."""
    options = ("diff", "--cached", "--diff-filter=ACM", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-abbrev")
    entries = list(_raw_entries(_git(root, (*options, "--raw", "-z"))))
    patches = _patches(_git(root, (*options, "-U0", "--src-prefix=a/", "--dst-prefix=b/")))
    wanted = [(path, blob, patch) for (mode, blob, path), patch in zip(entries, patches, strict=True) if mode in FILE_MODES]
    contents = _contents(root, [blob for _, blob, _ in wanted])
    return [Staged(path, data, _changed_lines(patch)) for (path, _, patch), data in zip(wanted, contents, strict=True)]


def _git(folder: Path, arguments: Sequence[str], stdin: bytes = b"") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise GitFailed("git is not installed or not on the PATH")
    command = [program, "--no-optional-locks", *SAFE, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git {arguments[0]} did not end within {TIMEOUT_S:.0f} s") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitFailed(said[0] if said else f"git {arguments[0]} failed with {done.returncode}")
    return done.stdout


def _raw_entries(out: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    """`:oldmode newmode oldblob newblob status NUL path NUL` of --raw -z as (mode, blob, path)."""
    parts = iter(out.split(b"\0"))
    for head in parts:
        if head:
            fields = head.split(b" ")
            yield fields[1], fields[3], os.fsdecode(next(parts))


def _patches(out: bytes) -> list[bytes]:
    """One patch for each file, in the order of --raw. With -U0 every line of content starts with a sign, so this cannot be fooled."""
    return re.split(rb"^diff --git .*\n", out, flags=re.MULTILINE)[1:]


def _changed_lines(patch: bytes) -> frozenset[int]:
    lines: set[int] = set()
    for line in patch.split(b"\n"):
        if found := HUNK.match(line):
            start, count = int(found[1]), int(found[2] or 1)
            lines.update(range(start - 1, start - 1 + count))
    return frozenset(lines)


def _contents(root: Path, blobs: Sequence[bytes]) -> list[bytes]:
    """The blobs' bytes, by one `cat-file --batch`: `<blob> blob <size> LF <bytes> LF` each."""
    if not blobs:
        return []
    out = _git(root, ("cat-file", "--batch"), b"\n".join(blobs) + b"\n")
    contents: list[bytes] = []
    at = 0
    for _ in blobs:
        end = out.index(b"\n", at)
        size = int(out[at:end].rsplit(b" ", 1)[1])
        contents.append(out[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return contents
