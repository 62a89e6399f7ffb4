"""What the server asks of the editor and hears of its workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.conversing import editing, folder_in
from tests.support.lsp.client import Client

TEXT = "def f():\n    return 1\n"
WITHOUT_LENSES = "[review]\ncode_lens = false\n"


def lenses(client: Client, uri: str) -> int:
    return len(client.request("textDocument/codeLens", {"textDocument": {"uri": uri}}))


@pytest.mark.parametrize(
    ("editor", "methods"),
    [
        ("vscode", {"workspace/didChangeWatchedFiles", "workspace/didChangeConfiguration"}),
        ("neovim", set()),
    ],
)
def test_only_what_the_editor_takes_is_registered(tmp_path: Path, editor: str, methods: set[str]) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, editor) as client:
        client.wait_for("workspace/configuration")
        client.request("textDocument/hover", {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}})
        assert set(client.registered) == methods
        if methods:
            globs = [watcher["globPattern"] for watcher in client.registered["workspace/didChangeWatchedFiles"]["watchers"]]
            assert globs[0] == "**/orchestra.toml"
            assert "**/.orchestra/**" in globs
            assert any("py" in glob for glob in globs)


def test_a_folder_brings_its_settings_along_and_takes_them_away(tmp_path: Path) -> None:
    folder, other = folder_in(tmp_path), folder_in(tmp_path, "other")
    (other / "orchestra.toml").write_text(WITHOUT_LENSES, encoding="utf-8")
    added = {"uri": other.as_uri(), "name": "other"}
    with editing(folder) as client:
        uri = client.open(folder / "a.py", TEXT)
        assert lenses(client, uri) == 1
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [added], "removed": []}})
        assert lenses(client, uri) == 0
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [added]}})
        assert lenses(client, uri) == 1
        client.wait_for("workspace/codeLens/refresh")


def test_saved_settings_count_without_watched_files(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with editing(folder, "neovim") as client:
        uri = client.open(folder / "a.py", TEXT)
        assert lenses(client, uri) == 1
        settings = folder / "orchestra.toml"
        settings.write_text(WITHOUT_LENSES, encoding="utf-8")
        client.open(settings, WITHOUT_LENSES, "toml")
        client.notify("textDocument/didSave", {"textDocument": {"uri": settings.as_uri()}})
        assert lenses(client, uri) == 0


def test_problems_of_an_open_settings_file_are_pulled(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    settings = folder / "orchestra.toml"
    settings.write_text("[review]\nno_such = 1\n", encoding="utf-8")
    with editing(folder) as client:
        pushed = client.wait_for("textDocument/publishDiagnostics", lambda params: params["uri"] == settings.as_uri())["diagnostics"]
        client.open(settings, settings.read_text(encoding="utf-8"), "toml")
        assert client.diagnostics(settings) == pushed
        client.wait_for("textDocument/publishDiagnostics", lambda params: params == {"uri": settings.as_uri(), "diagnostics": []})
        settings.write_text("[review]\n", encoding="utf-8")
        client.notify("textDocument/didSave", {"textDocument": {"uri": settings.as_uri()}})
        client.diagnostics(settings, lambda found: not found)


def test_a_client_with_no_abilities_at_all_is_served(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with Client(env={"ORCHESTRA_CONFIG": str(folder / "none.toml"), "ORCHESTRA_STORE": str(tmp_path / "store")}) as client:
        client.capabilities = client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["capabilities"]
        client.notify("initialized", {})
        uri = client.open("untitled:a", "def f(a):\n    return a == None\n", "python")
        assert len(client.diagnostics(uri)) == 1
        here = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 4}}
        assert client.request("textDocument/hover", here)["contents"]["kind"] == "plaintext"
        assert lenses(client, uri) == 1
        where = {"start": here["position"], "end": {"line": 1, "character": 20}}
        assert (
            client.request("textDocument/codeAction", {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": []}}) == []
        )
        client.request("textDocument/completion", here)
        assert client.request("workspace/executeCommand", {"command": "orchestra.facts"})["title"] == "1 function in 1 file"
        client.wait_for("window/showMessage", lambda params: "1 function" in params["message"])
