"""The beginning and the end of a connection."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.config import load
from orchestra_lsp.server import configuration, convert, logs, watched_files
from orchestra_lsp.server.client import read_client
from orchestra_lsp.syntax.text import Encoding

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")


def initialize(ls: OrchestraServer, params: t.InitializeParams) -> None:
    """Take in who the editor is; the answer itself is made from `capabilities.py`."""
    session = ls.session
    announced = ls.server_capabilities
    encoding = Encoding(announced.position_encoding or Encoding.UTF16)
    session.client = read_client(params, encoding, pulled=announced.diagnostic_provider is not None)
    session.roots = roots_of(params)
    session.initialization_options = configuration.unwrapped(params.initialization_options)
    session.loaded = load(session.roots, session.initialization_options)
    logs.set_up(session.settings.server.log_level)


def initialized(ls: OrchestraServer, _: t.InitializedParams) -> None:
    configuration.show_problems(ls, ls.session.loaded.problems)
    ls.session.spawn(watched_files.ask_for_events(ls))
    ls.session.spawn(configuration.pull(ls))
    ls.session.warm_up_later(ls)


def roots_of(params: t.InitializeParams) -> tuple[str, ...]:
    """Workspace folders as file system paths; older editors send a single root."""
    folders = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
    found = [path for folder in folders if (path := convert.path_of(folder))]
    if not found and params.root_path and not params.root_uri:
        found = [params.root_path]
    return tuple(dict.fromkeys(found))


def register(server: OrchestraServer) -> None:
    server.feature(t.INITIALIZE)(initialize)
    server.feature(t.INITIALIZED)(initialized)
