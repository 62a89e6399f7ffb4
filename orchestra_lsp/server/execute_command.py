"""The commands of `commands/` for the editor: `orchestra.<name>` with one object as argument.

The object may hold `uri` (or `textDocument`), `range` (or `position`), the command's own parameters by name, and `show: false` for a
client that shows the returned value itself. Left out, `uri` means the document that was used last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from orchestra_lsp.model import Buffer, Outcome, Span
from orchestra_lsp.server import convert, feedback, partial, presenting, signing_in
from orchestra_lsp.server.conductor import REQUEST_FAILED

if TYPE_CHECKING:
    from orchestra_lsp.commands.registry import Command
    from orchestra_lsp.commands.result import Result
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.progress import Progress

PREFIX = "orchestra."
WHERE = ("uri", "textDocument", "range", "position", "show")


@dataclass(frozen=True, slots=True)
class Subject:
    """What the editor says the command is about, and the command's own parameters."""

    buffer: Buffer | None
    span: Span | None
    parameters: Mapping[str, object]
    show: bool


async def execute_command(ls: OrchestraServer, params: t.ExecuteCommandParams) -> Any:
    """What the command gives back as JSON; what a person can put right is answered with RequestFailed and a sentence."""
    first = params.arguments[0] if params.arguments else {}
    if params.command == convert.ACCEPTED:
        return feedback.record(ls, first, Outcome.ACCEPTED)
    if params.command in partial.STEPS:
        return await partial.accept(ls, params.command, first)
    if not isinstance(first, Mapping):
        raise JsonRpcInvalidParams(f"{params.command} takes one object as its argument")
    command = await _command(params.command)
    subject = await _subject(ls, first)
    ls.session.status.started(ls)
    try:
        result = await ls.session.progresses.run(
            ls, command.title, lambda progress: _run(ls, command, subject, progress), params.work_done_token
        )
    finally:
        ls.session.status.finished(ls)
    return await presenting.present(ls, result, subject.show)


def register(server: OrchestraServer) -> None:
    server.feature(t.WORKSPACE_EXECUTE_COMMAND)(execute_command)


async def _command(name: str) -> Command:
    """Raises JsonRpcInvalidParams for an unknown command."""
    registry = await asyncio.to_thread(_registry)
    if not name.startswith(PREFIX) or name.removeprefix(PREFIX) not in registry.names():
        raise JsonRpcInvalidParams(f"there is no command {name!r}")
    command: Command = await asyncio.to_thread(registry.command, name.removeprefix(PREFIX))
    return command


def _registry() -> Any:
    from orchestra_lsp.commands import registry

    return registry


async def _run(ls: OrchestraServer, command: Command, subject: Subject, progress: Progress) -> Result:
    from orchestra_lsp.commands.registry import Context, Place, WrongUse
    from orchestra_lsp.engine.errors import Unanswered

    session, loop = ls.session, asyncio.get_running_loop()

    def tell(message: str) -> None:
        loop.call_soon_threadsafe(progress.report, message)  # commands may work in a thread

    orchestra = await session.orchestra()
    context = Context(
        loaded=session.loaded,
        orchestra=lambda: orchestra,
        roots=session.roots,
        buffer=subject.buffer,
        span=subject.span,
        neighbours=session.documents.neighbours(subject.buffer.uri if subject.buffer else ""),
        opened=session.documents.all,
        progress=tell,
        show=lambda step: session.spawn(signing_in.show(ls, step)),
    )
    try:
        if Place.EDITOR not in command.places:
            raise WrongUse(f"{command.name} works in a terminal only: orchestra {command.name}")
        return await command.run(context, command.arguments(subject.parameters))
    except (WrongUse, Unanswered) as error:
        raise JsonRpcException(str(error), REQUEST_FAILED) from error


async def _subject(ls: OrchestraServer, first: Mapping[str, Any]) -> Subject:
    """Raises JsonRpcInvalidParams for a range that is none, and for a document that can be found nowhere."""
    session = ls.session
    identifier = first.get("textDocument")
    uri = first.get("uri") or (identifier.get("uri") if isinstance(identifier, Mapping) else None)
    recent = session.documents.all()
    buffer = await _buffer(ls, str(uri)) if uri else await session.documents.settled(recent[0].uri) if recent else None
    span = _span(ls, buffer, first) if buffer else None
    parameters = {str(key): value for key, value in first.items() if key not in WHERE}
    return Subject(buffer, span, parameters, first.get("show") is not False)


async def _buffer(ls: OrchestraServer, uri: str) -> Buffer:
    if opened := await ls.session.documents.settled(uri):
        return opened
    from orchestra_lsp.syntax.parse import read_buffer

    try:
        return await asyncio.to_thread(read_buffer, Path(convert.path_of(uri)), ls.session.settings.server.max_document_bytes)
    except OSError as error:
        raise JsonRpcInvalidParams(f"{uri} is not open and cannot be read: {error.strerror or error}") from error


def _span(ls: OrchestraServer, buffer: Buffer, first: Mapping[str, Any]) -> Span | None:
    place = first.get("range") or ({"start": first["position"], "end": first["position"]} if "position" in first else None)
    if place is None:
        return None
    try:
        corners = [t.Position(int(place[end]["line"]), int(place[end]["character"])) for end in ("start", "end")]
    except (KeyError, TypeError, ValueError) as error:
        raise JsonRpcInvalidParams("the range has no start and end with line and character") from error
    return convert.span_of(ls.session.client, buffer, t.Range(*corners))
