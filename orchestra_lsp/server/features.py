"""What we serve, as plain data: the one place that the registration of handlers and the door's first answer both read."""

from __future__ import annotations

import os

Options = dict[str, object]

COMMAND_PREFIX = "orchestra."
ACCEPTED = "orchestra.accepted"  # sent by the editor when a completion was accepted; no file in commands/
ACCEPT_WORD, ACCEPT_LINE = "orchestra.accept-word", "orchestra.accept-line"  # the next part of an offer; see server/partial.py
NO_COMMANDS = frozenset({"registry", "result"})  # modules of commands/ that are machinery

CODE_ACTION_KINDS = ("quickfix", "refactor.rewrite", "source.fixAll.orchestra")
POSITION_ENCODINGS = ("utf-8", "utf-16", "utf-32")
INCREMENTAL = 2  # TextDocumentSyncKind

#: Method -> its options as in ServerCapabilities; True: served, nothing to say about it.
OPTIONS: dict[str, Options | bool] = {
    "textDocument/didSave": {"includeText": False},
    "textDocument/completion": {"triggerCharacters": ["."], "resolveProvider": True},
    "textDocument/inlineCompletion": {},
    "textDocument/hover": True,
    "textDocument/codeAction": {"codeActionKinds": list(CODE_ACTION_KINDS), "resolveProvider": True},
    "textDocument/codeLens": {"resolveProvider": False},
    "textDocument/diagnostic": {"identifier": "orchestra", "interFileDependencies": False, "workspaceDiagnostics": False},
}

#: Method -> its name in ServerCapabilities.
PROVIDERS = {
    "textDocument/completion": "completionProvider",
    "textDocument/inlineCompletion": "inlineCompletionProvider",
    "textDocument/hover": "hoverProvider",
    "textDocument/codeAction": "codeActionProvider",
    "textDocument/codeLens": "codeLensProvider",
    "textDocument/diagnostic": "diagnosticProvider",
}


def command_names() -> list[str]:
    """Every command of workspace/executeCommand, sorted: read off the file names of commands/, because importing them is slow."""
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "commands")
    stems = {name.partition(".")[0] for name in os.listdir(folder) if name.endswith((".py", ".pyc"))}
    names = [COMMAND_PREFIX + stem.replace("_", "-") for stem in stems if not stem.startswith("_") and stem not in NO_COMMANDS]
    return sorted([*names, ACCEPTED, ACCEPT_WORD, ACCEPT_LINE])
