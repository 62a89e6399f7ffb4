"""Shuts a program into its copy of the workspace, by what the system has for it: bubblewrap, Landlock or sandbox-exec.

It then sees the copy, a home of its own, the system's own files and its own installation, and may write to the first two alone.
The network stays open: agents reach their models over it. The profile for sandbox-exec is not verified on a real Mac.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from orchestra_lsp.trust.workcopy import MaskedFolder

BUBBLEWRAP, LANDLOCK, SANDBOX_EXEC = "bubblewrap", "Landlock", "sandbox-exec"
PROBE_S: Final = 10.0

#: What programs need of the system; nothing in it belongs to one person. Of /etc only what names hosts, users, libraries and time zones.
_SYSTEM: Final = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/snap",
    "/run/current-system",
    "/sys/devices/system/cpu",
]
_ETC: Final = (
    "alternatives ca-certificates ca-certificates.conf crypto-policies fonts gai.conf group host.conf hosts ld.so.cache ld.so.conf "
    "ld.so.conf.d locale.alias localtime mime.types nsswitch.conf passwd pki protocols resolv.conf services ssl terminfo timezone"
)
_DEVICES: Final = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"]
#: (command line, copy, installation) -> command line.
_Way = Callable[[Sequence[str], MaskedFolder, Sequence[Path]], tuple[str, ...]]
_LAUNCHER: Final = Path(__file__).with_name("landlock.py")


@dataclass(frozen=True, slots=True)
class Confinement:
    """`by`: what keeps an agent in its copy here; empty where nothing does, and `why` says why not."""

    by: str
    why: str = ""

    def __str__(self) -> str:
        return f"confined by {self.by}" if self.by else f"not confined: {self.why}"


def confined(argv: Sequence[str], folder: MaskedFolder) -> tuple[str, ...]:
    """The command line that runs `argv` shut into `folder`; empty where the system cannot, as `confinement` says.

    The first call tries out what the system has, which takes up to a second: call `confinement` in a thread before.
    """
    by = confinement().by
    if not by:
        return ()
    own = tuple(installation(argv, protected=(folder.path, folder.home)))
    if by == BUBBLEWRAP:
        return _bubblewrap(argv, folder, own)
    return _landlock(argv, folder, own) if by == LANDLOCK else _sandbox_exec(argv, folder, own)


@cache
def confinement() -> Confinement:
    """What this system has and what works of it: each is tried on a small program, once in a process. Blocks."""
    if sys.platform == "win32":
        return Confinement("", "Windows has no way to do it that needs no administrator")
    if sys.platform == "darwin":
        return _first(((SANDBOX_EXEC, _sandbox_exec),), "sandbox-exec does not work here")
    if not sys.platform.startswith("linux"):
        return Confinement("", f"there is no way to do it on {sys.platform}")
    return _first(
        ((BUBBLEWRAP, _bubblewrap), (LANDLOCK, _landlock)),
        "bubblewrap is not installed or may not run, and the kernel has no Landlock; install bubblewrap",
    )


def installation(argv: Sequence[str], protected: Sequence[Path] = ()) -> Iterator[Path]:
    """Where a program and what it is made of lie: its own folder tree, its interpreter's, and files named on its command line."""
    program = shutil.which(argv[0])
    if program is None:
        return
    named = [Path(word) for word in argv[1:] if os.path.isabs(word) and os.path.isfile(word)]
    programs = [Path(program), *([shell] if (shell := _interpreter(program)) else [])]
    seen: set[Path] = set(protected)
    for path in (*programs, *named):
        for one in (path, Path(os.path.realpath(path))):
            for part in (one, _package(one), _prefix(one) if path not in named else None):
                if part is not None and part not in seen and (part == one or not _is_personal(part)):
                    seen.add(part)
                    yield part


def _first(ways: Sequence[tuple[str, _Way]], why: str) -> Confinement:
    for name, way in ways:
        if _works(way):
            return Confinement(name)
    return Confinement("", why)


def _works(way: _Way) -> bool:
    """Whether a program shut in this way runs, can write to its copy and cannot read what lies beside it."""
    from orchestra_lsp.trust.workcopy import probe_folder

    with tempfile.TemporaryDirectory(prefix="orchestra-probe-") as name:
        top = Path(os.path.realpath(name))
        (top / "outside").write_text("x", encoding="ascii")
        folder = probe_folder(top)
        script = f'echo x > written && ! cat "{top / "outside"}"'
        try:
            done = subprocess.run(
                way(("/bin/sh", "-c", script), folder, ()), cwd=folder.path, capture_output=True, timeout=PROBE_S, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0 and (folder.path / "written").exists()


# --- the ways ---


def _bubblewrap(argv: Sequence[str], folder: MaskedFolder, own: Sequence[Path]) -> tuple[str, ...]:
    program = shutil.which("bwrap") or "bwrap"
    words = [program, "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/tmp", "--tmpfs", "/run", "--dir", "/var/tmp"]
    trees = [*(path for path in _system() if not _is_link(path)), *own]
    seen = list(_visible(trees, folder.hidden))
    for path in _system():
        # Where /bin is a link to /usr/bin, it stays one.
        words += ["--symlink", os.readlink(path), str(path)] if _is_link(path) else []
    for tree in seen:
        if not any(tree != other and tree.is_relative_to(other) for other in seen):
            words += ["--ro-bind-try", str(tree), str(tree)]
    for place in (folder.path, folder.home):
        words += ["--bind", str(place), str(place)]
    for name, value in _environment(folder).items():
        words += ["--setenv", name, value]
    return (*words, "--chdir", str(folder.path), "--", *argv)


def _landlock(argv: Sequence[str], folder: MaskedFolder, own: Sequence[Path]) -> tuple[str, ...]:
    rules: dict[str, object] = {
        "read": [*map(str, _visible([*_system(), *own], folder.hidden)), "/proc", "/sys/fs/cgroup"],
        "write": [str(folder.path), str(folder.home), *(f"/dev/{name}" for name in _DEVICES), "/dev/shm"],
        "environment": _environment(folder),
    }
    return (sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(rules), *argv)


def _sandbox_exec(argv: Sequence[str], folder: MaskedFolder, own: Sequence[Path]) -> tuple[str, ...]:
    closed = ("/Users", "/Volumes", "/private/tmp", "/private/var/folders", "/private/var/root", *map(str, folder.hidden))
    writable = (str(folder.path), str(folder.home))
    lines = [
        "(version 1)",
        "(allow default)",
        "(deny file-write*)",
        f"(deny file-read* {_subpaths(closed)})",
        # The folders above are looked at on the way, by name only.
        "(allow file-read-metadata)",
        f"(allow file-read* {_subpaths((*map(str, _visible(own, folder.hidden)), *writable))})",
        f'(allow file-write* {_subpaths(writable)} (literal "/dev/null") (literal "/dev/tty") (literal "/dev/dtracehelper"))',
    ]
    given = (f"{name}={value}" for name, value in _environment(folder).items())
    return ("/usr/bin/sandbox-exec", "-p", "\n".join(lines), "/usr/bin/env", *given, *argv)


def _environment(folder: MaskedFolder) -> dict[str, str]:
    """What would otherwise send programs to places that are closed, which git for one takes for a fault of the disk."""
    return {"HOME": str(folder.home), "TMPDIR": str(folder.home / "tmp"), "GIT_CONFIG_NOSYSTEM": "1"}


def _subpaths(paths: Sequence[str]) -> str:
    return " ".join(f"(subpath {json.dumps(path)})" for path in paths)


def _system() -> list[Path]:
    return [Path(path) for path in (*_SYSTEM, *(f"/etc/{name}" for name in _ETC.split())) if os.path.lexists(path)]


def _is_link(path: Path) -> bool:
    return path.is_symlink() and len(path.parts) == 2


def _visible(trees: Iterable[Path], hidden: Sequence[Path]) -> Iterator[Path]:
    """The trees without what is hidden: one that holds a hidden folder is replaced by all else that is in it.

    A tree inside a hidden folder stays: an agent may be installed in the workspace itself.
    """
    for tree in trees:
        if not any(folder.is_relative_to(os.path.realpath(tree)) for folder in hidden):
            yield tree
        elif Path(os.path.realpath(tree)) not in hidden:
            try:
                inside = sorted(tree.iterdir())
            except OSError:
                continue  # what cannot be listed by us is closed to the agent as well
            yield from _visible(inside, hidden)


# --- installations ---


def _interpreter(program: str) -> Path | None:
    """The program that the first line of a script names."""
    try:
        with open(program, "rb") as stream:
            line = stream.readline(512)
    except OSError:
        return None
    words = line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
    words = [word for word in words if not word.startswith("-") and "=" not in word]
    if words and os.path.basename(words[0]) == "env":
        words = words[1:]
    found = shutil.which(words[0]) if words else None
    return Path(found) if found else None


def _package(path: Path) -> Path | None:
    """The outermost node_modules that holds it."""
    parts = path.parts
    return Path(*parts[: parts.index("node_modules") + 1]) if "node_modules" in parts else None


def _prefix(program: Path) -> Path | None:
    """The tree a program was installed into: what holds its bin folder, or the folder it stands in."""
    folder = program.parent
    if folder.name in ("bin", "Scripts"):
        return folder.parent if (folder.parent / "lib").is_dir() or (folder.parent / "pyvenv.cfg").is_file() else folder
    return folder


def _is_personal(tree: Path) -> bool:
    """Whether a tree holds a person's own things beside a program: a home, what lies above it, its folders for data, or a checkout."""
    home = Path(os.path.realpath(os.path.expanduser("~")))
    real = Path(os.path.realpath(tree))
    if home.is_relative_to(real) or real in (home / ".local", home / ".local" / "share", home / ".config", home / "Library"):
        return True
    if real.name == "node_modules" or (real / "pyvenv.cfg").is_file():
        return False
    above = (folder for folder in (real, *real.parents) if not home.is_relative_to(folder))
    # Tools such as pyenv and nvm are checkouts too, in hidden folders of the home.
    return any((folder / ".git").exists() for folder in above if not folder.name.startswith("."))
