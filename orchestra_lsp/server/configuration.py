"""Settings from the editor: initializationOptions, workspace/configuration and didChangeConfiguration, merged with the files."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.config import PROJECT_FILE, Problem, load
from orchestra_lsp.server import convert, indexing, logs

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

SECTION = "orchestra"
#: Keys of initializationOptions under which editors were seen to wrap a server's settings.
WRAPPERS = (SECTION, "settings")
TOLD = 3  # problems named in one message; the rest is on the files and in the log

Tree = dict[str, Any]


def unwrapped(options: object) -> Tree:
    """The settings in what an editor sends: as they are, or under `orchestra`, `settings` or both; {} for anything else.

    Neovim sends an empty Lua table as [], so an empty list under one of these names is no settings either.
    """
    while isinstance(options, Mapping):
        inner = next((options[key] for key in WRAPPERS if isinstance(options.get(key), Mapping)), None)
        if inner is None:
            return {str(key): value for key, value in options.items() if value is not None and not (key in WRAPPERS and value == [])}
        options = inner
    return {}


def overlaid(lower: Tree, upper: Tree) -> Tree:
    """`upper` on top of `lower`, table by table."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = overlaid(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def reload(ls: OrchestraServer) -> None:
    """Read all sources again and bring everything in line with what came out."""
    session = ls.session
    before = session.settings
    session.loaded = load(session.roots, overlaid(session.initialization_options, session.editor_settings))
    logs.set_up(session.settings.server.log_level)
    show_problems(ls, session.loaded.problems)
    if session.settings == before:
        return
    reviewed = session.settings.review != before.review or session.settings.server != before.server
    if reviewed:
        session.diagnostics.reconfigured(ls)
    if session.client.workspace.refreshes_lenses and (reviewed or session.settings.tools != before.tools):
        session.spawn(_refresh_lenses(ls))
    session.spawn(_reconfigure(ls))


async def pull(ls: OrchestraServer) -> None:
    """Ask the editor for its `orchestra` section, where it can be asked."""
    session = ls.session
    if not session.client.workspace.configuration:
        return
    try:
        answer = await ls.workspace_configuration_async(t.ConfigurationParams([t.ConfigurationItem(section=SECTION)]))
    except JsonRpcException as error:
        log.warning("the editor did not tell its settings: %s", error)
        return
    settings = unwrapped(answer[0]) if answer else {}
    if settings != session.editor_settings:
        session.editor_settings = settings
        reload(ls)


def did_change(ls: OrchestraServer, params: t.DidChangeConfigurationParams) -> None:
    """Editors push their settings here, or only say that it is time to pull them."""
    if settings := unwrapped(params.settings):
        ls.session.editor_settings = settings
        reload(ls)
    else:
        ls.session.spawn(pull(ls))


def show_problems(ls: OrchestraServer, problems: Sequence[Problem]) -> None:
    """On the files they are in, and each once as a message."""
    files: dict[str, list[t.Diagnostic]] = {}
    for problem in problems:
        if Path(problem.source).is_absolute():
            files.setdefault(convert.uri_of(problem.source), []).append(_diagnostic(problem))
    ls.session.diagnostics.show_configuration(ls, files)
    fresh = [problem for problem in problems if problem not in ls.session.told_problems]
    ls.session.told_problems = frozenset(problems)
    for problem in fresh:
        log.warning("settings: %s", problem)
    if fresh:
        rest = f" (and {len(fresh) - TOLD} more)" if len(fresh) > TOLD else ""
        message = "Orchestra settings that are left out: " + "; ".join(map(str, fresh[:TOLD])) + rest
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, message))


def is_settings_file(ls: OrchestraServer, path: str) -> bool:
    return (
        Path(path).name == PROJECT_FILE or path in ls.session.loaded.sources or path in {one.source for one in ls.session.loaded.problems}
    )


def register(server: OrchestraServer) -> None:
    server.feature(t.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change)


async def _reconfigure(ls: OrchestraServer) -> None:
    if orchestra := ls.session.conductor.made:
        await orchestra.reconfigure(ls.session.settings)
        ls.session.status.changed(ls)
        await indexing.show(ls, orchestra)


async def _refresh_lenses(ls: OrchestraServer) -> None:
    try:
        await ls.workspace_code_lens_refresh_async(None)
    except JsonRpcException as error:
        log.warning("the editor did not refresh its code lenses: %s", error)


def _diagnostic(problem: Problem) -> t.Diagnostic:
    return convert.configuration_diagnostic(line_of(problem), f"{problem.key}: {problem.expected}" if problem.key else problem.expected)


def line_of(problem: Problem) -> int:
    """The line (from 0) of a key in a TOML file, as well as it can be told without a parser that keeps places."""
    if told := re.search(r"at line (\d+)", problem.expected):
        return int(told[1]) - 1
    try:
        lines = Path(problem.source).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        log.debug("%s cannot be read again: %s", problem.source, error)
        return 0
    *tables, last = problem.key.split(".")
    table = ".".join(tables)
    here = ""
    for number, line in enumerate(lines):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            here = header[1].replace('"', "").replace(" ", "")
            if here == problem.key or here.startswith(f"{problem.key}."):
                return number
        elif here == table and re.match(rf'\s*"?{re.escape(last)}"?\s*=', line):
            return number
    return 0
