"""Short ways to a command's result, for all tests of the commands."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestra_lsp.commands.registry import Context, command
from orchestra_lsp.commands.result import Result
from orchestra_lsp.config import Loaded, Settings
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax.parse import open_buffer

SHOP = Path(__file__).parents[2] / "fixtures" / "projects" / "shop"
CURSOR = "|"


def run(name: str, given: Mapping[str, object] | None = None, settings: Mapping[str, Any] | None = None, **context: Any) -> Result:
    """What a command gives back in a context without an editor, or with what is named."""
    loaded = Loaded(Settings.model_validate(settings or {}))

    async def once() -> Result:
        made: list[Orchestra] = []

        def orchestra() -> Orchestra:
            made.append(Orchestra(loaded.settings))
            return made[-1]

        try:
            wanted = command(name)
            return await wanted.run(Context(loaded, orchestra, **context), wanted.arguments(given or {}))
        finally:
            for one in made:
                await one.close()

    return asyncio.run(once())


def editing(text: str, path: str = "/code/sums.py", language: str = "python") -> dict[str, Any]:
    """An editor's buffer with the cursor at the mark, or the selection between two marks."""
    before, _, rest = text.partition(CURSOR)
    selected, mark, after = rest.partition(CURSOR)
    span = Span(len(before.encode()), len((before + selected).encode())) if mark else Span(len(before.encode()), len(before.encode()))
    return {"buffer": opened(before + selected + after, path, language), "span": span}


def opened(text: str, path: str = "/code/sums.py", language: str = "python") -> Buffer:
    return open_buffer(Path(path).as_uri(), path, 1, language, text)


def git(folder: Path, *arguments: str) -> str:
    """Git with nothing of this machine's own settings."""
    named = ["git", "-c", "user.name=Anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false", "-C", str(folder)]
    return subprocess.run([*named, *arguments], check=True, capture_output=True, text=True, timeout=30).stdout


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A repository in which `files` are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "begin")
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
