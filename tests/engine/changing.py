"""Short ways to a change by an agent that is a process of its own and speaks the real protocol."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from orchestra_lsp.config import Settings
from orchestra_lsp.engine.change import ChangeAsk, ChangeSet
from orchestra_lsp.engine.orchestra import Orchestra
from orchestra_lsp.engine.reconcile import FileChange
from orchestra_lsp.model import Buffer
from orchestra_lsp.trust import shelf

AGENT = Path(__file__).parents[1] / "support" / "agents" / "working_agent.py"
Step = list[Any]


def agent(*steps: Step, spy: Sequence[str] | None = None) -> dict[str, Any]:
    """The settings of an agent that does these steps."""
    plan = {"do": list(steps), **({"spy": list(spy)} if spy is not None else {})}
    return {"kind": "acp", "command": [sys.executable, str(AGENT), json.dumps(plan)]}


def changed(
    root: Path,
    tools: dict[str, dict[str, Any]],
    opened: Callable[[], Sequence[Buffer]] = tuple,
    said: Callable[[str], None] = lambda _: None,
    **more: Any,
) -> ChangeSet:
    """What comes of asking for a change in the workspace `root`; `more` are settings, or `tool`, `paths`, `seconds` of the request."""
    seconds = more.pop("seconds", 60)
    asked = {name: more.pop(name) for name in ("tool", "paths") if name in more}

    async def once() -> ChangeSet:
        made = Orchestra(Settings.model_validate({"tools": {"local": {"enabled": False}, **tools}, **more}))
        try:
            ask = ChangeAsk("1", "do it", (str(root),), time.monotonic() + seconds, opened=opened, **asked)
            return await made.change(ask, said)
        finally:
            await made.close()

    return asyncio.run(once())


def after(change: FileChange) -> str:
    """The text of a file after its edits."""
    data = change.before.data if change.before else b""
    for edit in sorted(change.edits, key=lambda edit: edit.span, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return data.decode()


def files(result: ChangeSet, root: Path) -> dict[str, str | None]:
    """What becomes of each file, by the path it ends at; None: deleted."""
    return {Path(one.moved_to or one.path).relative_to(root).as_posix(): None if one.deleted else after(one) for one in result.files}


def seen(said: str) -> bytes:
    """All that a spying agent got at."""
    found = re.search(r"<seen>(.*?)</seen>", said, re.DOTALL)
    assert found, said[:200]
    return base64.b64decode(found[1])


def snapshot(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def copies() -> list[Path]:
    """The copies that are on this machine now, of this process."""
    import os

    return list(Path(tempfile.gettempdir()).glob(f"{shelf.PREFIX}{os.getpid()}-*"))
