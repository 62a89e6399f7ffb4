"""Long work in a thread that ends soon after nobody waits for it any more: at Ctrl-C, or when an editor cancels."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from orchestra_lsp.commands.registry import Arguments, Context

Done = TypeVar("Done")


class Abandoned(Exception):
    """Raised in the thread by the next call of `progress`; nobody is there to see it."""


async def away(work: Callable[[Context, Arguments], Done], context: Context, arguments: Arguments) -> Done:
    """Run `work` in a thread. It can be ended wherever it tells its progress, so it should do that for every file."""
    abandoned = threading.Event()

    def progress(message: str) -> None:
        if abandoned.is_set():
            raise Abandoned
        context.progress(message)

    try:
        return await asyncio.to_thread(work, replace(context, progress=progress), arguments)
    except asyncio.CancelledError:
        # A thread cannot be stopped from outside, and the process waits for its threads at the end.
        abandoned.set()
        raise
