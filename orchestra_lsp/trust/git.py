"""Runs git so that nothing a repository's own settings name is started. Every call is bounded in time."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

TIMEOUT_S: Final = 20.0
# A clone's own configuration may name programs for these; a review must not start them.
SAFE: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "core.quotePath=false")
NOTHING_FOUND: Final = 1  # the exit code of check-ignore for "none of them"
#: Nothing of the person's own: for a repository that is made for somebody else.
_ALONE: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "workspace"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "workspace@localhost"),
    **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2000-01-01T00:00:00Z"),
}
#: What is thrown away need be neither small nor safe. Counting as large, the files go into one pack instead of ten thousand loose objects,
#: which takes half of the time, and less to remove.
_QUICK: Final = {"gc.auto": "0", "core.fsync": "none", "core.compression": "0", "core.bigFileThreshold": "1"}


class GitFailed(Exception):
    """Git is missing, or refused: what it said."""


def listed(folder: Path) -> list[str]:
    """Files below `folder` that git tracks or would track, relative to it. Raises GitFailed."""
    out = run(folder, ("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    return sorted({os.fsdecode(name) for name in out.split(b"\0") if name})


def root_of(folder: Path) -> Path:
    """The top of the work tree. Raises GitFailed."""
    return Path(os.fsdecode(run(folder, ("rev-parse", "--show-toplevel")).rstrip(b"\r\n")))


def ignored(folder: Path, names: Iterable[str]) -> set[str]:
    """Which of the paths below `folder` its ignore files exclude, whether they are there or not. Raises GitFailed."""
    given = b"\0".join(os.fsencode(name) for name in names)
    out = run(folder, ("check-ignore", "-z", "--stdin", "--no-index"), given, accepted=(0, NOTHING_FOUND)) if given else b""
    return {os.fsdecode(name) for name in out.split(b"\0") if name}


def begin(folder: Path, home: Path) -> None:
    """A new repository with one commit of all that is in `folder`; settings, hooks and templates of nobody. Raises GitFailed."""
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    environment |= {**_ALONE, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "GIT_CONFIG_COUNT": str(len(_QUICK))}
    for number, (key, value) in enumerate(_QUICK.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    for command in (
        ("init", "-q", "--template=", "--initial-branch=main"),
        ("add", "--all", "--force"),
        ("commit", "-q", "--no-verify", "--allow-empty", "-m", "workspace"),
    ):
        run(folder, command, environment=environment)


def run(
    folder: Path,
    arguments: Sequence[str],
    stdin: bytes = b"",
    accepted: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """What git writes. Raises GitFailed when it ends with a code that is not `accepted`."""
    program = shutil.which("git")
    if program is None:
        raise GitFailed("git is not installed or not on the PATH")
    command = [program, "--no-optional-locks", *SAFE, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git {arguments[0]} did not end within {TIMEOUT_S:.0f} s") from None
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from None
    if done.returncode not in accepted:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitFailed(said[0] if said else f"git {arguments[0]} failed with {done.returncode}")
    return done.stdout
