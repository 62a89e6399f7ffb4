"""Which tool's which answer a suggestion was made of, so that the tool hears what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache

from orchestra_lsp.model import Answer, Outcome
from orchestra_lsp.tools.contract import Tool

log = logging.getLogger("orchestra")

KEPT = 256


class Receipts:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._answers: LRUCache[str, Answer] = LRUCache(KEPT)
        self._telling: set[asyncio.Task[None]] = set()

    def note(self, suggestion_id: str, answer: Answer | None) -> None:
        """Answers of tools that want to hear nothing have no receipt."""
        if answer and answer.receipt:
            self._answers[suggestion_id] = answer

    def tell(self, tools: Mapping[str, Tool[Any]], suggestion_id: str, outcome: Outcome, accepted: int = 0) -> None:
        """In the background. `accepted`: UTF-16 units of the suggestion's text, when only a part was accepted."""
        answer = self._answers.get(suggestion_id)
        tool = tools.get(answer.tool) if answer else None
        if answer is None or tool is None:
            return
        whole = accepted + answer.skipped if accepted else 0
        task = asyncio.get_running_loop().create_task(tool.hear(answer.receipt, outcome, whole))
        self._telling.add(task)
        task.add_done_callback(self._told)

    async def close(self) -> None:
        """Wait for what is on its way; a tool bounds it in time itself."""
        await asyncio.gather(*self._telling, return_exceptions=True)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._telling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a tool did not hear what became of its answer: %s", type(error).__name__)
