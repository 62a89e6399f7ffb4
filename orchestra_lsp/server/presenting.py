"""Brings what a command gave back before the person, and returns the same as JSON for clients that show it themselves."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.commands.result import Edits, FileEdit, Findings, Result, Table, Text
from orchestra_lsp.model import Outcome
from orchestra_lsp.server import convert, feedback
from orchestra_lsp.server.client import WorkspaceAbilities
from orchestra_lsp.server.proposals import Proposal, changes, diff
from orchestra_lsp.server.showing import show

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

APPLY = "Apply"
DISCARD = "Discard"
TOUCHED = "The code was edited while the change was being written, so it was not made."
UNTICKED = "nothing was chosen; tick the changes in the editor's preview before you apply them."
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
    if edits.notes or edits.said:
        described |= {"notes": list(edits.notes), "said": edits.said}
    possible = tuple(file for file in edits.files if _is_possible(able, file))
    by_hand = [os.path.basename(file.path) for file in edits.files if file not in possible]
    notes = (*edits.notes, *((f"By hand: {', '.join(by_hand)}; this editor cannot.",) if by_hand and possible else ()))
    if notes:
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, "\n".join((edits.title, *notes))))
    proposal = Proposal(uuid.uuid4().hex, replace(edits, files=possible))
    ready = changes(ls.session.documents, proposal.edits) if possible else None
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


def _is_possible(able: WorkspaceAbilities, file: FileEdit) -> bool:
    """Whether the editor takes this from a server."""
    if not able.applies_edits:
        return False
    if file.buffer is None:
        return able.creates_files and able.document_changes
    if file.deleted:
        return able.deletes_files and able.document_changes
    return not file.moved_to or (able.renames_files and able.document_changes)


async def apply(ls: OrchestraServer, proposal: Proposal, confirm: bool) -> bool:
    """Make the edits through the editor, on the texts as they are now; the person hears it when that fails."""
    edits = proposal.edits
    ready = changes(ls.session.documents, edits)
    if ready is None:
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{edits.title}: {TOUCHED}"))
        return False
    edit = convert.workspace_edit(ls.session.client, ready)
    if confirm:
        care = {change.uri: change.care for change in ready if change.care}
        edit = convert.annotated(edit, edits.title, f"{edits.tool}: {edits.reason}", care)
    try:
        answer = await ls.workspace_apply_edit_async(t.ApplyWorkspaceEditParams(edit, edits.title))
    except JsonRpcException as error:
        answer = t.ApplyWorkspaceEditResult(applied=False, failure_reason=str(error))
    if not answer.applied:
        why = answer.failure_reason or (UNTICKED if confirm else "the editor refused it")
        _became(ls, edits, Outcome.DISMISSED if confirm and not answer.failure_reason else None)
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{edits.title}: not applied: {why}"))
    else:
        for file in edits.files:
            if edits.suggestion and file.buffer and file.edits:
                ls.session.kept.offer_text(edits.suggestion, file.buffer, file.edits[0].span, file.edits[0].text)
        _became(ls, edits, Outcome.ACCEPTED)
    return answer.applied


def _became(ls: OrchestraServer, edits: Edits, outcome: Outcome | None) -> None:
    """What the person made of a tool's edits; None: it is not known."""
    if edits.suggestion and outcome:
        feedback.record(ls, {"id": edits.suggestion}, outcome)


async def _ask(ls: OrchestraServer, proposal: Proposal) -> None:
    """Let the person decide on what is shown; whoever closes the question finds it again among the code actions."""
    care = "".join(f" {os.path.basename(file.path)}: {file.care}." for file in proposal.edits.files if file.care)
    question = f"{proposal.edits.title} ({proposal.edits.tool}): apply the change that is shown?{care}"
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
    else:
        _became(ls, proposal.edits, Outcome.DISMISSED)


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
