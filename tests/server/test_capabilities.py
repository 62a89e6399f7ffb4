"""The door's answer to `initialize` is what the registered handlers amount to, for every recorded editor and for any parameters."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder

from orchestra_lsp.commands import registry
from orchestra_lsp.server import app, features
from orchestra_lsp.server.capabilities import capabilities, initialize_result, position_encoding
from orchestra_lsp.server.loop import OrchestraServer, ServerOptions
from orchestra_lsp.server.structure import initialize_params, make_converter
from tests.support.lsp import tiny_app
from tests.support.lsp.client import overlay, recorded_clients, recorded_params

CONVERTER = make_converter()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def built(server: OrchestraServer, params: dict[str, Any]) -> Any:
    """What pygls makes of the handlers that are registered, without what it says about features we do not have."""
    protocol = server.protocol
    client = initialize_params(protocol._converter, params)[0].capabilities
    said = ServerCapabilitiesBuilder(
        client,
        set(protocol.fm.features),
        copy.deepcopy(protocol.fm.feature_options),
        list(capabilities(params)["executeCommandProvider"]["commands"]),  # type: ignore[index]
        types.TextDocumentSyncKind.Incremental,
        None,
        ServerCapabilitiesBuilder.choose_position_encoding(client),
    ).build()
    assert isinstance(said.text_document_sync, types.TextDocumentSyncOptions)
    said.text_document_sync.will_save = said.text_document_sync.will_save_wait_until = False  # pygls: null or false, by the client
    assert said.execute_command_provider is not None
    said.execute_command_provider.work_done_progress = True  # pygls takes no options for commands
    assert said.workspace is not None
    said.workspace.file_operations = None
    refreshed = client.workspace and client.workspace.diagnostics and client.workspace.diagnostics.refresh_support
    if not (client.text_document and client.text_document.diagnostic and refreshed):
        said.diagnostic_provider = None  # pushed: pygls knows no such rule
    return protocol._converter.unstructure(said)


@pytest.mark.parametrize("create", [app.create, tiny_app.create])
@pytest.mark.parametrize("patch", [{}, {"workspace": {"diagnostics": {"refreshSupport": False}}}, {"textDocument": {"diagnostic": None}}])
@pytest.mark.parametrize("editor", recorded_clients())
def test_the_door_says_what_the_server_registers(create: Any, patch: dict[str, Any], editor: str) -> None:
    params = recorded_params(editor)
    params["capabilities"] = overlay(params["capabilities"], patch)
    assert capabilities(params) == built(create(ServerOptions()), params)


@pytest.mark.parametrize("editor", recorded_clients())
def test_diagnostics_are_pulled_only_by_a_client_that_can_be_refreshed(editor: str) -> None:
    params = recorded_params(editor)
    assert "diagnosticProvider" in capabilities(params)
    params["capabilities"]["workspace"]["diagnostics"] = {"refreshSupport": False}
    assert "diagnosticProvider" not in capabilities(params)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-16"], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-32", "utf-8"], "utf-32"),
        (["utf-7", "utf-8"], "utf-8"),
        (["utf-7"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
        ("utf-8", "utf-16"),
        ([8, None, {}, "utf-8"], "utf-8"),
    ],
)
def test_the_first_encoding_both_know_is_taken(offered: object, chosen: str) -> None:
    assert position_encoding({"capabilities": {"general": {"positionEncodings": offered}}}) == chosen


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["capabilities", "processId", "x"]), JSON, max_size=3))
def test_any_parameters_get_an_answer_and_a_session(params: dict[str, Any]) -> None:
    read, _ = initialize_params(CONVERTER, params)
    assert isinstance(read.capabilities, types.ClientCapabilities)
    CONVERTER.structure(initialize_result(params), types.InitializeResult)


@settings(deadline=None)  # the first structuring of each type is slow
@given(st.sampled_from(recorded_clients()), st.data())
def test_a_client_newer_than_our_types_is_served(editor: str, data: st.DataObject) -> None:
    """One place in a real client's parameters holds something nobody expected: the rest is kept."""
    params = recorded_params(editor)
    here: Any = params["capabilities"]
    while True:
        key = data.draw(st.sampled_from(sorted(here)))
        if not isinstance(here[key], dict) or not here[key] or data.draw(st.booleans()):
            break
        here = here[key]
    here[key] = data.draw(JSON)
    read, left_out = initialize_params(CONVERTER, params)
    groups = [name for name in ("workspace", "text_document", "window", "general") if getattr(read.capabilities, name) is not None]
    assert len(groups) >= len({"workspace", "textDocument", "window", "general"} & set(params["capabilities"])) - 1
    assert len(left_out) <= 4


def test_the_commands_are_those_of_the_registry() -> None:
    named = {features.COMMAND_PREFIX + name for name in registry.names()}
    assert set(features.command_names()) == named | {features.ACCEPTED, features.ACCEPT_WORD, features.ACCEPT_LINE}
