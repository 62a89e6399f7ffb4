"""Write a commented configuration: every setting with its default and what it does, read off `config.py`."""

from __future__ import annotations

import os
from pathlib import Path

from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit, Result
from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.parse import read_buffer


async def run(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.commands.parts import template
    from orchestra_lsp.config import PROJECT_FILE, user_file

    user = arguments.flag("user")
    target = user_file(os.environ) if user else Path(context.roots[0] if context.roots else ".").absolute() / PROJECT_FILE
    if target.is_dir():
        raise WrongUse(f"{target} is a folder.")
    if target.exists() and not arguments.flag("force"):
        raise WrongUse(f"{target} is there already; --force writes it anew.")
    existing = read_buffer(target) if target.exists() else None
    text = template.user_text() if user else template.project_text()
    edit = Edit(Span(0, len(existing.data) if existing else 0), text)
    return Edits(f"Write {target}", (FileEdit(str(target), target.as_uri(), existing, (edit,)),))


COMMAND = Command(
    name="init",
    title="Write a settings file",
    summary="Write a commented orchestra.toml for this project, or your own settings with --user.",
    phrases=(
        "init",
        "initialize this project",
        "initialise orchestra",
        "set up orchestra",
        "set up this project",
        "create a config file",
        "create a configuration",
        "write a settings file",
        "write a commented configuration",
        "make an orchestra.toml",
        "generate my user settings",
    ),
    run=run,
    parameters=(
        Parameter("user", Takes.FLAG, "Your own settings, for all projects.", slot="user"),
        Parameter("force", Takes.FLAG, "Write the file anew if it is there.", slot="force"),
    ),
    changes=Changes.DISK,
)
