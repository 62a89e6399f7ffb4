"""Fixes, suppressions and AI commands at a place: quick and local, because editors ask at every move of the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t
from pygls.exceptions import JsonRpcContentModified, JsonRpcInvalidParams

from orchestra_lsp.model import Buffer, Edit, Finding, Safety, Span
from orchestra_lsp.server import convert, foretelling
from orchestra_lsp.server.convert import FileChange
from orchestra_lsp.server.proposals import changes

if TYPE_CHECKING:
    from orchestra_lsp.commands.registry import Command
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.server.reviewer import Examined
    from orchestra_lsp.server.session import Session

QUICK_FIX = "quickfix"
FIX_ALL = "source.fixAll.orchestra"
REFACTOR = "refactor.rewrite"

#: What an action does, as its `data` says it: the edit is worked out when the editor resolves it.
FIX, SUPPRESS, ALL = "fix", "suppress", "all"

NO_MODEL = "no model is configured: add one under [tools.<name>] in the settings"

Actions = list[t.Command | t.CodeAction]


async def code_action(ls: OrchestraServer, params: t.CodeActionParams) -> Actions:
    session, uri = ls.session, params.text_document.uri
    examined = await session.diagnostics.current(uri)
    buffer = session.documents.buffer(uri)
    if buffer is None:
        return []
    span = convert.span_of(session.client, buffer, params.range)
    if session.projects.heard(
        (one.source or "", str(one.code or "")) for one in params.context.diagnostics if one.source != convert.SOURCE
    ):
        session.diagnostics.reconfigured(ls)
    found: Actions = []
    if session.client.action.literals and examined and examined.buffer.data is buffer.data:
        found += _local(session, examined, span, params.context)
    if wanted(QUICK_FIX, params.context.only) and session.has_model and examined and examined.buffer.data is buffer.data:
        found += _mending(session, examined, span)
    if wanted(REFACTOR, params.context.only):
        found += _proposed(session, buffer)
        found += foretelling.actions(session, buffer) if session.client.action.literals else ()
        if span.start < span.end or params.context.trigger_kind != t.CodeActionTriggerKind.Automatic:
            found += await _asking(session, buffer, span, params)
    return found


async def resolve(ls: OrchestraServer, action: t.CodeAction) -> t.CodeAction:
    """Add the edit. Raises JsonRpcContentModified when the text is no longer the one that the action was offered for."""
    data = action.data
    if action.edit is not None or not isinstance(data, Mapping):
        return action
    examined = await ls.session.diagnostics.current(str(data.get("uri")))
    if examined is None or examined.buffer.version != data.get("version"):
        raise JsonRpcContentModified("the document has changed since this action was offered")
    action.edit = _edit(ls.session, examined, data)
    return action


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether the editor asks for this kind of action; a kind stands for all below it."""
    return only is None or any(not one or kind == one or kind.startswith(f"{one}.") for one in only)


# --- what review knows ---


def _local(session: Session, examined: Examined, span: Span, context: t.CodeActionContext) -> Iterator[t.CodeAction]:
    offer = _Offer(session, examined)
    if wanted(QUICK_FIX, context.only):
        here = _here(session, examined, span, context.diagnostics)
        yield from (offer.fix(finding) for finding in here if finding.fix and finding.fix.safety is not Safety.DISPLAY)
        yield from (offer.suppression(finding) for finding in here)
    fixable = any(finding.fix and finding.fix.safety is Safety.SAFE for finding in examined.findings)
    if fixable and wanted(FIX_ALL, context.only):
        yield offer.action("Fix everything that is safe to fix", FIX_ALL, {"do": ALL})


def _here(session: Session, examined: Examined, span: Span, marked: Sequence[t.Diagnostic]) -> list[Finding]:
    """The findings that the range touches, or that the editor names; safe fixes come first."""
    spans = [span, *(convert.span_of(session.client, examined.buffer, one.range) for one in marked if one.source == convert.SOURCE)]
    found = [one for one in examined.findings if any(one.span.start <= at.end and at.start <= one.span.end for at in spans)]
    return sorted(found, key=lambda finding: not (finding.fix and finding.fix.safety is Safety.SAFE))


@dataclass(frozen=True, slots=True)
class _Offer:
    session: Session
    examined: Examined

    def fix(self, finding: Finding) -> t.CodeAction:
        assert finding.fix
        unsafe = finding.fix.safety is Safety.UNSAFE
        title = f"{finding.fix.title} (unsafe: {finding.fix.reason})" if unsafe else finding.fix.title
        action = self.action(title, QUICK_FIX, _named(FIX, finding), finding)
        action.is_preferred = not unsafe
        return action

    def suppression(self, finding: Finding) -> t.CodeAction:
        return self.action(f"Ignore {finding.rule} here", QUICK_FIX, _named(SUPPRESS, finding), finding)

    def action(self, title: str, kind: str, data: dict[str, Any], finding: Finding | None = None) -> t.CodeAction:
        """With its edit only where the editor cannot resolve it later."""
        diagnostics = [self.examined.diagnostic(finding)] if finding else None
        data = {"uri": self.examined.buffer.uri, "version": self.examined.buffer.version, **data}
        if self.session.client.action.resolves_edits:
            return t.CodeAction(title, kind, diagnostics, data=data)
        return t.CodeAction(title, kind, diagnostics, edit=_edit(self.session, self.examined, data))


def _named(do: str, finding: Finding) -> dict[str, Any]:
    return {"do": do, "rule": finding.rule, "start": finding.span.start}


def _edit(session: Session, examined: Examined, data: Mapping[str, Any]) -> t.WorkspaceEdit:
    buffer = examined.buffer
    edits = _edits(examined, data)
    return convert.workspace_edit(session.client, [FileChange(buffer.uri, buffer, edits, buffer.version)])


def _edits(examined: Examined, data: Mapping[str, Any]) -> tuple[Edit, ...]:
    """Raises JsonRpcInvalidParams for data that is not ours."""
    from orchestra_lsp.review.fix import fix_all
    from orchestra_lsp.review.suppress import suppression_edit

    if data.get("do") == ALL:
        return fix_all(examined.buffer, examined.findings)
    finding = next((one for one in examined.findings if one.rule == data.get("rule") and one.span.start == data.get("start")), None)
    if finding and data.get("do") == FIX and finding.fix:
        return finding.fix.edits
    if finding and data.get("do") == SUPPRESS:
        return (suppression_edit(examined.buffer, finding),)
    raise JsonRpcInvalidParams("this is not an action that was offered")


# --- what models do ---


def _proposed(session: Session, buffer: Buffer) -> Iterator[t.CodeAction]:
    """Changes that were written for this file and shown, and are still waiting for a decision."""
    if not session.client.action.literals:
        return
    for proposal in session.proposals.of(buffer):
        if (ready := changes(session.documents, proposal.edits)) is not None:
            yield t.CodeAction(f"Apply: {proposal.edits.title}", REFACTOR, edit=convert.workspace_edit(session.client, ready))


async def _asking(session: Session, buffer: Buffer, span: Span, params: t.CodeActionParams) -> Actions:
    """Commands that ask a model; nothing is asked before the person picks one.

    Without a model they are shown, with what to do, only to those who ask for nothing else.
    """
    configured = session.has_model
    if not configured and not (session.client.action.disabled and params.context.only):
        return []
    where = {"uri": buffer.uri, "range": {"start": _plain(params.range.start), "end": _plain(params.range.end)}}
    found: Actions = []
    for command in await asyncio.to_thread(_model_commands):
        if (command.needs_selection and span.start == span.end) or (command.needs_agent and not session.has_agent):
            continue
        if command.needs_several and session.models == 1:
            continue
        run = t.Command(command.title, f"orchestra.{command.name}", arguments=[where])
        if not session.client.action.literals:
            found.append(run)
        elif configured:
            found.append(t.CodeAction(command.title, REFACTOR, command=run))
        else:
            found.append(t.CodeAction(command.title, REFACTOR, disabled=t.CodeActionDisabled(NO_MODEL)))
    return found


def _mending(session: Session, examined: Examined, span: Span) -> Actions:
    """Findings here for which there is no fix, to be mended by a tool: a rewrite of the function around, judged like any other."""
    found: Actions = []
    for finding in _here(session, examined, span, ()):
        if finding.fix is None or finding.fix.safety is Safety.DISPLAY:
            start = _plain(convert.range_of(session.client, examined.buffer, finding.span).start)
            instruction = f"Mend only this fault and change nothing else: {finding.message}"
            asked = {"uri": examined.buffer.uri, "range": {"start": start, "end": start}, "instruction": instruction}
            run = t.Command(f"Fix with AI: {finding.rule}", "orchestra.rewrite", arguments=[asked])
            literals = session.client.action.literals
            found.append(t.CodeAction(run.title, QUICK_FIX, [examined.diagnostic(finding)], command=run) if literals else run)
    return found


def _model_commands() -> list[Command]:
    from orchestra_lsp.commands.registry import Place, commands

    return [command for command in commands().values() if command.needs_model and Place.EDITOR in command.places]


def _plain(place: t.Position) -> dict[str, int]:
    return {"line": place.line, "character": place.character}


def register(server: OrchestraServer) -> None:
    server.feature(t.TEXT_DOCUMENT_CODE_ACTION)(code_action)
    server.feature(t.CODE_ACTION_RESOLVE)(resolve)
