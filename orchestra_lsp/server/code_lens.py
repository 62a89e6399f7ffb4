"""The complexity above each function; a click shows the measures of the whole file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as t

from orchestra_lsp.server import convert

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

CLICK = "orchestra.facts"


async def code_lens(ls: OrchestraServer, params: t.CodeLensParams) -> list[t.CodeLens]:
    session, uri = ls.session, params.text_document.uri
    if not session.settings.review.code_lens:
        return []
    measured = await session.documents.facts(uri)
    if measured is None:
        return []
    buffer, facts = measured
    return [
        t.CodeLens(
            convert.range_of(session.client, buffer, function.name_span),
            t.Command(f"complexity {function.cyclomatic} \u00b7 cognitive {function.cognitive}", CLICK, arguments=[{"uri": uri}]),
        )
        for function in facts.functions
    ]


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_CODE_LENS)(code_lens)
