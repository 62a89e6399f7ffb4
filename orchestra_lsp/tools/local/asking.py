"""A question to the embedded engine and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestra_lsp.model import Buffer

#: Offers less likely than this are not made when the asker does not say.
MINIMUM = 0.3


@dataclass(frozen=True, slots=True)
class Offer:
    """What to insert at the cursor, and the chance (0..1) that all of it is what comes next; no text when there is nothing to offer.

    `ended` False: the line goes on, but what follows is not likely enough, or it opens a block. Such an offer need not parse as it stands.
    """

    text: str
    confidence: float
    ended: bool = False


NO_OFFER = Offer("", 0.0)


@dataclass(frozen=True, slots=True)
class Asked:
    """`minimum` None: asked for by hand, so the best guess is wanted, however short or doubtful."""

    prefix: str
    suffix: str
    language: str
    family: str
    multiline: bool
    minimum: float | None = MINIMUM
    buffer: Buffer | None = None
    offset: int = 0
