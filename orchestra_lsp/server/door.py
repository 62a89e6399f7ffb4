"""The front door, `orchestra-lsp`: answers `initialize` on the standard library alone, then imports the server and hands over.

Importing the protocol's types takes half a second, so nothing heavy is imported here before the first answer is out.
"""

from __future__ import annotations

import os
import sys
import time

from orchestra_lsp.server import watch
from orchestra_lsp.server.capabilities import initialize_result
from orchestra_lsp.server.lifecycle import Phase, refusal
from orchestra_lsp.server.messages import INVALID_PARAMS, Fault, Json, failure, is_request, result
from orchestra_lsp.server.stream import Stream, claim_stdio, framed
from orchestra_lsp.trust.alive import is_alive

TYPE_CHECKING = False  # the constant of `typing`, whose import takes time
if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

INTERRUPTED = 130  # exit code after Ctrl+C, as shells have it
APP = "orchestra_lsp.server.app"
HELP = """orchestra-lsp: the language server of Orchestra LSP, on standard input and output.

An editor starts it; to see what it does with a file, run: orchestra try FILE

  --version   print the version
  --help      print this
"""


def main(app: str = APP) -> None:
    """Serve one client and end the process. `app` names the module whose `create` makes the server."""
    started = time.monotonic()
    sys.setswitchinterval(0.001)  # the loop and the review worker hand over within 1 ms instead of 5
    _look_at_arguments(sys.argv[1:])
    try:
        stream = _claim()
        params = greet(stream)
    except OSError:
        os._exit(1)  # the client does not read any more: nobody to tell
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    if params is None:
        os._exit(1)
    _serve(stream, params, app, started)


def greet(stream: Stream) -> Json | None:
    """Answer everything up to and including `initialize`; its parameters, or None when the client left before.

    Raises OSError when the client does not read.
    """
    while (message := stream.read()) is not None:
        if isinstance(message, Fault):
            stream.write(framed(failure(message.id, message.code, message.problem)))
        elif is_request(message):
            if (params := _answer(stream, message)) is not None:
                return params
        elif message.get("method") == "exit":
            return None
    return None


def _claim() -> Stream:
    if os.isatty(0):
        print(HELP.splitlines()[2], file=sys.stderr)
    try:
        return claim_stdio()
    except OSError as error:
        print(f"orchestra-lsp: standard input and output are needed: {error.strerror}", file=sys.stderr)
        raise


def _answer(stream: Stream, message: Json) -> Json | None:
    """Answer a request that comes before the server is initialized; the parameters when it was `initialize`."""
    method, id, params = str(message["method"]), message["id"], message.get("params")
    assert isinstance(id, str | int)
    if refused := refusal(Phase.FRESH, method):
        stream.write(framed(failure(id, *refused)))
        return None
    if not isinstance(params, dict):
        stream.write(framed(failure(id, INVALID_PARAMS, "params: expected an object")))
        return None
    if not is_alive(params.get("processId")):
        params["processId"] = None  # in a container the editor's number means nothing
    stream.write(framed(result(id, initialize_result(params))))
    return params


def _serve(stream: Stream, params: Json, app: str, started: float) -> None:
    """Import the server while a thread keeps the client's messages, and let it take over."""
    from orchestra_lsp.server.waiting import Waiting, leave

    waiting = Waiting(stream)
    waiting.start()
    if isinstance(process_id := params["processId"], int):
        watch.follow(process_id, waiting.connection.lose)
    try:
        server = _create(app, started)
    except KeyboardInterrupt:
        leave(INTERRUPTED)
    except BaseException as error:  # noqa: BLE001 - whatever an import may raise, the person is told and every request answered
        problem = _cannot_start(error)
        print(f"orchestra-lsp: {problem}", file=sys.stderr)
        waiting.give_up(problem)
        leave(1)
    leave(server.run(waiting, params))


def _create(app: str, started: float) -> OrchestraServer:
    import gc
    from importlib import import_module

    gc.disable()  # a quarter of the import would be spent looking for garbage that is not there
    try:
        from orchestra_lsp.server.loop import ServerOptions

        server: OrchestraServer = import_module(app).create(ServerOptions(started=started))
        return server
    finally:
        gc.freeze()
        gc.enable()


def _cannot_start(error: BaseException) -> str:
    from traceback import extract_tb

    frames = extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"the server cannot start: {type(error).__name__}: {error}{where}. Reinstall it: pip install --force-reinstall orchestra-lsp"


def _look_at_arguments(arguments: list[str]) -> None:
    """Editors add `--stdio` and their process number, which `initialize` also says; the rest is for people."""
    for argument in arguments:
        if argument in ("--help", "-h"):
            print(HELP, end="")
            sys.exit(0)
        if argument == "--version":
            from orchestra_lsp import __version__

            print(f"orchestra-lsp {__version__}")
            sys.exit(0)
        if argument != "--stdio" and not argument.startswith("--clientProcessId="):
            print(f"orchestra-lsp: there is no argument {argument}\n\n{HELP}", end="", file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main()
