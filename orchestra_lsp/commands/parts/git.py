"""What git would commit next, or what has changed since a commit. It only reads, and runs nothing a repository's own settings name."""

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
MOST_RENAMES: Final = "-l1000"  # more are taken for new files: comparing them costs the square of their number
_COMPARE: Final = (
    *("diff", "--diff-filter=ACMR", "--find-renames", MOST_RENAMES, "--submodule=short", "--no-relative"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-abbrev"),
)


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged file: its path below the repository's root, its staged content, and the added or changed lines from 0."""

    path: str
    data: bytes
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Touched:
    """One changed file of the work tree: its path below the root, and the added or changed lines from 0; None: all of them."""

    path: str
    lines: frozenset[int] | None


def staged(root: Path) -> list[Staged]:
    """What the next commit would add or change; also the first one of a repository. Raises GitFailed."""
    wanted = _compared(root, ("--cached",))
    contents = _contents(root, [blob for blob, _, _ in wanted])
    return [Staged(path, data, _changed_lines(patch)) for (_, path, patch), data in zip(wanted, contents, strict=True)]


def since(root: Path, ref: str) -> list[Touched]:
    """What the work tree has that the commit where it left `ref` has not, files that are not tracked included. Raises GitFailed."""
    base = base_of(root, ref)
    changed = [Touched(path, _changed_lines(patch)) for _, path, patch in _compared(root, (base,))]
    new = git.run(root, ("ls-files", "-z", "--others", "--exclude-standard"))
    return [*changed, *(Touched(os.fsdecode(name), None) for name in new.split(b"\0") if name and not name.endswith(b"/"))]


def base_of(root: Path, ref: str) -> str:
    """The commit from which what is here went its own way. Raises GitFailed."""
    try:
        # Never taken for an option, whatever it begins with.
        commit = git.run(root, ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")).decode().strip()
        head = git.run(root, ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")).decode().strip()
    except git.GitFailed as error:
        raise git.GitFailed(f"there is no commit {ref!r} here; name a branch, a tag or a commit, and fetch it first") from error
    return git.run(root, ("merge-base", commit, head), accepted=(0, 1)).decode().strip() or commit


def _compared(root: Path, what: Sequence[str]) -> list[tuple[bytes, str, bytes]]:
    """Blob, path and patch of every changed regular file."""
    entries = list(_raw_entries(git.run(root, (*_COMPARE, "--raw", "-z", *what))))
    patches = _patches(git.run(root, (*_COMPARE, "-U0", "--src-prefix=a/", "--dst-prefix=b/", *what)))
    return [(blob, path, patch) for (mode, blob, path), patch in zip(entries, patches, strict=True) if mode in FILE_MODES]


def _raw_entries(out: bytes) -> Iterator[tuple[bytes, bytes, str]]:
    """`:oldmode newmode oldblob newblob status NUL path NUL` of --raw -z as (mode, blob, path); a rename has two paths."""
    parts = iter(out.split(b"\0"))
    for head in parts:
        if head:
            fields = head.split(b" ")
            path = next(parts)
            if fields[4][:1] in (b"R", b"C"):
                path = next(parts)
            yield fields[1], fields[3], os.fsdecode(path)


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
