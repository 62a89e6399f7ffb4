"""Files that change on disk: settings are read again, and the embedded engine learns of the rest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.config import PROJECT_FILE
from orchestra_lsp.server import configuration, convert, indexing, projects
from orchestra_lsp.syntax import language as languages

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

MANY = 200  # more changes at once are a checkout: the engine is told of so many and no more


def notice(ls: OrchestraServer, path: str) -> None:
    """A file was saved, changed, made or removed."""
    if not path:
        return
    if projects.concerns(path):
        ls.session.projects.forget()
        ls.session.diagnostics.reconfigured(ls)
    elif configuration.is_settings_file(ls, path):
        configuration.reload(ls)
    elif orchestra := ls.session.conductor.made:
        orchestra.notice_change(path)


def did_change(ls: OrchestraServer, params: t.DidChangeWatchedFilesParams) -> None:
    paths = dict.fromkeys(convert.path_of(event.uri) for event in params.changes)
    if len(paths) > MANY:
        log.info("%d files changed at once; the embedded engine reads the first %d", len(paths), MANY)
    settings_files = [path for path in paths if path and configuration.is_settings_file(ls, path)]
    for path in [*settings_files[:1], *[path for path in paths if path not in settings_files][:MANY]]:
        notice(ls, path)


def did_change_folders(ls: OrchestraServer, params: t.DidChangeWorkspaceFoldersParams) -> None:
    gone = {convert.path_of(folder.uri) for folder in params.event.removed}
    added = [path for folder in params.event.added if (path := convert.path_of(folder.uri))]
    ls.session.roots = tuple(dict.fromkeys([*(root for root in ls.session.roots if root not in gone), *added]))
    configuration.reload(ls)
    if orchestra := ls.session.conductor.made:
        ls.session.spawn(indexing.learn(ls, orchestra))


async def ask_for_events(ls: OrchestraServer) -> None:
    """Register for what cannot be announced in the answer to `initialize`."""
    able = ls.session.client.workspace
    wanted: list[t.Registration] = []
    if able.registers_watchers:
        options = t.DidChangeWatchedFilesRegistrationOptions([t.FileSystemWatcher(pattern) for pattern in patterns()])
        wanted.append(t.Registration("orchestra-files", t.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if able.registers_configuration:
        section = t.DidChangeConfigurationRegistrationOptions(configuration.SECTION)
        wanted.append(t.Registration("orchestra-configuration", t.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if not wanted:
        return
    try:
        await ls.client_register_capability_async(t.RegistrationParams(wanted))
    except JsonRpcException as error:
        log.warning("the editor does not tell of changed files: %s", error)


def patterns() -> list[str]:
    """Globs of the files we want to hear of."""
    extensions = {extension.lstrip(".") for name in languages.names() for extension in languages.definition(name).extensions}
    return [f"**/{PROJECT_FILE}", f"**/{projects.FOLDER}/**", f"**/*.{{{','.join(sorted(extensions))}}}"]


def register(server: OrchestraServer) -> None:
    server.feature(t.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change)
    server.feature(t.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_folders)
