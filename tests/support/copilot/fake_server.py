"""A Copilot language server for tests, as a process of its own, built from the recorded wire of version 1.539.0.

    fake_server.py [--account in|out|none] [--fault NAME] [--say TEXT] [--edit JSON] [--log FILE]

It keeps documents by their incremental changes in its own way (Python strings and UTF-16), so that two implementations have to agree.
Faults: crash (at the first completion), crash-at-start, hang (at the first completion), hang-at-start, garbage, slow-start, quota.
Every message that it gets is a line of the log.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
NOT_SIGNED_IN = {"code": 1000, "message": "Not authenticated: NotSignedIn"}
COMMANDS = ("finishDeviceFlow", "didAcceptCompletionItem", "didAcceptNextEditSuggestionItem", "didRejectNextEditSuggestionItem")
CAPABILITIES = {
    "textDocumentSync": {"openClose": True, "change": 2},
    "executeCommandProvider": {"commands": [f"github.copilot.{name}" for name in COMMANDS]},
    "inlineCompletionProvider": {},
}
INFO = {"name": "GitHub Copilot Language Server", "version": "1.539.0", "nodeVersion": "22.23.2"}


class Problem(Exception):
    """An error to answer with."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.account = options.account
        self.documents: dict[str, Json] = {}
        self.offered: set[str] = set()
        self.asked = 0

    # --- requests ---

    def initialize(self, params: Json) -> Json:
        if self.options.fault == "crash-at-start":
            sys.stderr.write("fatal: cannot read the certificate store\n")
            os._exit(3)
        if self.options.fault == "hang-at-start":
            time.sleep(600)
        if self.options.fault == "slow-start":
            time.sleep(1.5)
        if self.options.fault == "garbage":
            sys.stdout.buffer.write(b"Updating... 12 %\n" * 500)
            sys.stdout.buffer.flush()
        assert params["workspaceFolders"] is None
        assert params["initializationOptions"]["editorPluginInfo"]["name"]
        return {"capabilities": CAPABILITIES, "serverInfo": INFO}

    def shutdown(self, _: Any) -> None:
        return None

    def checkStatus(self, _: Json) -> Json:
        return {"in": {"status": "OK", "user": "someone"}, "out": {"status": "NotSignedIn"}, "none": {"status": "NotAuthorized"}}[
            self.account
        ]

    def checkQuota(self, _: Json) -> Json:
        if self.account != "in":
            raise Problem(-32603, "Not signed in")
        left = 0 if self.options.fault == "quota" else 80
        return {"completions": {"percentRemaining": left, "unlimited": False, "overagePermitted": False}, "resetDate": "2026-12-01"}

    def signIn(self, _: Json) -> Json:
        if self.account == "in":
            return {"status": "AlreadySignedIn", "user": "someone"}
        if self.options.fault == "no-network":
            raise Problem(1001, "Could not log in with device flow on https://github.com/: getaddrinfo ENOTFOUND github.com")
        command = {"command": "github.copilot.finishDeviceFlow", "title": "Sign in with GitHub", "arguments": []}
        page = "https://github.com/login/device"
        return {"status": "PromptUserDeviceFlow", "userCode": "ABCD-1234", "verificationUri": page, "expiresIn": 899, "command": command}

    def signOut(self, _: Json) -> Json:
        self.account = "out"
        self.status()
        return {"status": "NotSignedIn"}

    def inlineCompletion(self, params: Json) -> Json:
        document, place = self.about(params), params["position"]
        if self.options.fault == "quota":
            told = {"category": "cls", "kind": "Error", "message": "Completions limit reached"}
            notify("didChangeStatus/v2", {"statuses": [told]})
            return {"items": []}
        if not self.options.say:
            return {"items": []}
        line = lines_of(document["text"])[place["line"]].rstrip("\r\n")
        before = cut(line, 0, place["character"])
        end = {"line": place["line"], "character": units(line)}
        whole = {"start": {"line": place["line"], "character": 0}, "end": end}
        return {"items": [{"insertText": before + self.options.say, "range": whole, "command": self.command("didAcceptCompletionItem")}]}

    def copilotInlineEdit(self, params: Json) -> Json:
        self.about(params)
        if not self.options.edit:
            return {"edits": []}
        command = self.command("didAcceptNextEditSuggestionItem")
        return {"edits": [{**json.loads(self.options.edit), "textDocument": params["textDocument"], "command": command}]}

    def executeCommand(self, params: Json) -> Any:
        name = params["command"].removeprefix("github.copilot.")
        if name == "finishDeviceFlow":
            ask("window/showDocument", {"uri": "https://github.com/login/device", "external": True})
            self.account = "in"
            self.status()
            return {"status": "OK", "user": "someone"}
        assert name in COMMANDS
        return params["arguments"][0] in self.offered

    def getDocument(self, params: Json) -> Json:
        return {"uri": params["uri"], **self.documents.get(params["uri"], {"version": -1, "text": ""})}

    # --- notifications ---

    def initialized(self, _: Json) -> None:
        ask("workspace/configuration", {"items": [{"section": "github.copilot"}, {"section": "telemetry"}]})
        ask("window/showMessageRequest", {"type": 2, "message": "Your plan renews soon.", "actions": [{"title": "Learn more"}]})
        ask("copilot/unheardOf", {})
        self.status()

    def didOpen(self, params: Json) -> None:
        document = params["textDocument"]
        assert document["uri"] not in self.documents
        assert not document["uri"].startswith("file:")
        self.documents[document["uri"]] = {name: document[name] for name in ("version", "text", "languageId")}

    def didChange(self, params: Json) -> None:
        document = self.documents[params["textDocument"]["uri"]]
        assert params["textDocument"]["version"] == document["version"] + 1
        document["version"] += 1
        for change in params["contentChanges"]:
            text, place = document["text"], change["range"]
            start, end = offset(text, place["start"]), offset(text, place["end"])
            document["text"] = text[:start] + change["text"] + text[end:]

    def didClose(self, params: Json) -> None:
        del self.documents[params["textDocument"]["uri"]]

    # --- inside ---

    def about(self, params: Json) -> Json:
        """The document of a request; every reason not to answer it."""
        self.asked += 1
        if self.account == "out":
            raise Problem(**NOT_SIGNED_IN)
        if self.options.fault == "crash":
            os._exit(1)
        if self.options.fault == "hang":
            time.sleep(600)
        document = self.documents[params["textDocument"]["uri"]]
        if document["version"] != params["textDocument"]["version"]:
            raise Problem(-32801, "Document Version Mismatch")
        return document

    def command(self, name: str) -> Json:
        key = str(uuid.uuid4())
        self.offered.add(key)
        return {"command": f"github.copilot.{name}", "title": "Accept", "arguments": [key]}

    def status(self) -> None:
        message = "" if self.account == "in" else "You are not signed into GitHub."
        result = self.checkStatus({})
        kind = "Normal" if self.account == "in" else "Error"
        notify("didChangeStatus", {"busy": False, "kind": kind, "message": message})
        notify("didChangeStatus/v2", {"statuses": [{"category": "auth", "kind": kind, "message": message, "result": result}]})

    def method(self, name: str) -> Callable[[Any], Any] | None:
        return getattr(self, name.rpartition("/")[2], None)


def lines_of(text: str) -> list[str]:
    return [*re.split(r"(?<=\n)|(?<=\r)(?!\n)", text), ""]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def cut(line: str, start: int, end: int) -> str:
    return line.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def offset(text: str, place: Json) -> int:
    """The index into the str of a position; one inside of a character would raise."""
    starts, at = [0], 0
    while at < len(text):
        at += 2 if text[at : at + 2] == "\r\n" else 1
        if text[at - 1] in "\r\n":
            starts.append(at)
    start = starts[place["line"]]
    return start + len(text[start:].encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le"))


def send(message: Json) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()


def notify(method: str, params: Json) -> None:
    send({"method": method, "params": params})


def ask(method: str, params: Json) -> None:
    send({"id": f"s{uuid.uuid4().hex[:6]}", "method": method, "params": params})


def read() -> Json | None:
    length = 0
    while (line := sys.stdin.buffer.readline()).strip():
        name, _, value = line.decode().partition(":")
        length = int(value) if name.lower() == "content-length" else length
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stdio", action="store_true")
    parser.add_argument("--account", default="in", choices=("in", "out", "none"))
    for name in ("--fault", "--say", "--edit", "--log"):
        parser.add_argument(name, default="")
    options = parser.parse_args()
    server = Server(options)
    while (message := read()) is not None:
        if options.log:
            with open(options.log, "a", encoding="utf-8") as log:
                log.write(json.dumps(message) + "\n")
        name = message.get("method")
        if name == "exit":
            sys.exit(0)
        if name is None:
            continue
        handle = server.method(name)
        if "id" not in message:
            if handle:
                handle(message.get("params"))
            continue
        try:
            if handle is None:
                raise Problem(-32601, f"Method not found: {name}")
            send({"id": message["id"], "result": handle(message.get("params"))})
        except Problem as problem:
            send({"id": message["id"], "error": problem.error})


if __name__ == "__main__":
    main()
