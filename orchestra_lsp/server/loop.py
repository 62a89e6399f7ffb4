"""The server process: one event loop that handles one message in each turn, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pygls.lsp import get_method_options_type
from pygls.lsp.server import LanguageServer

from orchestra_lsp import __version__
from orchestra_lsp.server import logs
from orchestra_lsp.server.capabilities import SERVER_NAME
from orchestra_lsp.server.features import OPTIONS
from orchestra_lsp.server.lifecycle import exit_code
from orchestra_lsp.server.messages import ERROR, Json
from orchestra_lsp.server.protocol import OrchestraProtocol
from orchestra_lsp.server.stream import Incoming
from orchestra_lsp.server.structure import make_converter
from orchestra_lsp.server.waiting import FLUSH_S, Waiting

if TYPE_CHECKING:
    from orchestra_lsp.server.session import Session

CLOSE_S = 2.0  # what the session may take to close
CANCEL_S = 0.5  # what cancelled tasks may take to end
GUARD_S = 5.0  # a loop that has not ended by then is stuck, and the process ends without it

F = TypeVar("F", bound=Callable[..., Any])

log = logging.getLogger("orchestra")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What the door knows. `started`: `time.monotonic()` seconds at the start of the process."""

    started: float = 0.0


class OrchestraServer(LanguageServer):
    """The language server of one connection. `session` holds the state of the connection; `app.create` sets it.

    Register handlers by `server.feature(METHOD)(handler)`; their options are those of `features.OPTIONS`.
    """

    protocol: OrchestraProtocol
    session: Session

    def __init__(self, options: ServerOptions) -> None:
        super().__init__(SERVER_NAME, __version__, protocol_cls=OrchestraProtocol, converter_factory=make_converter)
        self.options = options
        self._ended: asyncio.Future[int] | None = None

    def feature(self, feature_name: str, options: Any | None = None) -> Callable[[F], F]:
        """Register the handler of a method, with the options that `features.OPTIONS` holds for it."""
        said = OPTIONS.get(feature_name)
        kind: type[Any] | None = get_method_options_type(feature_name) if isinstance(said, dict) else None
        if options is None and kind is not None:
            options = self.protocol._converter.structure(said, kind)
        return super().feature(feature_name, options)

    def run(self, waiting: Waiting, params: Json) -> int:
        """Serve the connection that `waiting` has kept, whose `initialize` had `params`; gives the exit code of the process."""
        logs.set_up()
        threading.excepthook = _thread_failed
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(self._serve(waiting, params))
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except BaseException as error:  # noqa: BLE001 - for instance a library's SystemExit, which the loop lets through
            log.error("%s", logs.places(error))
            self.protocol.tell(ERROR, f"the server has ended by {logs.describe(error)}")
            waiting.connection.close(FLUSH_S)
            return 1
        finally:
            loop.close()  # and not asyncio.run, which would wait for worker threads; the process ends without them

    def stop(self, code: int) -> None:
        """End `run` with this exit code. On the event loop."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(code)

    async def _serve(self, waiting: Waiting, params: Json) -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unexpected)
        self._ended = loop.create_future()
        self._stop_on_signals(loop)
        self.protocol.send = waiting.connection.send
        inbox = Inbox(loop, self._handle)
        saved = waiting.hand_over(lambda incoming: self._keep(inbox, incoming))
        self.protocol.begin(params, saved.phase)
        inbox.put_first(saved.messages)
        code = await self._ended
        await self._close()
        waiting.connection.close(FLUSH_S)
        return code

    def _keep(self, inbox: Inbox, incoming: Incoming) -> None:
        """In the reading thread."""
        if incoming is None or (isinstance(incoming, dict) and incoming.get("method") == "exit"):
            guard = threading.Timer(GUARD_S, os._exit, (exit_code(self.protocol.phase),))
            guard.daemon = True
            guard.start()
        inbox.put(incoming)

    def _handle(self, incoming: Incoming) -> None:
        if incoming is None:
            self.stop(exit_code(self.protocol.phase))
        else:
            self.protocol.receive(incoming)

    def _stop_on_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        if sys.platform == "win32":
            return  # there the process is simply ended
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, 128 + number)

    async def _close(self) -> None:
        """Close the session, then cancel what still runs: its requests are answered as cancelled."""
        try:
            await asyncio.wait_for(self.session.close(), CLOSE_S)
        except TimeoutError:
            log.warning("closing took more than %s seconds; the rest is left undone", CLOSE_S)
        except Exception as error:  # noqa: BLE001 - logged; the process ends all the same
            log.error("closing failed: %s\n%s", logs.describe(error), logs.places(error))
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=CANCEL_S)

    def _unexpected(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error that no handler caught, for instance in a background task."""
        error = context.get("exception")
        words = logs.describe(error) if isinstance(error, BaseException) else "unknown"
        self.protocol.tell(ERROR, f"an unexpected error: {words}")
        if isinstance(error, BaseException):
            log.error("%s", logs.places(error))


class Inbox:
    """Messages on their way from the reading thread to the loop, which handles one in each of its turns.

    So a request's coroutine runs up to its first `await` before the message behind it is handled, and a flood of messages
    does not keep the loop from its other work.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, handle: Callable[[Incoming], None]) -> None:
        self._loop = loop
        self._handle = handle
        self._lock = threading.Lock()
        self._items: deque[Incoming] = deque()
        self._scheduled = False

    def put(self, item: Incoming) -> None:
        """From any thread."""
        with self._lock:
            self._items.append(item)
            if self._scheduled:
                return
            self._scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._turn)
        except RuntimeError:
            return  # the loop has ended: nobody is left to answer

    def put_first(self, items: Iterable[Incoming]) -> None:
        """Put `items` before everything else. On the loop."""
        with self._lock:
            self._items.extendleft(reversed(list(items)))
            if self._scheduled or not self._items:
                return
            self._scheduled = True
        self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        with self._lock:
            item = self._items.popleft()
        try:
            self._handle(item)
        finally:
            with self._lock:
                self._scheduled = more = bool(self._items)
            if more:
                self._loop.call_soon(self._turn)


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """Python's own hook would print the error's text."""
    if failed.exc_value is not None:
        name = failed.thread.name if failed.thread else "a thread"
        log.error("%s failed: %s\n%s", name, logs.describe(failed.exc_value), logs.places(failed.exc_value))
