"""Shows how far the embedded engine is with learning the workspace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.progress import Progress

TITLE = "Learning the workspace"
INTERVAL_S = 0.5
BUSY = ("waiting", "reading")


async def learn(ls: OrchestraServer, orchestra: Orchestra) -> None:
    """Begin, and show it for as long as it takes."""
    orchestra.learn(ls.session.roots)
    await show(ls, orchestra)


async def show(ls: OrchestraServer, orchestra: Orchestra) -> None:
    """Show what is being learned, if anything is."""
    await ls.session.progresses.run(ls, TITLE, lambda progress: _follow(orchestra, progress), cancellable=False)
    ls.session.status.changed(ls)


async def _follow(orchestra: Orchestra, progress: Progress) -> None:
    while (now := orchestra.learning) is not None and now.state in BUSY:
        progress.report(f"{now.files} files")
        await asyncio.sleep(INTERVAL_S)
