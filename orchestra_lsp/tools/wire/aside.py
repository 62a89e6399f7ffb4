"""Settings for agents that come with a project: out of the copy while an agent works in it, because some of them run commands."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestra_lsp.trust.workcopy import MaskedFolder

#: Where agents look for hooks and servers, which they start without asking. Droid and Copilot were seen to run such hooks.
PLACES = (
    *(".claude", ".factory", ".cursor", ".copilot", ".roo", ".gemini", ".codex", ".agents", ".opencode", ".kilocode", ".clinerules"),
    *(".github/hooks", ".github/copilot", ".github/extensions", ".github/mcp.json", ".vscode/mcp.json", ".mcp.json", "opencode.json"),
)


@contextmanager
def put_aside(folder: MaskedFolder) -> Iterator[None]:
    """Take them out, and back at the end; what the agent has written in their place stays as it wrote it."""
    there = [place for place in PLACES if os.path.lexists(folder.path / place)]
    if not there:
        yield
        return
    kept = Path(tempfile.mkdtemp(prefix="aside-", dir=folder.path.parent))
    try:
        for place in there:
            (kept / place).parent.mkdir(parents=True, exist_ok=True)
            os.rename(folder.path / place, kept / place)
        yield
    finally:
        _back(kept, folder.path)
        shutil.rmtree(kept)


def _back(kept: Path, into: Path) -> None:
    for here, _, names in os.walk(kept):
        for name in names:
            target = into / Path(here).relative_to(kept) / name
            if not os.path.lexists(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(Path(here) / name, target)
