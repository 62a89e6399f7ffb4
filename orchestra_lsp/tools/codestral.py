"""Codestral, by Mistral's endpoint for filling in the middle; the other kinds of request go to its chat.

Written from Mistral's documentation; not verified against the real service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from orchestra_lsp.model import Health
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.openai import OpenAI, abilities
from orchestra_lsp.tools.wire.base import bearer, line_to, unverified
from orchestra_lsp.tools.wire.endpoint import chosen, hosted

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.trust.mask import MaskedPrompt

#: The address for people's editors; https://api.mistral.ai is the one that is billed by token.
DEFAULT_URL = "https://codestral.mistral.ai"
DEFAULT_MODEL = "codestral-latest"
#: The window of the model, unless the settings say otherwise.
WINDOW = 128_000


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when something that it needs is not set."""
    endpoint = hosted(name, settings, DEFAULT_URL, DEFAULT_MODEL, "CODESTRAL_API_KEY")
    middle = settings.fill_in_middle
    able = abilities(endpoint, settings, middle, chosen(settings, "context_tokens", WINDOW))
    return Codestral(line_to(endpoint, settings, shared, bearer), able, middle)


class Codestral(OpenAI):
    """Mistral's endpoints: OpenAI's format with other addresses. Counts come unasked, and asking for them is refused."""

    CHAT = "/v1/chat/completions"
    COMPLETIONS = "/v1/fim/completions"
    STREAMING: ClassVar[Mapping[str, Any]] = {"stream": True}

    async def check(self) -> Health:
        found = await self._look("/v1/models")
        return found if isinstance(found, Health) else unverified(self._health(found), "Mistral")
