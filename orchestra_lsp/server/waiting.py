"""What happens to messages while the real server is being imported: kept in order, cancelled, or answered where that needs no server."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, NoReturn

from orchestra_lsp.server.connection import Connection, Sink
from orchestra_lsp.server.lifecycle import Phase, exit_code, is_heeded, refusal
from orchestra_lsp.server.messages import (
    CANCELLED,
    ERROR,
    INTERNAL_ERROR,
    Fault,
    Id,
    Json,
    failure,
    is_request,
    is_response,
    notification,
    result,
)
from orchestra_lsp.server.stream import Incoming, Stream

FLUSH_S = 1.0  # how long what was already sent may take to reach the client when we end


class Saved(NamedTuple):
    """What the real server takes over: how far the connection is, and the messages nobody has answered yet."""

    phase: Phase
    messages: list[Json]


class Waiting:
    """The connection from the answered `initialize` until the server takes over."""

    def __init__(self, stream: Stream) -> None:
        self.connection = Connection(stream, self._receive)
        self._phase = Phase.READY
        self._messages: list[Json] = []

    def start(self) -> None:
        self.connection.start()

    def hand_over(self, sink: Sink) -> Saved:
        """Everything that comes from now on goes to `sink`; what came before is returned, in order."""
        self.connection.divert(sink)
        return Saved(self._phase, self._messages)

    def give_up(self, problem: str) -> None:
        """The server cannot start: tell the person, answer every request, and let that reach the client."""
        _, messages = self.hand_over(lambda incoming: self._refuse(incoming, problem))
        self.connection.send(notification("window/showMessage", {"type": ERROR, "message": f"Orchestra LSP: {problem}"}))
        for message in messages:
            self._refuse(message, problem)
        self.connection.close(FLUSH_S)

    def _receive(self, incoming: Incoming) -> None:
        if incoming is None:
            self._leave()
        if isinstance(incoming, Fault):
            self.connection.send(failure(incoming.id, incoming.code, incoming.problem))
        elif is_request(incoming):
            self._request(incoming)
        elif not is_response(incoming):
            self._notification(incoming)

    def _request(self, message: Json) -> None:
        method, id = str(message["method"]), _id(message)
        if refused := refusal(self._phase, method):
            self.connection.send(failure(id, *refused))
        elif method == "shutdown":
            self._phase = Phase.SHUTDOWN
            for waiting in self._messages:
                self._refuse(waiting, "the server is shutting down", CANCELLED)
            self._messages.clear()
            self.connection.send(result(id, None))
        else:
            self._messages.append(message)

    def _notification(self, message: Json) -> None:
        method = str(message["method"])
        if not is_heeded(self._phase, method):
            return
        if method == "exit":
            self._leave()
        elif method == "$/cancelRequest":
            self._cancel(message.get("params"))
        else:
            self._messages.append(message)

    def _cancel(self, params: object) -> None:
        wanted = params.get("id") if isinstance(params, dict) else None
        for message in self._messages:
            if is_request(message) and message["id"] == wanted:
                self._messages.remove(message)
                self._refuse(message, "cancelled by the client", CANCELLED)
                return

    def _refuse(self, incoming: Incoming, problem: str, code: int = INTERNAL_ERROR) -> None:
        if isinstance(incoming, dict) and is_request(incoming):
            self.connection.send(failure(_id(incoming), code, problem))

    def _leave(self) -> NoReturn:
        self.connection.close(FLUSH_S)
        leave(exit_code(self._phase))


def leave(code: int) -> NoReturn:
    """End the process at once, whatever other threads are doing: an import or a worker cannot be interrupted otherwise."""
    try:
        sys.stderr.flush()
    finally:  # standard error may be gone as well
        os._exit(code)


def _id(message: Json) -> Id:
    id = message["id"]
    assert isinstance(id, str | int)
    return id
