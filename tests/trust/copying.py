"""Short ways to a workspace, its copy and what came back, for all tests of the copy."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestra_lsp.model import Buffer
from orchestra_lsp.syntax.parse import open_text
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.returned import Returned, compare
from orchestra_lsp.trust.workcopy import Copier, WorkCopy, Workspace

from .corpus import secrets

#: A token that every detector is sure of, made from the kinds themselves.
SECRET = next(case.secrets[0] for case in secrets(3, 1) if case.kind == "github_pat")
OTHER = next(case.secrets[0] for case in secrets(4, 1) if case.kind == "github_pat")
CONFIG = f'TOKEN = "{SECRET}"\nname = "shop"\nlimit = 3\n'


@dataclass(frozen=True)
class Copied:
    """A copy, the vault that knows its secrets, and the workspace it was made of."""

    copy: WorkCopy
    vault: Vault
    root: Path

    @property
    def path(self) -> Path:
        return self.copy.folder.path

    def returned(self) -> Returned:
        return compare(self.copy, self.vault)

    def texts(self) -> dict[str, str | None]:
        """What changed, by the path it ends at; None: deleted or as it was."""
        return {Path(one.target).relative_to(self.root).as_posix(): one.text for one in self.returned().changes}

    def rejected(self) -> dict[str, str]:
        return {one.path: one.reason for one in self.returned().rejected}

    def left_out(self) -> dict[str, str]:
        return {Path(one.path).relative_to(self.root).as_posix(): one.reason for one in self.copy.left_out}


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def git(folder: Path, *arguments: str) -> str:
    named = ["git", "-c", "user.name=Anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false", "-C", str(folder)]
    return subprocess.run([*named, *arguments], check=True, capture_output=True, timeout=30).stdout.decode("utf-8", "replace")


@contextmanager
def copied(
    top: Path, files: Mapping[str, str | bytes], *buffers: Buffer, repository: bool = False, **more: tuple[str, ...]
) -> Iterator[Copied]:
    """A workspace below `top` with `files`, copied; everything of the copy is in `top / "tmp"`."""
    root = write(top.resolve() / "work", files)
    root.mkdir(exist_ok=True)
    if repository:
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "begin")
    parent = top / "tmp"
    parent.mkdir(exist_ok=True)
    vault = Vault()
    copy = Copier(vault).copy(Workspace((str(root),), buffers, **more), parent=parent)
    try:
        yield Copied(copy, vault, root)
    finally:
        copy.remove()
        assert not list(parent.iterdir()), "something of the copy was left"


def document(path: Path, text: str, version: int = 7) -> Buffer:
    return open_text(path.as_uri(), str(path), version, "text", text).buffer
