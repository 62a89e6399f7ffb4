"""Run a command of the registry in a terminal, and show or make what it gives back."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra_lsp.cli import render, report, write
from orchestra_lsp.cli.word import Options
from orchestra_lsp.commands.registry import Arguments, Command, Context
from orchestra_lsp.commands.result import Edits, Findings, Result
from orchestra_lsp.config import PROJECT_FILE, Loaded, load

if TYPE_CHECKING:
    from orchestra_lsp.engine.orchestra import Orchestra
    from orchestra_lsp.store.store import Store
    from orchestra_lsp.tools.contract import SignInStep

log = logging.getLogger("orchestra")


def perform(command: Command, arguments: Arguments, options: Options) -> int:
    """The exit code. Raises WrongUse and Unanswered."""
    screen = render.Screen(plain=options.json or bool(options.report))
    root = project_of(_first_path(arguments))
    loaded = load((root,))
    if command.name != "doctor":  # which shows them itself
        for problem in loaded.problems:
            screen.warn(str(problem))
    streams = not (options.json or options.report)
    result = asyncio.run(
        _run(command, arguments, screen.streaming(streams), Started(loaded, command.needs_model or arguments.flag("ai")), root)
    )
    if isinstance(result, Edits):
        return write.make(result, screen, options)
    if isinstance(result, Findings) and result.fixed:
        write.make_beside(result.fixed)
    if isinstance(result, Findings) and options.report:
        report.write(result.files, options.report, root)
    else:
        render.show(result, screen, options.json)
    return render.exit_code(result)


def project_of(path: str) -> str:
    """The folder whose settings count: the nearest one above with settings of its own or a repository, else the path's own."""
    here = Path(path).absolute()
    here = here if os.path.isdir(here) else here.parent
    # os.path.exists, because that of a Path raises where one may not look.
    marked = (folder for folder in (here, *here.parents) if any(os.path.exists(folder / name) for name in (PROJECT_FILE, ".git")))
    return str(next(marked, here))


class Started:
    """The orchestra of this run, made when a command first asks for it."""

    def __init__(self, loaded: Loaded, records: bool) -> None:
        self.loaded = loaded
        self._records = records and loaded.settings.server.store
        self._orchestra: Orchestra | None = None
        self._store: Store | None = None

    def orchestra(self) -> Orchestra:
        if self._orchestra is None:
            from orchestra_lsp.engine.orchestra import Orchestra
            from orchestra_lsp.store.store import default_path, open_store

            if self._records:
                self._store, problem = open_store(default_path())
                if problem:
                    log.warning("%s", problem)
            self._orchestra = Orchestra(self.loaded.settings, self._store)
        return self._orchestra

    async def close(self) -> None:
        if self._orchestra is not None:
            await self._orchestra.close()
        if self._store is not None:
            self._store.close()


async def _run(command: Command, arguments: Arguments, screen: render.Screen, started: Started, root: str) -> Result:
    try:
        with screen.progress(command.name) as progress:
            context = Context(
                started.loaded, started.orchestra, (root,), progress=progress, found=screen.found, show=partial(_show, screen)
            )
            return await command.run(context, arguments)
    finally:
        await started.close()


def _show(screen: render.Screen, step: SignInStep) -> None:
    """To standard error, so that what a program reads stays what it expects."""
    screen.warn(step.message)
    for what, value in (("page", step.url), ("code", step.code)):
        if value:
            screen.warn(f"{what}: {value}")


def _first_path(arguments: Arguments) -> str:
    return next(iter(arguments.paths()), arguments.text("path", "."))
