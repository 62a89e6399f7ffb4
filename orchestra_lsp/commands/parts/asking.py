"""Put a question to the orchestra on behalf of a person who waits for the answer."""

from __future__ import annotations

import uuid

from orchestra_lsp.commands.parts.subject import Subject
from orchestra_lsp.commands.registry import Context
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.model import Ask, Edit, Kind, Suggestion, Trigger


async def answer(context: Context, kind: Kind, subject: Subject, instruction: str = "") -> Suggestion:
    """Raises Unanswered, which says what to do, when no tool can or did answer."""
    context.progress(f"Asking about {subject.name}")
    ask = Ask(
        id=uuid.uuid4().hex,
        kind=kind,
        buffer=subject.buffer,
        span=subject.span,
        trigger=Trigger.MANUAL,
        deadline=context.clock() + context.loaded.settings.route.deadline_ms / 1e3,
        instruction=instruction,
        neighbours=context.neighbours,
        roots=context.roots,
    )
    suggestion = await context.orchestra().ask(ask)
    if suggestion is None:
        raise Unanswered(f"No tool had anything to say about {subject.name}.", "Try again, or say more exactly what you want.")
    return suggestion


def in_place(title: str, subject: Subject, suggestion: Suggestion) -> Edits:
    """The suggestion as edits of the file it is about."""
    edit = Edit(suggestion.span, suggestion.text)
    changed = FileEdit(subject.buffer.path, subject.buffer.uri, subject.buffer, (edit,))
    return Edits(title, (changed,), suggestion.tool, suggestion.reason)
