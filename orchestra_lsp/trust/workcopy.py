"""A throw-away copy of a workspace for an agent: secrets masked, secret files left out, no history."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from orchestra_lsp.model import Buffer
from orchestra_lsp.trust import encoding, git, shelf, tracked
from orchestra_lsp.trust.encoding import UTF8, Form
from orchestra_lsp.trust.hiding import Clean, Hider
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.paths import refusal

log = logging.getLogger("orchestra")

_SEAL = object()

MAX_FILES: Final = 50_000
MAX_BYTES: Final = 500_000_000
MAX_FILE_BYTES: Final = 2_000_000
BINARY: Final = "binary files cannot be masked"


@dataclass(frozen=True, slots=True)
class MaskedFolder:
    """A folder that an agent may see: `path` holds masked files, `home` is an empty HOME of its own. Only this module makes one.

    `hidden`: the folders it was copied from, which the agent must not see wherever they lie.
    """

    path: Path
    home: Path
    hidden: tuple[Path, ...] = ()
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a MaskedFolder is made by trust.workcopy alone")


@dataclass(frozen=True, slots=True)
class Workspace:
    """What is copied: folders, and the open documents, whose text counts instead of what is on disk.

    `never_send` are globs of the user's own, `personal` classes of personal data to mask as well.
    """

    roots: tuple[str, ...]
    buffers: tuple[Buffer, ...] = ()
    never_send: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """A file of the workspace as it was when it was copied. `plain` and `masked` are digests, of its text and of what the agent got."""

    path: str  # absolute
    uri: str
    form: Form
    plain: bytes
    masked: bytes
    buffer: Buffer | None = None  # the open document that was copied


@dataclass(frozen=True, slots=True)
class LeftOut:
    path: str  # in the workspace
    reason: str


@dataclass(frozen=True, slots=True)
class WorkCopy:
    """The copy and how to find back: `files` by their path in it ("/" between parts), `roots` the workspace folder of each top folder.

    With one workspace folder the copy is that folder and its key is "".
    """

    folder: MaskedFolder
    files: Mapping[str, Original]
    roots: Mapping[str, str]
    left_out: tuple[LeftOut, ...] = ()
    secrets: bool = False  # something was masked

    def target(self, path: str) -> str:
        """Where a path of the copy lies in the workspace; empty where it belongs to none of its folders."""
        if "" in self.roots:
            return os.path.join(self.roots[""], *path.split("/"))
        top, _, rest = path.partition("/")
        return os.path.join(self.roots[top], *rest.split("/")) if top in self.roots and rest else ""

    def find(self, target: str) -> str:
        """The path in the copy of a path of the workspace; empty when it lies outside."""
        for top, root in self.roots.items():
            relative = os.path.relpath(os.path.realpath(target), os.path.realpath(root)).replace(os.sep, "/")
            if relative != ".." and not relative.startswith("../"):
                return relative if relative == "." and not top else f"{top}/{relative}".strip("/").removesuffix("/.")
        return ""

    def remove(self) -> None:
        """Take everything away; harmless to call twice."""
        shelf.remove(self.folder.path.parent)


class Refused(Exception):
    """No copy can be made: why, and the one thing to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class Stopped(Exception):
    """Nobody waits for the copy any more; nothing of it is left."""


class Copier:
    """Makes copies. It remembers which contents held nothing to mask, so that the second copy of a workspace is quick.

    Safe in any one thread at a time.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._clean = Clean()

    def copy(self, workspace: Workspace, stop: Callable[[], bool] = bool, parent: Path | None = None) -> WorkCopy:
        """Copy it into a new folder below `parent` (default: the system's temporary folder). Blocks for seconds.

        Raises Refused; Stopped once `stop()` is true; OSError when there is no place. Nothing is left behind by any of them.
        """
        roots = _roots(workspace.roots)
        _check(roots.values())
        place = shelf.make(parent)
        try:
            return self._filled(workspace, roots, place, stop)
        except BaseException:
            shelf.remove(place)
            raise

    def _filled(self, workspace: Workspace, roots: Mapping[str, str], place: Path, stop: Callable[[], bool]) -> WorkCopy:
        folder = _empty(place, tuple(Path(os.path.realpath(root)) for root in roots.values()))
        filling = _Filling(Hider(self._vault, self._clean, workspace.personal), workspace, folder.path, stop)
        for top, root in roots.items():
            filling.take(top, root)
        filling.look_again()
        if not filling.files:
            why = f" ({filling.left_out[0].reason})" if filling.left_out else ""
            raise Refused(f"There is nothing in {', '.join(roots.values())} that an agent may see{why}.", "Open the folder of a project.")
        try:
            git.begin(folder.path, folder.home)
        except git.GitFailed as error:
            log.info("the copy has no repository: %s", error)  # agents work without one
        return WorkCopy(folder, filling.files, roots, tuple(filling.left_out), filling.secrets)


@dataclass(slots=True)
class _Filling:
    """One copy being made."""

    hider: Hider
    workspace: Workspace
    into: Path
    stop: Callable[[], bool]
    files: dict[str, Original] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    made: set[Path] = field(default_factory=set)
    secrets: bool = False
    size: int = 0
    everywhere: bool = False  # the second look: secrets of any file are hidden in all

    def take(self, top: str, root: str) -> None:
        """Copy one workspace folder."""
        opened = {os.path.realpath(buffer.path): buffer for buffer in self.workspace.buffers if buffer.path}
        real_root = os.path.realpath(root)
        for secret in Path(root).glob(".env*"):  # git seldom lists them
            self._learn(str(secret))
        real: dict[str, str] = {}
        for relative in _with_unsaved(root, tracked.files(Path(root), self._check_stop), opened):
            folder, _, name = relative.rpartition("/")
            if folder not in real:
                real[folder] = os.path.realpath(os.path.join(root, folder))
            target = os.path.join(root, *relative.split("/"))
            if is_inside(real[folder], str(self.into.parent)):
                continue  # the temporary folder lies in the workspace, and so does this very copy
            if not is_inside(real[folder], real_root):
                reason = "a link leads out of the workspace"
            else:
                reason = self._one(f"{top}/{relative}".lstrip("/"), target, opened.get(os.path.join(real[folder], name)))
            if reason:
                self.left_out.append(LeftOut(target, reason))

    def look_again(self) -> None:
        """Hide what is a secret in one file in every other one, where it may stand without anything that tells."""
        missed = self.hider.missed()
        if not missed.any:
            return
        self.everywhere = True
        for path, original in list(self.files.items()):
            self._check_stop()
            written = self.into.joinpath(*path.split("/"))
            if missed(written.read_bytes(), original.form):
                self.size -= written.stat().st_size
                written.unlink()
                del self.files[path]
                if reason := self._one(path, original.path, original.buffer):
                    self.left_out.append(LeftOut(original.path, reason))

    def _one(self, path: str, target: str, buffer: Buffer | None) -> str:
        """Copy one file; why not, if not."""
        self._check_stop()
        if path in self.files:
            return ""
        if reason := refusal(target, self.workspace.never_send):
            self._learn(target)
            return reason
        if self.hider.in_name(path):
            return "its name holds a secret"
        found = _from_disk(target) if buffer is None or os.path.lexists(target) else (buffer.data, False)
        if isinstance(found, str):
            return found
        data, runs = found
        read = encoding.read(data)
        if buffer is not None:
            read = _as_edited(buffer, read[1] if read else UTF8)
        if read is None:
            return BINARY
        self._write(path, target, read, buffer, runs)
        return ""

    def _write(self, path: str, target: str, read: tuple[str, Form], buffer: Buffer | None, runs: bool) -> None:
        text, form = read
        uri = buffer.uri if buffer else Path(target).as_uri()
        plain = digest(text.encode())
        masked = self.hider.hide(text, uri, plain, self.everywhere)
        data = form.encode(masked)
        self.size += len(data)
        if len(self.files) >= MAX_FILES or self.size > MAX_BYTES:
            raise Refused(
                f"The workspace has more than {MAX_FILES} files or {MAX_BYTES // 1_000_000} MB of text.",
                "Open the folder of the part that is to be changed, or add what is generated to .gitignore.",
            )
        written = self.into.joinpath(*path.split("/"))
        if written.parent not in self.made:
            written.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(written.parent)
        with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if runs else 0o644), "wb") as stream:
            stream.write(data)
        self.secrets = self.secrets or masked != text
        self.files[path] = Original(target, uri, form, plain, digest(data), buffer)

    def _learn(self, target: str) -> None:
        """What a secret file holds is secret wherever else it stands."""
        found = _from_disk(target)
        read = encoding.read(found[0]) if not isinstance(found, str) else None
        if read:
            self.hider.learn(read[0], guesses=True)

    def _check_stop(self) -> None:
        if self.stop():
            raise Stopped


def probe_folder(place: Path, *hidden: Path) -> MaskedFolder:
    """An empty copy below `place`, for trying out what confines agents."""
    return _empty(place, hidden)


def _empty(place: Path, hidden: tuple[Path, ...]) -> MaskedFolder:
    folder = MaskedFolder(place / "workspace", place / "home", hidden, _SEAL)
    for new in (folder.path, folder.home / "tmp"):
        new.mkdir(parents=True)
    return folder


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is `folder` or lies below it; both are real paths."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _roots(folders: Sequence[str]) -> dict[str, str]:
    """Each workspace folder by the name it gets in the copy; one that lies in another is part of that one."""
    real = {os.path.realpath(folder): os.path.abspath(folder) for folder in folders}
    apart = [path for path in real if not any(path != other and is_inside(path, other) for other in real)]
    if len(apart) == 1:
        return {"": real[apart[0]]}
    # The folders' own names might hold something; numbers do not.
    return {f"folder-{number}": real[path] for number, path in enumerate(apart, start=1)}


def _check(folders: Collection[str]) -> None:
    if not folders:
        raise Refused("No folder is open.", "Open the folder of a project; an agent works on a copy of it.")
    for folder in folders:
        if not os.path.isdir(folder):
            raise Refused(f"{folder} is no folder.", "Open the folder of a project.")
        if is_inside(os.path.realpath(os.path.expanduser("~")), os.path.realpath(folder)):
            raise Refused(f"{folder} holds everything you have, not one project.", "Open the folder of a project.")


def _with_unsaved(root: str, names: Iterator[str], opened: Mapping[str, Buffer]) -> Iterator[str]:
    """The files and, behind them, open documents that were never saved."""
    yield from names
    real = os.path.realpath(root)
    for path in opened:
        if is_inside(path, real) and not os.path.lexists(path):
            relative = os.path.relpath(path, real).replace(os.sep, "/")
            if not tracked.in_history(relative) and not tracked.ignored(Path(root), [relative]):
                yield relative


def _as_edited(buffer: Buffer, form: Form) -> tuple[str, Form] | None:
    """The text of an open document, which has no mark, in the form its file has on disk where that holds it."""
    read = encoding.decoded(buffer.data, UTF8)
    if read is None:
        return None
    try:
        form.encode(read[0])
    except UnicodeEncodeError:
        return read
    return read[0], form


def _from_disk(path: str) -> tuple[bytes, bool] | str:
    """A regular file's bytes and whether it is a program, or why it is left out. Links are: their targets are copied by themselves."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if os.path.islink(path):
            return "it is a link"
        with open(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return "it is no regular file"
            if status.st_size > MAX_FILE_BYTES:
                return f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB"
            return stream.read(MAX_FILE_BYTES + 1), bool(status.st_mode & stat.S_IXUSR)
    except FileNotFoundError:
        return ""  # git tracks it and the person has deleted it
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
