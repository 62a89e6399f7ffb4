"""What an agent did in its copy, found by our own comparison, with the secrets back; never by what the agent or its git says."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from orchestra_lsp.syntax.line_edits import similarity
from orchestra_lsp.trust import encoding, tracked
from orchestra_lsp.trust.care import care
from orchestra_lsp.trust.mask import Vault, unmask
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.workcopy import BINARY, MAX_FILE_BYTES, Original, Stopped, WorkCopy, digest, is_inside

MAX_NEW: Final = 5_000
_MAX_SEEN: Final = 300_000  # names looked at; an agent may install packages
#: From this share of common lines on, a new file and a deleted one are one file that was renamed.
_ALIKE: Final = 0.5
_MOST_PAIRS: Final = 2_000
_MANY: Final = 20  # deletions; from here on, and half of all files, they want the person's own word
LINK: Final = "a link"


@dataclass(frozen=True, slots=True)
class Change:
    """One file the agent changed: `path` as the workspace has it, relative; `target` its absolute path after the change.

    `original` None: the file is new. `text`: its whole new text with its secrets; None: as it was, or deleted.
    `care`: why this one wants the person's own word.
    """

    path: str
    target: str
    original: Original | None
    text: str | None = None
    deleted: bool = False
    care: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What the agent did that is not taken over, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Returned:
    """`ignored`: how many new files the workspace's ignore files exclude; they are dropped."""

    changes: tuple[Change, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    ignored: int = 0


def compare(copy: WorkCopy, vault: Vault, never_send: Sequence[str] = (), stop: Callable[[], bool] = bool) -> Returned:
    """Blocks while it reads the whole copy. Raises Stopped once `stop()` is true, OSError when the copy cannot be read."""
    return _Comparison(copy, vault, tuple(never_send), stop).result()


@dataclass(frozen=True, slots=True)
class _New:
    """A file the copy did not begin with."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, order=True)
class _Likeness:
    """Of a new file and a deleted one, and what the new one is with that one's secrets."""

    score: float
    path: str
    text: str


@dataclass(slots=True)
class _Comparison:
    copy: WorkCopy
    vault: Vault
    never_send: tuple[str, ...]
    stop: Callable[[], bool]
    changes: list[Change] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    links: set[str] = field(default_factory=set)

    def result(self) -> Returned:
        there = self._there()
        gone: dict[str, Original] = {}
        for path, original in self.copy.files.items():
            self._check_stop()
            if path not in there:
                self._missing(path, original, gone)
            elif not there[path]:
                self._reject(path, f"it was replaced by {self._what(path)}, which no edit can do")
            else:
                self._changed(path, original)
        new, ignored = self._new(there)
        for one in self._without_renames(new, gone):
            self._created(one)
        many = len(gone) > max(_MANY, len(self.copy.files) // 2)
        for path, original in gone.items():
            reason = "most files of the workspace would be deleted" if many else care(path)
            self.changes.append(Change(path, original.path, original, deleted=True, care=reason))
        return Returned(tuple(self.changes), tuple(self.rejected), ignored)

    # --- what is there ---

    def _there(self) -> dict[str, bool]:
        """Every file, link or other thing in the copy, and whether it is a regular file."""
        found: dict[str, bool] = {}
        for path, entry in self._walk(self.copy.folder.path, ""):
            if len(found) > _MAX_SEEN:
                raise OSError(f"the agent left more than {_MAX_SEEN} files")
            found[path] = entry.is_file(follow_symlinks=False)
            if entry.is_symlink():
                self.links.add(path)
        return found

    def _walk(self, folder: Path, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        self._check_stop()
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            path = f"{below}/{entry.name}".lstrip("/")
            if tracked.in_history(path) or (entry.name in tracked.BUILT and not self._holds_originals(path)):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), path)
            else:
                yield path, entry

    def _holds_originals(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self.copy.files)

    def _what(self, path: str) -> str:
        return LINK if path in self.links else "something that is no file"

    # --- files that were copied ---

    def _missing(self, path: str, original: Original, gone: dict[str, Original]) -> None:
        parts = path.split("/")
        if any("/".join(parts[:count]) in self.links for count in range(1, len(parts))):
            self._reject(path, "its folder was replaced by a link, which no edit can do")
        else:
            gone[path] = original

    def _changed(self, path: str, original: Original) -> None:
        data = self._read(path)
        if data is None or digest(data) == original.masked:
            return
        if (text := self._text(path, data, original)) is not None:
            self.changes.append(Change(path, original.path, original, text, care=care(path)))

    def _text(self, path: str, data: bytes, original: Original) -> str | None:
        """The text with its secrets back; None, with the reason noted, where it cannot be had."""
        form = original.form
        read = encoding.decoded(data, form)
        if form == encoding.ONE_BYTE and not data.isascii() and encoding.decoded(data, encoding.UTF8):
            read = None  # every file can be read byte by byte; this one has become UTF-8
        if read is None:
            self._reject(path, BINARY if b"\0" in data and form == encoding.UTF8 else f"it is not written in {form.codec} any more")
            return None
        return self._restored(path, read[0], original.uri)

    def _restored(self, path: str, text: str, uri: str) -> str | None:
        restored = unmask(text, uri, self.vault)
        if restored.rejected:
            self._reject(
                path, f"{restored.rejected[0]} stands in it, the placeholder of a secret that was not there; put it there yourself"
            )
            return None
        return restored.text

    # --- files that were not ---

    def _new(self, there: Mapping[str, bool]) -> tuple[list[_New], int]:
        names = [path for path in there if path not in self.copy.files]
        dropped = self._ignored(names)
        found: list[_New] = []
        for path in names:
            self._check_stop()
            if path in dropped or (reason := self._obstacle(path, there[path])) is None:
                continue
            if reason:
                self._reject(path, reason)
            elif len(found) >= MAX_NEW:
                self._reject(path, f"there are more than {MAX_NEW} new files")
            elif (data := self._read(path)) is not None:
                found.append(_New(path, data))
        return found, len(dropped)

    def _ignored(self, names: Sequence[str]) -> set[str]:
        """By the ignore files of the workspace, and not by those of the copy, which the agent may have changed."""
        found: set[str] = set()
        for top, root in self.copy.roots.items():
            inside = [name.removeprefix(f"{top}/") for name in names if not top or name.startswith(f"{top}/")]
            found |= {f"{top}/{name}".lstrip("/") for name in tracked.ignored(Path(root), inside)}
        return found

    def _obstacle(self, path: str, regular: bool) -> str | None:
        """Why this new file cannot be taken over; "" when it can, None when nobody needs to hear of it."""
        target = self.copy.target(path)
        if not target:
            return "it lies outside of the workspace's folders"
        if not regular:
            return f"it is {self._what(path)}"
        if reason := refusal(target, self.never_send):
            return f"an agent does not write such files: {reason}"
        # A link of the person's own may lead from here to anywhere.
        top = next(root for top, root in self.copy.roots.items() if not top or path.startswith(f"{top}/"))
        if not is_inside(os.path.realpath(os.path.dirname(target)), os.path.realpath(top)):
            return "in your workspace, a link leads from there to the outside"
        return ""

    def _created(self, new: _New) -> None:
        read = encoding.read(new.data)
        if read is None or read[1] != encoding.UTF8:
            self._reject(new.path, BINARY if read is None else "a new file must be written in UTF-8")
            return
        target = self.copy.target(new.path)
        text = self._restored(new.path, read[0], Path(target).as_uri())
        if text is not None:
            self.changes.append(Change(new.path, target, None, text, care=care(new.path)))

    # --- renames ---

    def _without_renames(self, new: Sequence[_New], gone: dict[str, Original]) -> list[_New]:
        """The files that are really new. Renames are noted, and are not gone any more."""
        same: dict[bytes, list[str]] = {}
        for path, original in gone.items():
            same.setdefault(original.masked, []).append(path)
        left: list[_New] = []
        for one in new:
            if paths := same.get(digest(one.data)):
                old = min(paths, key=lambda path: _distance(path, one.path))
                paths.remove(old)
                self._renamed(one, old, gone.pop(old), None)
            else:
                left.append(one)
        pairs = _MOST_PAIRS
        really: list[_New] = []
        for one in left:
            candidates = sorted(gone, key=lambda path: _distance(path, one.path))[:pairs]
            pairs -= len(candidates)
            found = max((self._likeness(one, path, gone[path]) for path in candidates), default=_Likeness(0.0, "", ""))
            if found.score < _ALIKE:
                really.append(one)
            else:
                self._renamed(one, found.path, gone.pop(found.path), found.text)
        return really

    def _likeness(self, one: _New, path: str, original: Original) -> _Likeness:
        """How much of a deleted file is in a new one, whose secrets, if any, must be that file's."""
        self._check_stop()
        before, read = _text_of(original), encoding.decoded(one.data, original.form)
        if not before or not read:
            return _Likeness(0.0, "", "")
        after = unmask(read[0], original.uri, self.vault)
        alike = 0.0 if after.rejected else similarity(before.encode("utf-8", "surrogatepass"), after.text.encode("utf-8", "surrogatepass"))
        return _Likeness(alike, path, after.text)

    def _renamed(self, one: _New, old: str, original: Original, text: str | None) -> None:
        self.changes.append(Change(old, self.copy.target(one.path), original, text, care=care(one.path) or care(old)))

    # --- small things ---

    def _read(self, path: str) -> bytes | None:
        """None, with the reason noted, for what cannot be read or is too large. Links are never followed."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            with open(os.open(self.copy.folder.path.joinpath(*path.split("/")), flags), "rb") as stream:
                status = os.fstat(stream.fileno())
                if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_FILE_BYTES:
                    return stream.read(MAX_FILE_BYTES + 1)
            self._reject(path, f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB")
        except OSError as error:
            self._reject(path, f"it cannot be read: {error.strerror}")
        return None

    def _reject(self, path: str, reason: str) -> None:
        self.rejected.append(Rejected(path, reason))

    def _check_stop(self) -> None:
        if self.stop():
            raise Stopped


def _text_of(original: Original) -> str | None:
    """The person's own text as it was copied; None when it has changed since."""
    if original.buffer is not None:
        return original.buffer.data.decode("utf-8", "replace")
    try:
        read = encoding.decoded(Path(original.path).read_bytes(), original.form)
    except OSError:
        return None
    return read[0] if read and digest(read[0].encode()) == original.plain else None


def _distance(one: str, other: str) -> tuple[bool, bool]:
    """Smaller for paths that are likelier to be one file: of the same name, of the same kind."""
    first, second = one.rpartition("/")[2], other.rpartition("/")[2]
    return first != second, first.rpartition(".")[2] != second.rpartition(".")[2]
