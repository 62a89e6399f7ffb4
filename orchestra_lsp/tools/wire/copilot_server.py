"""One run of GitHub's Copilot language server: the handshake, what it asks of its client, and what it says of itself."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestra_lsp import __version__
from orchestra_lsp.model import Health, State
from orchestra_lsp.tools.wire import lsp_child, trouble
from orchestra_lsp.tools.wire.lsp_child import Json, LspChild, Unanswerable
from orchestra_lsp.tools.wire.mirror import Mirror
from orchestra_lsp.tools.wire.process import Launch

log = logging.getLogger("orchestra")

#: Documents are no files to it: they are masked, and it must not look for the real ones beside them.
SCHEME = "orchestra"
EDITOR = {"name": "Orchestra LSP", "version": __version__}
#: Only usage data that it needs to work; it tries to send some all the same (see the README).
SETTINGS: Mapping[str, Json] = {"telemetry": {"telemetryLevel": "off"}}
#: Offers whose fate may still be told.
OFFERS_KEPT = 64
#: Words for accounts in `checkStatus`, and what each means for the person.
SIGNED_IN = frozenset({"OK", "MaybeOK", "AlreadySignedIn"})
NOT_ENTITLED = "NotAuthorized"


@dataclass(frozen=True, slots=True)
class Offer:
    """Something it offered, as it wants to hear of it again. `edit`: a next edit, not a completion."""

    item: Json
    edit: bool


class CopilotServer:
    """Belongs to one event loop. `end` must be awaited."""

    def __init__(self) -> None:
        self.child: LspChild
        self.mirror = Mirror(SCHEME)
        self.version = ""
        self._offers: OrderedDict[str, Offer] = OrderedDict()
        self._statuses: dict[str, Json] = {}
        self._notice = ""

    @classmethod
    async def begin(cls, launch: Launch) -> CopilotServer:
        """Start it and shake hands. Raises ToolError; nothing is left running then, nor when it is cancelled."""
        made = cls()
        made.child = await lsp_child.open_child(launch, made._answer, made._hear)
        try:
            told = await made.child.request("initialize", _introduction())
            if not isinstance(told, dict) or not isinstance(told.get("capabilities"), dict):
                raise trouble.foreign(launch.tool, launch.what, "it does not introduce itself as a language server")
            made.version = str((told.get("serverInfo") or {}).get("version") or "")
            made.child.notify("initialized", {})
            made.child.notify("workspace/didChangeConfiguration", {"settings": dict(SETTINGS)})
        except BaseException:
            await made.child.close(in_order=False)
            raise
        return made

    async def end(self) -> None:
        await self.child.close()

    def keep(self, offer: Offer) -> str:
        """Remember an offer; gives its receipt, empty when it has none."""
        arguments = (offer.item.get("command") or {}).get("arguments")
        receipt = arguments[0] if isinstance(arguments, list) and arguments and isinstance(arguments[0], str) else ""
        if receipt:
            self._offers[receipt] = offer
            while len(self._offers) > OFFERS_KEPT:
                self._offers.popitem(last=False)
        return receipt

    def offer(self, receipt: str) -> Offer | None:
        return self._offers.get(receipt)

    def health(self, tool: str) -> Health:
        """What it said of itself lately, without asking."""
        account, service = self._statuses.get("auth", {}), self._statuses.get("cls", {})
        said = trouble.masked(str(service.get("message") or ""))
        if account.get("kind") == "Error":
            return _account(tool, (account.get("result") or {}).get("status"))
        if service.get("kind") == "Error":
            return Health(State.DOWN, f"Copilot: {said or 'it reports an error'}", "look at github.com/settings/copilot")
        if service.get("kind") == "Warning":
            return Health(State.DEGRADED, f"Copilot: {said or 'it reports a problem'}", "try again in a moment")
        return Health(State.READY, f"Copilot: {self._notice}" if self._notice else "")

    def _answer(self, method: str, params: Any) -> Any:
        """Its requests. Nothing of the person's is given away: no folders, no settings but ours."""
        match method:
            case "workspace/configuration":
                items = params.get("items") if isinstance(params, dict) else None
                return [SETTINGS.get(str(one.get("section")), {}) if isinstance(one, dict) else {} for one in items or ()]
            case "window/showMessageRequest":
                self._noted(params)
                return None
            case "window/showDocument":  # the door opens the browser, where the person asks for it
                return {"success": True}
            case "workspace/workspaceFolders":
                return []
            case "client/registerCapability" | "client/unregisterCapability" | "window/workDoneProgress/create":
                return None
        raise Unanswerable(method)

    def _hear(self, method: str, params: Any) -> None:
        if not isinstance(params, dict):
            return
        if method == "didChangeStatus/v2":
            found = [one for one in params.get("statuses") or () if isinstance(one, dict)]
            self._statuses |= {str(one.get("category")): one for one in found if "kind" in one}
        elif method == "window/showMessage":
            self._noted(params)

    def _noted(self, params: Any) -> None:
        """Account and billing notices, which a person has to see."""
        text = params.get("message") if isinstance(params, dict) else None
        if isinstance(text, str):
            self._notice = trouble.masked(text)
            log.warning("Copilot says: %s", self._notice)


def account_health(tool: str, status: object) -> Health | None:
    """What an account status means; None when all is well."""
    return None if status in SIGNED_IN else _account(tool, status)


def _account(tool: str, status: object) -> Health:
    if status == NOT_ENTITLED:
        return Health(State.DOWN, "your GitHub account has no access to Copilot", "choose a plan at github.com/settings/copilot")
    return Health(State.SIGNED_OUT, "you are not signed in to GitHub", sign_in_remedy(tool))


def sign_in_remedy(tool: str) -> str:
    return f"run the command `sign-in`: orchestra sign-in {tool}"


def _introduction() -> Json:
    return {
        "processId": None,  # it would watch that process; we end it ourselves
        "workspaceFolders": None,
        "rootUri": None,
        "capabilities": {
            "workspace": {"configuration": True, "workspaceFolders": False},
            "window": {"showDocument": {"support": True}},
            "general": {"positionEncodings": ["utf-16"]},
        },
        "initializationOptions": {"editorInfo": EDITOR, "editorPluginInfo": {"name": "orchestra-lsp", "version": __version__}},
    }
