"""Let a coding agent change several files: it works in a masked copy, and what it did is shown before anything is written."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from orchestra_lsp.commands.registry import Arguments, Changes, Command, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit, Result, Text, counted
from orchestra_lsp.syntax.text import line_at, slice_text

if TYPE_CHECKING:
    from orchestra_lsp.engine.change import ChangeSet
    from orchestra_lsp.engine.reconcile import FileChange

TOLD_EVERY_S: Final = 0.2  # progress; agents speak in syllables
SHOWN: Final = 80  # characters of what the agent says last, and of a title
MOST_NOTES: Final = 20
MOST_SELECTED: Final = 8_000  # characters of a selection


async def run(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.engine.change import ChangeAsk

    what = arguments.text("what") or _selected(context)
    if not what.strip():
        raise WrongUse("Say what to change, or select a comment that says it.")
    for path in arguments.paths():
        if not os.path.lexists(path):
            raise WrongUse(f"There is no file or folder {path!r}.")
    ask = ChangeAsk(
        id=uuid.uuid4().hex,
        instruction=what,
        roots=context.roots,
        deadline=context.clock() + context.loaded.settings.route.change_deadline_ms / 1e3,
        paths=tuple(os.path.abspath(path) for path in arguments.paths()),
        tool=arguments.text("tool"),
        opened=context.opened,
    )
    context.progress("Copying the workspace")
    changed = await context.orchestra().change(ask, _teller(context.progress))
    return _result(what, changed)


def _selected(context: Context) -> str:
    """The editor's selection as the request: a comment or a note that says what to do."""
    if context.buffer is None or context.span is None or context.span.start == context.span.end:
        return ""
    text = slice_text(context.buffer, context.span)[:MOST_SELECTED]
    name = os.path.basename(context.buffer.path) or context.buffer.uri
    line = line_at(context.buffer, context.span.start) + 1
    return f"Do what this part of {name}, from line {line} on, asks for:\n\n{text}" if text.strip() else ""


def _teller(progress: Callable[[str], None]) -> Callable[[str], None]:
    """The last line of what the agent says, a few times a second."""
    heard: list[str] = []
    told = float("-inf")

    def said(text: str) -> None:
        nonlocal told
        heard.append(text)
        if time.monotonic() - told >= TOLD_EVERY_S:
            heard[:] = ["".join(heard)[-1000:]]
            line = next((line.strip() for line in reversed(heard[0].splitlines()) if line.strip()), "")
            told = time.monotonic()
            progress(line[-SHOWN:])

    return said


def _result(what: str, changed: ChangeSet) -> Result:
    title = f"Change: {next(line.strip() for line in what.splitlines() if line.strip())[:SHOWN]}"
    notes = _notes(changed)
    reason = f"{changed.reason} ({changed.confined})"
    if not changed.files:
        lines = [f"{changed.tool} changed nothing that can be taken over.", *(f"- {note}" for note in notes)]
        words = ["", changed.said.strip()] if changed.said.strip() else []
        return Text(title, "\n".join([*lines, *words, "", f"*{changed.tool}: {reason}*"]) + "\n")
    return Edits(title, tuple(map(_file, changed.files)), changed.tool, reason, notes, changed.said)


def _file(change: FileChange) -> FileEdit:
    return FileEdit(
        change.path, change.uri, change.before, change.edits, change.moved_to, change.deleted, form=change.form, care=change.care
    )


def _notes(changed: ChangeSet) -> tuple[str, ...]:
    notes = [f"Conflict: {one.path}: {one.reason}." for one in changed.conflicts]
    notes += [f"Not taken over: {one.path}: {one.reason}." for one in changed.rejected]
    notes = _shortened(notes)
    if changed.ignored:
        notes.append(f"{counted(changed.ignored, 'new file')} left behind, which your ignore files exclude.")
    return tuple(notes)


def _shortened(notes: Sequence[str]) -> list[str]:
    more = len(notes) - MOST_NOTES
    return [*notes[:MOST_NOTES], *([f"And {more} more."] if more > 0 else [])]


COMMAND = Command(
    name="change",
    title="Change with an agent…",
    summary="Let a coding agent change several files; you see what it did before anything is written.",
    phrases=(
        "ask an agent to {instruction}",
        "tell the coding agent to {instruction}",
        "use an agent to {instruction}",
        "change several files with an agent",
        "let an agent change {paths}",
    ),
    run=run,
    parameters=(
        Parameter("what", Takes.SENTENCE, "What to change, in your own words.", slot="instruction"),
        Parameter("paths", Takes.PATHS, "The files and folders it is about.", slot="paths"),
        Parameter("tool", Takes.TEXT, "The agent to ask, by its name in the settings."),
    ),
    changes=Changes.DISK,
    needs_selection=True,
    needs_model=True,
    needs_agent=True,
)
