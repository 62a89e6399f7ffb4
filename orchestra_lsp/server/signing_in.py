"""Signing in through the editor: the page is opened and the code put where it can be copied; who is signed out hears it once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types as t
from pygls.exceptions import JsonRpcException

from orchestra_lsp.model import Health, State
from orchestra_lsp.server import showing

if TYPE_CHECKING:
    from orchestra_lsp.server.loop import OrchestraServer
    from orchestra_lsp.tools.contract import SignInStep

log = logging.getLogger("orchestra")

OPEN, COPY, DONE = "Open in browser", "Copy code", "Close"
SIGN_IN, LATER = "Sign in", "Not now"
ANSWER_S = 5.0  # for the editor to say that it opened the page
COMMAND = "orchestra.sign-in"


class Notices:
    """Tools of which this session has said that they wait for a sign-in."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def news(self, health: Mapping[str, Health]) -> list[str]:
        """The tools that are signed out and were not when it was last told. Whoever is well again may be told anew."""
        out = {name for name, one in health.items() if one.state is State.SIGNED_OUT}
        self._told &= out | {name for name, one in health.items() if one.state is not State.READY}
        news = sorted(out - self._told)
        self._told |= out
        return news


async def invite(ls: OrchestraServer, tool: str, health: Health) -> None:
    """Say once that a tool waits for a sign-in, and begin it when the person wants to."""
    question = f"{tool}: {health.reason}."
    answer = await _asked(ls, f"{question} To do: {health.remedy}.", (SIGN_IN, LATER))
    if answer != SIGN_IN:
        return
    try:
        await ls.protocol.fm.features[t.WORKSPACE_EXECUTE_COMMAND](t.ExecuteCommandParams(COMMAND, [{"tool": tool}]))
    except JsonRpcException as error:
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, f"{tool}: {error.message}"))


async def show(ls: OrchestraServer, step: SignInStep) -> None:
    """One step, until the person closes it. An editor that asks nothing shows it as a message."""
    message = " ".join(part for part in (step.message, f"Code: {step.code}" if step.code else "", step.url) if part)
    actions = [OPEN] * bool(step.url) + [COPY] * bool(step.code) + [DONE]
    while (answer := await _asked(ls, message, actions)) in (OPEN, COPY):
        if answer == OPEN:
            await _open(ls, step.url)
        else:
            await showing.show(ls, "Sign-in code", ".txt", f"{step.code}\n")


async def _asked(ls: OrchestraServer, message: str, actions: list[str] | tuple[str, ...]) -> str:
    """The title the person chose; empty when none."""
    items = [t.MessageActionItem(title) for title in actions]
    try:
        answer = await ls.window_show_message_request_async(t.ShowMessageRequestParams(t.MessageType.Info, message, items))
    except JsonRpcException as error:
        log.info("the editor asked nobody: %s", error)
        ls.window_show_message(t.ShowMessageParams(t.MessageType.Info, message))
        return ""
    return answer.title if answer else ""


async def _open(ls: OrchestraServer, url: str) -> None:
    """Only pages, and only over TLS: a person's browser is not for anything else."""
    if not re.match(r"https://[\w.-]+(/|$)", url):
        return
    if ls.session.client.workspace.shows_documents:
        asked = ls.window_show_document_async(t.ShowDocumentParams(url, external=True))
        try:
            if (await asyncio.wait_for(asked, ANSWER_S)).success:
                return
        except (TimeoutError, JsonRpcException) as error:
            log.info("the editor did not open the page: %s", error or "no answer")
    ls.window_show_message(t.ShowMessageParams(t.MessageType.Info, f"Open {url}"))
