"""Which files of a workspace folder belong to it: what git tracks or would track, else a walk that reads the ignore files itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from orchestra_lsp.trust import git
from orchestra_lsp.trust.paths import glob_body, matchable

IGNORE_FILE: Final = ".gitignore"
MAX_IGNORE_BYTES: Final = 200_000
#: Folders that only tools write, where no ignore file says so.
BUILT: Final = frozenset(
    [
        "node_modules",
        "bower_components",
        "venv",
        ".venv",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".gradle",
        ".next",
        ".cache",
    ]
)
#: Folders of version control: never looked into.
HISTORY: Final = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", "cvs"})
_NESTED: Final = 8  # repositories inside repositories


def in_history(relative: str) -> bool:
    """Whether a path, with "/", lies in a folder of version control or names one, however a file system spells it."""
    return any(_plain(part) in HISTORY for part in relative.split("/"))


def files(root: Path, stop: Callable[[], None]) -> Iterator[str]:
    """Paths below `root` with "/" between their parts, each once; some may be links, or gone. `stop` may raise, and is called often."""
    yield from _below(root, "", _NESTED, stop)


def ignored(root: Path, names: Sequence[str]) -> set[str]:
    """Which of these paths below `root` its ignore files exclude, whether they are there or not."""
    try:
        return git.ignored(root, names)
    except git.GitFailed:
        read: dict[str, tuple[Rule, ...]] = {}

        def rules(folder: str) -> tuple[Rule, ...]:
            """Of a folder and all above it."""
            if folder not in read:
                above = rules(folder.rpartition("/")[0]) if folder else ()
                read[folder] = (*above, *rules_of(root, folder))
            return read[folder]

        return {name for name in names if _any_ignored(name, rules)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of an ignore file that stands in `folder` (relative to the root; "" is the root itself)."""

    folder: str
    pattern: Any  # matches a path relative to `folder`
    keeps: bool  # begins with "!"
    folders_only: bool


def rules_of(root: Path, folder: str) -> tuple[Rule, ...]:
    """The rules of one folder's ignore file; none where there is no readable one."""
    try:
        with open(root / folder / IGNORE_FILE, "rb") as stream:
            text = stream.read(MAX_IGNORE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(rule for line in text.splitlines() if (rule := _rule(folder, line)))


def is_ignored(path: str, is_folder: bool, rules: Iterable[Rule]) -> bool:
    """By the last rule that matches, as git has it."""
    ignored = False
    for rule in rules:
        relative = path[len(rule.folder) + 1 :] if rule.folder else path
        if (is_folder or not rule.folders_only) and rule.pattern.search(matchable(relative)):
            ignored = not rule.keeps
    return ignored


def _below(root: Path, folder: str, depth: int, stop: Callable[[], None]) -> Iterator[str]:
    try:
        # Git lists nothing when the folder as a whole is ignored; whoever opens such a folder wants it seen.
        names: Iterable[str] = git.listed(root / folder) or _walked(root / folder, stop)
    except git.GitFailed:
        names = _walked(root / folder, stop)
    for name in names:
        stop()
        # Another repository inside this one is named by its folder alone.
        path = f"{folder}/{name}".strip("/")
        inner = root / path
        if in_history(path):
            continue
        if inner.is_dir() and not inner.is_symlink():
            if depth:
                yield from _below(root, path, depth - 1, stop)
        else:
            yield path


def _walked(root: Path, stop: Callable[[], None]) -> Iterator[str]:
    """Links to folders are not followed, so there are no loops; folders that cannot be read are left out."""
    known: dict[str, tuple[Rule, ...]] = {}
    for here, folders, names in os.walk(root, followlinks=False):
        stop()
        below = "" if here == str(root) else os.path.relpath(here, root).replace(os.sep, "/")
        rules = known[below] = (*known.get(below.rpartition("/")[0], ()), *rules_of(root, below)) if below else rules_of(root, "")

        def wanted(name: str, is_folder: bool, below: str = below, rules: tuple[Rule, ...] = rules) -> bool:
            return not is_ignored(f"{below}/{name}".lstrip("/"), is_folder, rules)

        kept = [name for name in folders if name not in BUILT and not in_history(name) and wanted(name, is_folder=True)]
        folders[:] = sorted(kept)
        yield from (f"{below}/{name}".lstrip("/") for name in sorted(names) if wanted(name, is_folder=False))


def _any_ignored(name: str, rules: Callable[[str], tuple[Rule, ...]]) -> bool:
    parts = name.split("/")
    folders = ["/".join(parts[:count]) for count in range(1, len(parts))]
    if any(part in BUILT for part in parts[:-1]):
        return True
    return any(is_ignored(folder, True, rules(folder.rpartition("/")[0])) for folder in folders) or is_ignored(
        name, False, rules("/".join(parts[:-1]))
    )


def _rule(folder: str, line: str) -> Rule | None:
    glob = line.rstrip("\r").rstrip(" ") if not line.endswith("\\ ") else line
    if not glob or glob.startswith("#"):
        return None
    keeps = glob.startswith("!")
    glob = glob[1:] if glob.startswith(("!", "\\#", "\\!")) else glob
    folders_only = glob.endswith("/")
    glob = glob.rstrip("/")
    if not glob:
        return None
    return Rule(folder, _pattern(glob), keeps, folders_only)


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> Any:
    """A linear-time regex, because ignore files come from other people. A glob with a slash inside counts from its folder."""
    import re2

    start = "^" if "/" in glob else "(?:^|/)"
    options = re2.Options()
    options.log_errors = False
    glob = glob.removeprefix("/")
    try:
        return re2.compile(f"(?s){start}{glob_body(glob)}$", options)
    except re2.error:  # such as [z-a]: taken letter by letter
        return re2.compile(f"(?s){start}{re2.escape(glob)}$")


def _plain(part: str) -> str:
    """A name as case-blind file systems read it: what Windows drops at its end, its short form, and what macOS does not see."""
    visible = "".join(
        letter for letter in part.casefold() if letter not in "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"
    )
    name = visible.split(":", 1)[0].rstrip(" .")
    return ".git" if name == "git~1" else name
