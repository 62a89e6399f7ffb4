"""Brings what a command gave back before the person, and returns the same as JSON for clients that show it themselves."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.commands.result import Edits, Findings, Result, Table, Text
from orchestra_lsp.server import convert
from orchestra_lsp.server.proposals import Proposal, changes, diff
from orchestra_lsp.server.showing import show

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

APPLY = "Apply"
DISCARD = "Discard"
TOUCHED = "The code was edited while the change was being written, so it was not made."
BY_HAND = "This editor takes no such edits from a server; the change is shown, make it by hand."

Json = dict[str, object]


async def present(ls: OrchestraServer, result: Result, wanted: bool) -> Json:
    """`wanted` False: only return it."""
    if isinstance(result, Edits):
        return await _present_edits(ls, result)
    if wanted:
        await show(ls, result.title, ".md", _markdown(result))
    return _value(result)


async def _present_edits(ls: OrchestraServer, edits: Edits) -> Json:
    """What nobody guessed is done at once; what a model wrote is confirmed by the person, in the editor's own way or by ours."""
    able = ls.session.client.workspace
    described: Json = {"title": edits.title, "tool": edits.tool, "reason": edits.reason, "diff": diff(edits)}
    creates = any(file.buffer is None for file in edits.files)
    possible = able.applies_edits and (not creates or (able.creates_files and able.document_changes))
    proposal = Proposal(uuid.uuid4().hex, edits)
    ready = changes(ls.session.documents, edits) if possible else None
    if ready is not None and (not edits.tool or (able.annotations and able.document_changes)):
        return {**described, "applied": await apply(ls, proposal, confirm=bool(edits.tool))}
    await show(ls, edits.title, ".diff", str(described["diff"]))
    if ready is not None:
        ls.session.proposals.add(proposal)
        ls.session.spawn(_ask(ls, proposal))
    else:
        why = TOUCHED if possible else BY_HAND
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{edits.title}: {why}"))
    return {**described, "applied": False}


async def apply(ls: OrchestraServer, proposal: Proposal, confirm: bool) -> bool:
    """Make the edits through the editor, on the texts as they are now; the person hears it when that fails."""
    edits = proposal.edits
    ready = changes(ls.session.documents, edits)
    if ready is None:
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{edits.title}: {TOUCHED}"))
        return False
    edit = convert.workspace_edit(ls.session.client, ready)
    if confirm:
        edit = convert.annotated(edit, edits.title, f"{edits.tool}: {edits.reason}")
    try:
        answer = await ls.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(edit, edits.title))
    except JsonRpcException as error:
        answer = t.ApplyWorkspaceEditResult(applied=False, failure_reason=str(error))
    if not answer.applied:
        why = answer.failure_reason or "the editor refused it"
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{edits.title}: not applied: {why}"))
    return answer.applied


async def _ask(ls: OrchestraServer, proposal: Proposal) -> None:
    """Let the person decide on what is shown; whoever closes the question finds it again among the code actions."""
    question = f"{proposal.edits.title} ({proposal.edits.tool}): apply the change that is shown?"
    actions = [t.MessageActionItem(APPLY), t.MessageActionItem(DISCARD)]
    try:
        answer = await ls.window_show_message_request_async(t.ShowMessageRequestParams(t.MessageType.Info, question, actions))
    except JsonRpcException as error:
        log.warning("the editor asked nobody: %s", error)
        return
    if answer is None:
        return
    ls.session.proposals.drop(proposal.id)
    if answer.title == APPLY:
        await apply(ls, proposal, confirm=False)


def _value(result: Text | Table | Findings) -> Json:
    match result:
        case Text():
            return {"title": result.title, "markdown": result.markdown}
        case Table():
            return {"title": result.title, "columns": result.columns, "rows": result.rows, "value": result.value, "ok": result.ok}
        case Findings():
            return {"title": result.title, "markdown": _markdown(result), "count": sum(len(file.findings) for file in result.files)}


def _markdown(result: Text | Table | Findings) -> str:
    match result:
        case Text():
            return result.markdown
        case Table():
            return _table(result)
        case Findings():
            return _findings(result)


def _table(table: Table) -> str:
    rows = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join([f"# {table.title}", "", *lines, "", *table.notes]) + "\n"


def _findings(review: Findings) -> str:
    lines = [f"# {review.title}", ""]
    for file in review.files:
        for finding in file.findings:
            line = convert.line_number(file.buffer, finding.span.start)
            lines.append(f"- {file.path}:{line} {finding.severity} `{finding.rule}` {finding.message}")
    return "\n".join([*lines, *(f"- {skipped}" for skipped in review.skipped)]) + "\n"
