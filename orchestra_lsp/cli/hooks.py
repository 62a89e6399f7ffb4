"""`orchestra hooks install`: git reviews what is staged before each commit. A hook that is there already runs first and is kept."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from orchestra_lsp.cli.word import YES, Options, Word
from orchestra_lsp.commands.registry import Arguments, Changes, Parameter, Takes, WrongUse
from orchestra_lsp.trust import git

MARK: Final = "# Written by `orchestra hooks install`"
BEFORE: Final = "pre-commit.before-orchestra"
LEVELS: Final = ("warning", "error", "info", "hint")
SCRIPT: Final = """#!/bin/sh
{mark}; `orchestra hooks remove` takes it away and puts back what was here.
before="$(dirname "$0")/{before}"
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
python={python}
if [ -x "$python" ]; then
    exec "$python" -m orchestra_lsp review --staged --fail-on {level}
elif command -v orchestra >/dev/null 2>&1; then
    exec orchestra review --staged --fail-on {level}
fi
echo "orchestra is not installed any more, so nothing was reviewed; take this hook away with: rm '$0'" >&2
"""


def act(arguments: Arguments, _options: Options) -> int:
    what = arguments.text("what", "install")
    if what not in ("install", "remove"):
        raise WrongUse("Say what to do: orchestra hooks install, or orchestra hooks remove.")
    try:
        hook = _hook(Path.cwd())
        told = _install(hook, arguments.text("fail-on", LEVELS[0])) if what == "install" else _remove(hook)
    except git.GitFailed as error:
        raise WrongUse(f"The hooks of this folder cannot be found: {error}.") from error
    except OSError as error:
        raise WrongUse(f"{error.filename}: {error.strerror}. Nothing was changed.") from error
    print(told)
    return 0


def _hook(folder: Path) -> Path:
    """Where git looks for its pre-commit hook. Raises GitFailed."""
    root = git.root_of(folder)
    for scope in ("--worktree", "--local", "--global", "--system"):  # named, because we switch hooks off for our own calls
        if named := git.run(root, ("config", scope, "--type=path", "--get", "core.hooksPath"), accepted=(0, 1, 128)).strip():
            return root / os.fsdecode(named) / "pre-commit"
    common = os.fsdecode(git.run(root, ("rev-parse", "--git-common-dir")).strip())
    return root / common / "hooks" / "pre-commit"


def _install(hook: Path, level: str) -> str:
    text = SCRIPT.format(mark=MARK, before=BEFORE, python=shlex.quote(Path(sys.executable).as_posix()), level=level)
    if _ours(hook):
        hook.write_text(text, encoding="utf-8", newline="\n")
        return f"{hook} was there already and is up to date."
    there = os.path.lexists(hook)
    before = hook.with_name(BEFORE)
    if there and ".git" not in hook.parts:
        line = f"orchestra review --staged --fail-on {level}"
        raise WrongUse(f"{hook} belongs to the project and was left alone. Add this line to it: {line}")
    if there and os.path.lexists(before):
        raise WrongUse(f"{before} is there already, so the present hook cannot be kept. Move one of them away first.")
    hook.parent.mkdir(parents=True, exist_ok=True)
    if there:
        hook.rename(before)
    try:
        handle = os.open(hook, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError:
        if there:
            before.rename(hook)
        raise
    kept = f" What was there runs first, as {before.name}." if there else ""
    return f"Wrote {hook}.{kept} `git commit --no-verify` passes it by."


def _remove(hook: Path) -> str:
    if not _ours(hook):
        raise WrongUse(f"{hook} is not ours; nothing was changed." if os.path.lexists(hook) else "There is no hook to remove.")
    before = hook.with_name(BEFORE)
    if os.path.lexists(before):
        os.replace(before, hook)
        return f"Put back what was in {hook} before."
    hook.unlink()
    return f"Removed {hook}."


def _ours(hook: Path) -> bool:
    try:
        return MARK in hook.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False


WORD = Word(
    name="hooks",
    summary="Review what is staged before each commit: orchestra hooks install, or remove.",
    parameters=(
        Parameter("what", Takes.WORDS, "install (the default) or remove."),
        Parameter("fail-on", Takes.CHOICE, "Stop the commit for findings of this severity or worse.", choices=LEVELS),
    ),
    phrases=("install the git hooks", "install git hooks", "set up the git hooks"),
    act=act,
    changes=Changes.DISK,
    options=(YES,),
)
