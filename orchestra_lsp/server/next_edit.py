"""`orchestra/nextEdit`: the next edit of a file, wherever in it, for clients that show it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcInvalidParams

from orchestra_lsp.model import Buffer, Suggestion, Trigger
from orchestra_lsp.server import convert
from orchestra_lsp.server.foretelling import METHOD, foretold
from orchestra_lsp.server.inline_completion import make_ask, wanted

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.session import Session

Json = dict[str, object]


async def next_edit(ls: OrchestraServer, params: object) -> Json:
    """`{"edits": [{"textDocument", "range", "text", "command"}]}`, empty when nobody has one; run the command when it was made.

    `params`: `{"textDocument": {"uri"}, "position"}`, and `"automatic": true` when no person asked for it. Raises JsonRpcInvalidParams.
    """
    uri, place, automatic = _asked(params)
    session = ls.session
    buffer = session.documents.buffer(uri)
    trigger = Trigger.AUTOMATIC if automatic else Trigger.MANUAL
    if buffer is None or not wanted(session.settings.completion, buffer, trigger):
        return {"edits": []}
    suggestion = await foretold(ls, make_ask(session, buffer, convert.offset_of(session.client, buffer, place), trigger))
    return {"edits": [_described(session, buffer, suggestion)] if suggestion else []}


def register(server: OrchestraServer) -> None:
    server.feature(METHOD)(next_edit)


def _asked(params: object) -> tuple[str, t.Position, bool]:
    match params:
        case {"textDocument": {"uri": str(uri)}, "position": {"line": int(line), "character": int(character)}}:
            automatic = isinstance(params, Mapping) and params.get("automatic") is True
            return uri, t.Position(line, character), automatic
    raise JsonRpcInvalidParams(f"{METHOD} takes textDocument.uri and position")


def _described(session: Session, buffer: Buffer, suggestion: Suggestion) -> Json:
    place = convert.range_of(session.client, buffer, suggestion.span)
    command = convert.accepted_command(suggestion)
    return {
        "textDocument": {"uri": buffer.uri, "version": buffer.version},
        "range": {"start": _plain(place.start), "end": _plain(place.end)},
        "text": suggestion.text,
        "command": {"title": command.title, "command": command.command, "arguments": command.arguments},
    }


def _plain(place: t.Position) -> Json:
    return {"line": place.line, "character": place.character}
