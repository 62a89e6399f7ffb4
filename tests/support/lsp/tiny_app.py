"""A server with few and simple methods, to test the door and the loop without what the real server does.

`python -m tests.support.lsp.tiny_app` serves it; ORCHESTRA_TINY chooses how it misbehaves: "slow-import", "broken-import".
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

if __name__ != "__main__":
    behaviour = os.environ.get("ORCHESTRA_TINY", "")
    if behaviour == "slow-import":
        time.sleep(float(os.environ.get("ORCHESTRA_TINY_S", "1.5")))
    if behaviour == "broken-import":
        import a_package_that_is_not_there  # noqa: F401  # type: ignore[import-not-found]

    from lsprotocol import types as t
    from pygls.exceptions import JsonRpcException

    from orchestra_lsp.server.loop import OrchestraServer, ServerOptions


class TinySession:
    """Documents as plain text, and what happened to them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.events: list[str] = []

    async def close(self) -> None:
        if path := os.environ.get("ORCHESTRA_TINY_CLOSED"):
            with open(path, "w", encoding="utf-8") as file:
                file.write("closed")


def create(options: ServerOptions) -> OrchestraServer:
    server = OrchestraServer(options)
    server.session = TinySession()  # type: ignore[assignment]
    for method, handler in HANDLERS.items():
        server.feature(method)(handler)
    server.thread()(server.feature("test/worker")(in_a_worker))
    return server


def did_open(ls: Any, params: Any) -> None:
    document = params.text_document
    ls.session.texts[document.uri] = document.text
    if ls.server_capabilities.diagnostic_provider is None:
        ls.text_document_publish_diagnostics(t.PublishDiagnosticsParams(document.uri, diagnosed(document.text), document.version))


def pull(ls: Any, params: Any) -> Any:
    return t.RelatedFullDocumentDiagnosticReport(items=diagnosed(ls.session.texts[params.text_document.uri]))


def diagnosed(text: str) -> list[Any]:
    """One diagnostic that tells the length."""
    return [t.Diagnostic(t.Range(t.Position(0, 0), t.Position(0, 0)), f"{len(text)} characters", source="orchestra")]


def did_change(ls: Any, params: Any) -> None:
    ls.session.texts[params.text_document.uri] = params.content_changes[-1].text


def did_close(ls: Any, params: Any) -> None:
    del ls.session.texts[params.text_document.uri]


def nothing(ls: Any, params: Any) -> None:
    return None


def hover(ls: Any, params: Any) -> Any:
    text = ls.session.texts.get(params.text_document.uri)
    return t.Hover(t.MarkupContent(t.MarkupKind.PlainText, str(len(text)))) if text is not None else None


async def completion(ls: Any, params: Any) -> Any:
    """The text as it was when the request came, told later."""
    text = ls.session.texts.get(params.text_document.uri, "")
    await asyncio.sleep(0.05)
    return t.CompletionList(is_incomplete=False, items=[t.CompletionItem(label=text[:40] or "nothing")])


async def slow(ls: Any, params: Any) -> Any:
    ls.session.events.append("slow began")
    try:
        await asyncio.sleep(float((params or {}).get("seconds", 30)))
    except asyncio.CancelledError:
        ls.session.events.append("slow was cancelled")
        raise
    return "slept"


def block(ls: Any, params: Any) -> str:
    """Blocks the whole loop, as no handler should."""
    time.sleep(float(params["seconds"]))
    return "blocked"


def in_a_worker(ls: Any, params: Any) -> str:
    time.sleep(float(params["seconds"]))
    return "worked"


def fail(ls: Any, params: Any) -> None:
    raise ValueError(f"a secret of the document: {params}")


async def fail_later(ls: Any, params: Any) -> None:
    await asyncio.sleep(0)
    raise ValueError(f"a secret of the document: {params}")


def leave(ls: Any, params: Any) -> None:
    raise SystemExit(0)


def fail_beside(ls: Any, params: Any) -> None:
    asyncio.get_running_loop().call_soon(fail, ls, params)


def fail_in_thread(ls: Any, params: Any) -> None:
    thread = threading.Thread(target=fail, args=(ls, params))
    thread.start()
    thread.join()


def refuse(ls: Any, params: Any) -> None:
    raise JsonRpcException("not now", -32803, {"why": "a test"})


def give_nonsense(ls: Any, params: Any) -> Any:
    return float("nan")


async def ask_back(ls: Any, params: Any) -> Any:
    answer = await ls.workspace_configuration_async(t.ConfigurationParams([t.ConfigurationItem(section="orchestra")]))
    return list(answer)


def big(ls: Any, params: Any) -> str:
    return "x" * int(params["bytes"])


def events(ls: Any, params: Any) -> list[str]:
    return list(ls.session.events)


HANDLERS: dict[str, Any] = {
    "textDocument/didOpen": did_open,
    "textDocument/didChange": did_change,
    "textDocument/didClose": did_close,
    "textDocument/didSave": nothing,
    "textDocument/hover": hover,
    "textDocument/completion": completion,
    "completionItem/resolve": lambda item: item,
    "textDocument/inlineCompletion": nothing,
    "textDocument/codeAction": nothing,
    "codeAction/resolve": lambda action: action,
    "textDocument/codeLens": nothing,
    "textDocument/diagnostic": pull,
    "workspace/executeCommand": nothing,
    "test/echo": lambda params: params,
    "test/slow": slow,
    "test/block": block,
    "test/fail": fail,
    "test/failLater": fail_later,
    "test/leave": leave,
    "test/failBeside": fail_beside,
    "test/failInThread": fail_in_thread,
    "test/refuse": refuse,
    "test/nonsense": give_nonsense,
    "test/askBack": ask_back,
    "test/big": big,
    "test/events": events,
}

if __name__ == "__main__":
    from orchestra_lsp.server.door import main

    main(app="tests.support.lsp.tiny_app")
