"""DeepSeek: completions with a suffix at its beta address, the other kinds of request at its chat.

Written from DeepSeek's documentation; not verified against the real service.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestra_lsp.model import Health
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.tools.openai import OpenAI, abilities
from orchestra_lsp.tools.wire.base import Question, bearer, line_to, unverified
from orchestra_lsp.tools.wire.endpoint import chosen, hosted

if TYPE_CHECKING:
    from orchestra_lsp.config import ToolSettings
    from orchestra_lsp.tools.registry import Shared
    from orchestra_lsp.trust.mask import MaskedPrompt

DEFAULT_URL = "https://api.deepseek.com"
DEFAULT_MODEL = "deepseek-flash"
#: The window of the models, unless the settings say otherwise.
WINDOW = 128_000
#: Most tokens that it completes with a suffix.
MOST_TOKENS = 4096


def create(name: str, settings: ToolSettings, shared: Shared) -> Tool[MaskedPrompt]:
    """Raises ToolError when something that it needs is not set."""
    endpoint = hosted(name, settings, DEFAULT_URL, DEFAULT_MODEL, "DEEPSEEK_API_KEY")
    middle = settings.fill_in_middle
    able = abilities(endpoint, settings, middle, chosen(settings, "context_tokens", WINDOW))
    return DeepSeek(line_to(endpoint, settings, shared, bearer), able, middle)


class DeepSeek(OpenAI):
    """DeepSeek's endpoints: OpenAI's format with other addresses."""

    CHAT = "/v1/chat/completions"
    COMPLETIONS = "/beta/completions"

    def _completion(self, prompt: MaskedPrompt, deadline: float) -> Question:
        question = super()._completion(prompt, deadline)
        return replace(question, body={**question.body, "max_tokens": min(prompt.max_tokens, MOST_TOKENS)})

    async def check(self) -> Health:
        found = await self._look("/v1/models")
        return found if isinstance(found, Health) else unverified(self._health(found), "DeepSeek")
