"""What git would commit next. It only reads, and runs nothing a repository's own settings name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestra_lsp.trust import git

HUNK: Final = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
FILE_MODES: Final = (b"100644", b"100755")  # neither links nor submodules


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged file: its path below the repository's root, its staged content, and the added or changed lines from 0."""

    path: str
    data: bytes
    lines: frozenset[int]


def staged(root: Path) -> list[Staged]:
    """What the next commit would add or change. Raises GitFailed."""
    options = ("diff", "--cached", "--diff-filter=ACM", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-abbrev")
    entries = list(_raw_entries(git.run(root, (*options, "--raw", "-z"))))
    patches = _patches(git.run(root, (*options, "-U0", "--src-prefix=a/", "--dst-prefix=b/")))
    wanted = [(path, blob, patch) for (mode, blob, path), patch in zip(entries, patches, strict=True) if mode in FILE_MODES]
    contents = _contents(root, [blob for _, blob, _ in wanted])
    return [Staged(path, data, _changed_lines(patch)) for (path, _, patch), data in zip(wanted, contents, strict=True)]


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
    out = git.run(root, ("cat-file", "--batch"), b"\n".join(blobs) + b"\n")
    contents: list[bytes] = []
    at = 0
    for _ in blobs:
        end = out.index(b"\n", at)
        size = int(out[at:end].rsplit(b" ", 1)[1])
        contents.append(out[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return contents
