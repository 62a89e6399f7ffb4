"""Whether the editor's process still lives: a server whose editor died must not stay behind."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from orchestra_lsp.trust.alive import is_alive

INTERVAL_S = 1.0


def follow(process_id: int, gone: Callable[[], None]) -> None:
    """Call `gone` from a thread once the process has ended."""
    from threading import Thread  # the door asks `is_alive` before its first answer, when there is no time for this import

    Thread(target=_wait, args=(process_id, gone), name="orchestra-watch", daemon=True).start()


def _wait(process_id: int, gone: Callable[[], None]) -> None:
    while is_alive(process_id):
        sleep(INTERVAL_S)
    gone()
