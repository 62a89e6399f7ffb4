"""The choice of one process: the players' prices and priors, what was learned of them, and the dice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from orchestra_lsp.engine.beliefs import Beliefs
from orchestra_lsp.engine.challenger import Challenged, Neighbours, size_of
from orchestra_lsp.engine.cost import estimate
from orchestra_lsp.engine.learn import Learner
from orchestra_lsp.engine.route import Believer, Player, Rate, Request, Taste, choose
from orchestra_lsp.model import Choice
from orchestra_lsp.tools.contract import Tool
from orchestra_lsp.trust.mask import MaskedPrompt

if TYPE_CHECKING:
    from orchestra_lsp.config import RouteSettings

SAMPLE = 10_000  # tokens that a price is taken from
RATE_S = 600.0  # prices differ by the hour with some makers


class Chooser:
    """Belongs to one event loop."""

    def __init__(self, learner: Learner | None = None, dice: Random | None = None) -> None:
        self.learner = learner or Learner()
        self._dice = dice or Random()
        self.challenger: Neighbours | None = None  # only while it wins
        self._rates: dict[str, tuple[float, Rate | None]] = {}

    def choose(self, request: Request, players: Sequence[Player], settings: RouteSettings) -> Choice:
        taste = Taste(settings.prefer, settings.profile)
        if not settings.learn:  # nothing is tried that nobody would learn from
            return choose(request, players, taste)
        believer: Believer = self.beliefs
        if self.challenger:
            features = (request.kind.value, request.language, request.complexity.value, request.trigger.value, size_of(request.tokens))
            believer = Challenged(self.beliefs, self.challenger, features)
        return choose(request, players, taste, believer, self._dice)

    @property
    def beliefs(self) -> Beliefs:
        return self.learner.beliefs

    def rate(self, tool: Tool[MaskedPrompt]) -> Rate | None:
        """What a tool costs by the token; None: not known."""
        known = self._rates.get(tool.name)
        if known and time.monotonic() - known[0] < RATE_S:
            return known[1]
        asked, answered = estimate(tool, SAMPLE, 0), estimate(tool, 0, SAMPLE)
        rate = None if asked is None or answered is None else Rate(asked / SAMPLE, answered / SAMPLE)
        self._rates[tool.name] = (time.monotonic(), rate)
        return rate

    def forget_prices(self) -> None:
        """The tools are other ones now."""
        self._rates.clear()
