"""What became of a suggestion: shown, accepted or partly accepted, told by commands and notifications of the editor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra_lsp.model import Outcome

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer

log = logging.getLogger("orchestra")

#: Notifications that editors with inline completion send; their parameters hold the item that we made.
DID_SHOW = "textDocument/didShowCompletion"
DID_ACCEPT_PARTLY = "textDocument/didPartiallyAcceptCompletion"
#: The same for an offer that the person sent away, for instance by Escape.
DID_DISMISS = "textDocument/didDismissCompletion"


def record(ls: OrchestraServer, told: object, outcome: Outcome, accepted: int = 0) -> bool:
    """Credit a suggestion; `told` is the first argument of its accept command. Whether it named one.

    `accepted`: UTF-16 units of it, when only a part was accepted.
    """
    suggestion_id = told.get("id") if isinstance(told, Mapping) else None
    if not isinstance(suggestion_id, str) or not suggestion_id:
        log.info("an outcome (%s) named no suggestion", outcome)
        return False
    if orchestra := ls.session.conductor.made:
        orchestra.record(suggestion_id, outcome, accepted)
        if outcome is Outcome.ACCEPTED:
            ls.session.kept.accepted(ls, suggestion_id)
    return True


def did_show(ls: OrchestraServer, params: object) -> None:
    record(ls, _told(params), Outcome.SHOWN)


def did_accept_partly(ls: OrchestraServer, params: object) -> None:
    length = params.get("acceptedLength") if isinstance(params, Mapping) else None
    accepted = length if isinstance(length, int) and length > 0 else 0
    record(ls, _told(params), Outcome.PARTLY_ACCEPTED, accepted)


def did_dismiss(ls: OrchestraServer, params: object) -> None:
    record(ls, _told(params), Outcome.DISMISSED)


def register(server: OrchestraServer) -> None:
    server.feature(DID_SHOW)(did_show)
    server.feature(DID_ACCEPT_PARTLY)(did_accept_partly)
    server.feature(DID_DISMISS)(did_dismiss)


def _told(params: object) -> object:
    """The first argument of the command of the item in `{"item": {"command": {"arguments": [...]}}}`."""
    item = params.get("item") if isinstance(params, Mapping) else None
    command = item.get("command") if isinstance(item, Mapping) else None
    arguments = command.get("arguments") if isinstance(command, Mapping) else None
    return arguments[0] if isinstance(arguments, list) and arguments else None
