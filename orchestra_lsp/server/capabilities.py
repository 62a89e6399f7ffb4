"""The server's answer to `initialize`, computed from the client's raw parameters on the standard library alone."""

from __future__ import annotations

from orchestra_lsp import __version__
from orchestra_lsp.server.features import INCREMENTAL, OPTIONS, POSITION_ENCODINGS, PROVIDERS, command_names

SERVER_NAME = "orchestra-lsp"


def initialize_result(params: dict[str, object]) -> dict[str, object]:
    """InitializeResult."""
    return {"capabilities": capabilities(params), "serverInfo": {"name": SERVER_NAME, "version": __version__}}


def capabilities(params: dict[str, object]) -> dict[str, object]:
    """ServerCapabilities for these InitializeParams; whatever is malformed in them counts as not said."""
    answer: dict[str, object] = {
        "positionEncoding": position_encoding(params),
        "textDocumentSync": {
            "openClose": True,
            "change": INCREMENTAL,
            "willSave": False,
            "willSaveWaitUntil": False,
            "save": OPTIONS["textDocument/didSave"],
        },
        "executeCommandProvider": {"commands": command_names(), "workDoneProgress": True},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    answer |= {provider: OPTIONS[method] for method, provider in PROVIDERS.items()}
    if not pulls_diagnostics(params):
        del answer["diagnosticProvider"]
    return answer


def position_encoding(params: dict[str, object]) -> str:
    """The first encoding of the client's list that we know; UTF-16 is what a client without a list means."""
    offered = _at(params, "general", "positionEncodings")
    known = [encoding for encoding in offered if encoding in POSITION_ENCODINGS] if isinstance(offered, list) else []
    return str(known[0]) if known else "utf-16"


def pulls_diagnostics(params: dict[str, object]) -> bool:
    """Whether open documents are pulled: only a client that can be asked to pull again hears of late findings."""
    return isinstance(_at(params, "textDocument", "diagnostic"), dict) and _at(params, "workspace", "diagnostics", "refreshSupport") is True


def _at(params: dict[str, object], *path: str) -> object:
    here: object = params.get("capabilities")
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here
