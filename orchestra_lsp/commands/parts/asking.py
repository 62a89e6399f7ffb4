"""Put a question to the orchestra on behalf of a person who waits for the answer."""

from __future__ import annotations

import uuid

from orchestra_lsp.commands.parts.subject import Subject
from orchestra_lsp.commands.registry import Arguments, Context, Parameter, Takes, WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.model import Ask, Edit, Kind, Suggestion, Trigger

MOST_TOOLS = 5
CONSENSUS = Parameter("consensus", Takes.TEXT, f"Ask so many tools at once, 2 to {MOST_TOOLS}, and take what they agree on.")

REFRESH = Parameter("refresh", Takes.FLAG, "Ask anew, whatever was answered before.")


def consensus_of(arguments: Arguments) -> int:
    """How many tools to ask at once; 0: as the settings say. Raises WrongUse."""
    said = arguments.text("consensus")
    if said and not (said.isdecimal() and 2 <= int(said) <= MOST_TOOLS):
        raise WrongUse(f"consensus is a number of tools from 2 to {MOST_TOOLS}, not {said!r}.")
    return int(said) if said else 0


async def answer(
    context: Context, kind: Kind, subject: Subject, instruction: str = "", consensus: int = 0, refresh: bool = False
) -> Suggestion:
    """Raises Unanswered, which says what to do, when no tool can or did answer.

    `consensus`: so many tools answer and are compared. `refresh`: no kept answer will do.
    """
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
        consensus=consensus,
        refresh=refresh or bool(consensus),  # one tool's kept answer is no consensus
    )
    suggestion = await context.orchestra().ask(ask)
    if suggestion is None:
        raise Unanswered(f"No tool had anything to say about {subject.name}.", "Try again, or say more exactly what you want.")
    return suggestion


def in_place(title: str, subject: Subject, suggestion: Suggestion) -> Edits:
    """The suggestion as edits of the file it is about."""
    edit = Edit(suggestion.span, suggestion.text)
    changed = FileEdit(subject.buffer.path, subject.buffer.uri, subject.buffer, (edit,))
    return Edits(title, (changed,), suggestion.tool, suggestion.reason, suggestion=suggestion.id)
