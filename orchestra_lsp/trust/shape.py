"""What a secret is to the detectors, and how to tell random characters from words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from orchestra_lsp.trust.strangeness import strangeness

_HEX = re.compile(r"(?:0x)?(?:[0-9a-f]{16,}|[0-9A-F]{16,})")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NO_SEPARATORS = str.maketrans("", "", "-_.:")
#: Least strangeness by length: chance makes short random strings look like words, and words strange, more often than long ones.
_STRANGE = ((10, 5.5), (12, 5.25), (16, 5.0), (24, 4.85), (40, 4.75))
_STRANGE_LONG = 4.65


@dataclass(frozen=True, slots=True, order=True)
class Secret:
    """Where a secret stands, end exclusive. `noisy`: a guess from the name before it; mask it, but only hint at it in the editor."""

    start: int
    end: int
    kind: str
    noisy: bool

    def moved(self, by: int) -> Secret:
        return replace(self, start=self.start + by, end=self.end + by)


def is_random(value: str) -> bool:
    """Whether a string is more likely drawn by a machine than written by a person."""
    if len(value) < 8:
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value.translate(_NO_SEPARATORS)):
        return any(character.isdigit() for character in value) and any(character.isalpha() for character in value)
    return is_strange(value)


def is_strange(value: str) -> bool:
    """Whether the letters are not those of words; hex digits may pass for them."""
    limit = next((least for length, least in _STRANGE if len(value) < length), _STRANGE_LONG)
    return strangeness(value) >= limit


def is_word_byte(data: bytes, at: int) -> bool:
    """Whether an ASCII letter, a digit or an underscore stands there."""
    return data[at : at + 1].isalnum() or data[at : at + 1] == b"_"
