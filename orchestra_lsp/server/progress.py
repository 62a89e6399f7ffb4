"""Work-done progress: shown for anything that takes over a second, and its cancel button really cancels."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

SHOWN_AFTER_S = 1.0
T = TypeVar("T")
Work = Callable[["Progress"], Awaitable[T]]


class Progress:
    """How far one piece of work is. `report` may be called from its first moment on, also before anything is shown."""

    def __init__(self, ls: OrchestraServer, title: str, token: t.ProgressToken | None) -> None:
        self._ls = ls
        self._title = title
        self._message: str | None = None
        self._begun = False
        self.given = token is not None  # by the editor, with its request
        self.token: t.ProgressToken = token if token is not None else f"orchestra-{uuid.uuid4().hex}"

    def report(self, message: str, percentage: int | None = None) -> None:
        news, self._message = message != self._message or percentage is not None, message
        if self._begun and news:
            self._send(t.WorkDoneProgressReport(message=message, percentage=percentage))

    def begin(self, cancellable: bool) -> None:
        self._begun = True
        self._send(t.WorkDoneProgressBegin(title=self._title, cancellable=cancellable, message=self._message))

    def end(self) -> None:
        if self._begun:
            self._begun = False
            self._send(t.WorkDoneProgressEnd())

    def _send(self, value: t.WorkDoneProgressBegin | t.WorkDoneProgressReport | t.WorkDoneProgressEnd) -> None:
        self._ls.progress(t.ProgressParams(self.token, value))


class Progresses:
    """The pieces of work that the person may cancel, by their token. Belongs to the event loop."""

    def __init__(self) -> None:
        self._running: dict[t.ProgressToken, asyncio.Task[object]] = {}

    async def run(
        self, ls: OrchestraServer, title: str, work: Work[T], token: t.ProgressToken | None = None, cancellable: bool = True
    ) -> T:
        """The result of `work`. Raises CancelledError when the editor cancelled the request or pressed the button."""
        progress = Progress(ls, title, token)
        task = asyncio.ensure_future(work(progress))
        shower = asyncio.ensure_future(self._show(ls, progress, task if cancellable else None))
        try:
            return await task
        finally:
            task.cancel()
            shower.cancel()
            progress.end()
            self._running.pop(progress.token, None)

    def cancel(self, token: t.ProgressToken) -> None:
        """Unknown tokens are those of work that has just ended."""
        if task := self._running.get(token):
            task.cancel()

    async def _show(self, ls: OrchestraServer, progress: Progress, task: asyncio.Task[T] | None) -> None:
        """`task` None: it cannot be cancelled."""
        if not progress.given:
            await asyncio.sleep(SHOWN_AFTER_S)
            if not ls.session.client.workspace.progress:
                return
            try:
                await ls.window_work_done_progress_create_async(t.WorkDoneProgressCreateParams(progress.token))
            except JsonRpcException as error:
                log.warning("the editor shows no progress: %s", error)
                return
        if task is not None:
            self._running[progress.token] = task
        progress.begin(cancellable=task is not None)


def did_cancel(ls: OrchestraServer, params: t.WorkDoneProgressCancelParams) -> None:
    ls.session.progresses.cancel(params.token)


def register(server: OrchestraServer) -> None:
    server.feature(t.WINDOW_WORK_DONE_PROGRESS_CANCEL)(did_cancel)
