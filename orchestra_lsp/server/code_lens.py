"""Above each function its complexity, where a click shows the measures of the whole file, and what a model can do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.server import convert

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

CLICK = "orchestra.facts"
#: What a model is asked for by a click: the words above the function and the command.
ASKING = {"explain": "orchestra.explain", "write tests": "orchestra.write-tests", "document": "orchestra.document"}


async def code_lens(ls: OrchestraServer, params: t.CodeLensParams) -> list[t.CodeLens]:
    session, uri = ls.session, params.text_document.uri
    if not session.settings.review.code_lens:
        return []
    measured = await session.documents.facts(uri)
    if measured is None:
        return []
    buffer, facts = measured
    asking = ASKING if session.has_model else {}
    lenses = []
    for function in facts.functions:
        place = convert.range_of(session.client, buffer, function.name_span)
        title = f"complexity {function.cyclomatic} \u00b7 cognitive {function.cognitive}"
        lenses.append(t.CodeLens(place, t.Command(title, CLICK, arguments=[{"uri": uri}])))
        whole = {"uri": uri, "range": _plain(convert.range_of(session.client, buffer, function.span))}
        lenses += [t.CodeLens(place, t.Command(words, command, arguments=[whole])) for words, command in asking.items()]
    return lenses


def _plain(place: t.Range) -> dict[str, dict[str, int]]:
    ends = {"start": place.start, "end": place.end}
    return {name: {"line": end.line, "character": end.character} for name, end in ends.items()}


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_CODE_LENS)(code_lens)
