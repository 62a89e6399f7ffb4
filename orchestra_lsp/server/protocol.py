"""pygls' protocol with our own handling of messages: every request is answered exactly once, whatever is in it.

pygls keeps what it does well: the types, the registration of handlers, notifications and requests to the client, progress.
Its Workspace is absent: documents are ours.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.feature_manager import is_thread_function
from pygls.protocol import LanguageServerProtocol

from orchestra_lsp.server import logs
from orchestra_lsp.server.capabilities import capabilities, initialize_result
from orchestra_lsp.server.lifecycle import Phase, exit_code, is_heeded, refusal
from orchestra_lsp.server.messages import (
    CANCELLED,
    ERROR,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    WARNING,
    Fault,
    Id,
    Json,
    failure,
    is_request,
    is_response,
    notification,
    parse,
    result,
)
from orchestra_lsp.server.structure import Unfit, initialize_params, params_of, result_of

if TYPE_CHECKING:
    from cattrs import Converter

    from orchestra_lsp.server.loop import OrchestraServer

Handler = Callable[..., Any]

log = logging.getLogger("orchestra")


class OrchestraProtocol(LanguageServerProtocol):
    """One connection. Everything but `notify`, `send_request` and `tell` happens on the event loop.

    Handlers are functions `handler(ls, params)`, plain, coroutine or `@server.thread()`. A coroutine has run up to its first
    `await` before the next message is looked at, so what it reads there belongs to the moment the request was made.
    A handler refuses by raising `JsonRpcException(message, code)`; any other error is answered without its text.
    """

    _server: OrchestraServer

    def __init__(self, server: OrchestraServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.phase = Phase.FRESH
        self.send: Callable[[Json], None] = _nowhere  # thread-safe; set by whoever owns the connection
        self._running: dict[Id, asyncio.Future[Any] | None] = {}  # the requests that are not answered yet
        self._working: set[asyncio.Future[Any]] = set()  # notification handlers that are still at it
        self._own: dict[str, Handler] = {
            types.INITIALIZE: self._first_request,
            types.SHUTDOWN: self._last_request,
            types.EXIT: self._exit,
            types.CANCEL_REQUEST: self._cancel,
            types.SET_TRACE: self._set_trace,
            types.WINDOW_WORK_DONE_PROGRESS_CANCEL: self._cancel_progress,
        }

    def feed(self, body: bytes) -> None:
        """Handle the body of one message."""
        self.receive(parse(body))

    def receive(self, message: Json | Fault) -> None:
        """Handle one message."""
        if isinstance(message, Fault):
            self.send(failure(message.id, message.code, message.problem))
        elif is_response(message):
            self._response(message)
        elif is_request(message):
            self._request(message)
        else:
            self._notification(message)

    def begin(self, params: Json, phase: Phase) -> None:
        """Take over a connection whose `initialize`, with these parameters, was answered already."""
        self.phase = phase
        if phase is Phase.READY:
            self._initialize(params)

    def tell(self, kind: int, text: str) -> None:
        """Log, here and in the editor's output panel. `kind`: messages.ERROR or WARNING. From any thread."""
        log.log(logging.ERROR if kind == ERROR else logging.WARNING, "%s", text)
        self.send(notification("window/logMessage", {"type": kind, "message": text}))

    # --- requests: answered when, and only when, their id leaves _running ---

    def _request(self, message: Json) -> None:
        id, method = message["id"], str(message["method"])
        assert isinstance(id, str | int)
        if refused := refusal(self.phase, method):
            self.send(failure(id, *refused))
            return
        if id in self._running:
            self.send(failure(id, INVALID_REQUEST, "a request with this id is still running"))
            return
        self._running[id] = None
        try:
            outcome = self._outcome(method, message.get("params"))
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is answered and logged
            self._fail(id, method, error)
            return
        if inspect.isawaitable(outcome):
            self._running[id] = task = asyncio.ensure_future(outcome)
            task.add_done_callback(partial(self._done, id, method))
        else:
            self._answer(id, method, outcome)

    def _outcome(self, method: str, raw: object) -> Any:
        """The result of a request, or an awaitable of it. Raises what is wrong with it."""
        if method == types.INITIALIZE:
            return self._first_request(raw)  # its parameters are structured leniently
        handler = self._handler(method)
        if handler is None:
            raise JsonRpcException(f"{method} is not supported", METHOD_NOT_FOUND)
        return self._run(handler, params_of(self._converter, method, raw))

    def _done(self, id: Id, method: str, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._running.get(id) is not task:
            return  # answered already, when it was cancelled
        if task.cancelled():
            self._refuse(id, CANCELLED, f"{method} was cancelled")
        elif error is not None:
            self._fail(id, method, error)
        else:
            self._answer(id, method, task.result())

    def _answer(self, id: Id, method: str, value: object) -> None:
        try:
            self.send(result(id, self._converter.unstructure(value)))
        except Exception as error:  # noqa: BLE001 - a result that cannot be written is answered and logged too
            self._fail(id, method, error)
        self._running.pop(id, None)

    def _fail(self, id: Id, method: str, error: BaseException) -> None:
        if isinstance(error, JsonRpcException):
            self._refuse(id, error.code, error.message, error.data)
        elif isinstance(error, Unfit):
            self._refuse(id, INVALID_PARAMS, f"{method}: {error}")
        else:
            log.error("%s failed: %s\n%s", method, logs.describe(error), logs.places(error))
            self._refuse(id, INTERNAL_ERROR, f"{method} failed: {logs.describe(error)}")

    def _refuse(self, id: Id, code: int, problem: str, data: object = None) -> None:
        self._running.pop(id, None)
        self.send(failure(id, code, problem, data))

    # --- notifications and responses ---

    def _notification(self, message: Json) -> None:
        method = str(message["method"])
        if not is_heeded(self.phase, method):
            return
        handler = self._handler(method)
        if handler is None:
            log.debug("ignored the notification %s", method)
            return
        try:
            params = params_of(self._converter, method, message.get("params"))
        except Unfit as error:
            self.tell(WARNING, f"{method} was ignored: {error}")
            return
        self._call(method, handler, params)

    def _call(self, method: str, handler: Handler, params: object) -> None:
        """Run the handler of a notification; nobody waits for it, so its errors are told here."""
        try:
            outcome = self._run(handler, params)
        except Exception as error:  # noqa: BLE001 - told
            self._tell_failed(method, error)
            return
        if inspect.isawaitable(outcome):
            task = asyncio.ensure_future(outcome)
            self._working.add(task)
            task.add_done_callback(partial(self._worked, method))

    def _worked(self, method: str, task: asyncio.Future[Any]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell_failed(method, error)

    def _tell_failed(self, method: str, error: BaseException) -> None:
        self.tell(ERROR, f"{method} failed: {logs.describe(error)}")
        log.error("%s", logs.places(error))

    def _response(self, message: Json) -> None:
        id = message["id"]
        future = self._request_futures.pop(id, None) if isinstance(id, str) else None
        kind = self._result_types.pop(id, None) if isinstance(id, str) else None
        if future is None or not future.set_running_or_notify_cancel():
            log.debug("ignored an answer that nobody waits for")
        elif "error" in message:
            future.set_exception(_client_error(message["error"]))
        else:
            try:
                future.set_result(result_of(self._converter, kind, message.get("result")))
            except Unfit as error:
                future.set_exception(JsonRpcException(f"the client's answer does not fit: {error}", INVALID_PARAMS))

    # --- handlers ---

    def _handler(self, method: str) -> Handler | None:
        return self._own.get(method) or self.fm.features.get(method)

    def _run(self, handler: Handler, params: object) -> Any:
        if is_thread_function(handler):  # type: ignore[no-untyped-call]  # pygls has no annotation there
            return asyncio.get_running_loop().run_in_executor(self._server.thread_pool, handler, params)
        return handler(params)

    def _run_registered(self, method: str, params: object) -> Any:
        """Also run what the rooms registered for a method we handle ourselves."""
        handler = self.fm.features.get(method)
        return self._run(handler, params) if handler else None

    def _first_request(self, raw: object) -> Json:
        if not isinstance(raw, dict):
            raise Unfit("params: expected an object")
        self.phase = Phase.READY
        self._initialize(raw)
        return initialize_result(raw)

    def _initialize(self, raw: Json) -> None:
        params, left_out = initialize_params(self._converter, raw)
        for problem in left_out:
            log.warning("initialize: %s; left out", problem)
        self.client_capabilities = params.capabilities
        self.server_capabilities = self._converter.structure(capabilities(raw), types.ServerCapabilities)
        self._server.process_id = params.process_id
        self.trace = params.trace or types.TraceValue.Off
        self._call(types.INITIALIZE, partial(self._run_registered, types.INITIALIZE), params)

    def _last_request(self, params: object) -> Any:
        self.phase = Phase.SHUTDOWN
        for id, task in list(self._running.items()):
            if task is not None:
                task.cancel()
                self._refuse(id, CANCELLED, "the server is shutting down")
        return self._run_registered(types.SHUTDOWN, params)

    def _exit(self, _: object) -> None:
        self._server.stop(exit_code(self.phase))

    def _cancel(self, params: types.CancelParams) -> None:
        task = self._running.get(params.id)
        if task is not None:
            task.cancel()
            self._refuse(params.id, CANCELLED, "cancelled by the client")

    def _set_trace(self, params: types.SetTraceParams) -> None:
        self.trace = params.value

    def _cancel_progress(self, params: types.WorkDoneProgressCancelParams) -> Any:
        if future := self.progress.tokens.get(params.token):
            future.cancel()
        return self._run_registered(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    # --- pygls' seams ---

    def _register_builtin_features(self) -> None:
        """None: pygls' own handlers would keep a second copy of every document."""

    def _send_data(self, data: Any) -> None:
        message: Json = self._converter.unstructure(data)
        if message.get("params", self) is None:
            del message["params"]
        self.send(message)


def _nowhere(_: Json) -> None:
    raise RuntimeError("the protocol is not connected")


def _client_error(error: object) -> JsonRpcException:
    code = error.get("code") if isinstance(error, dict) else None
    text = error.get("message") if isinstance(error, dict) else None
    return JsonRpcException(str(text or "the client refused"), code if isinstance(code, int) else INTERNAL_ERROR)
