"""Random strings and words are told apart by their letters."""

from __future__ import annotations

import keyword
import string
import sys
from random import Random

import pytest

from orchestra_lsp.trust.shape import is_random
from orchestra_lsp.trust.strangeness import strangeness

RANDOM = Random(8)
WORDS = sorted({f"{first}_{second}" for first in sys.stdlib_module_names for second in keyword.kwlist if len(first) + len(second) > 7})


@pytest.mark.parametrize("length", [12, 16, 24, 40, 64])
@pytest.mark.parametrize("alphabet", [string.ascii_letters + string.digits, string.ascii_lowercase + string.digits, "0123456789abcdef"])
def test_random_strings(alphabet: str, length: int) -> None:
    if len(alphabet) == 16 and length < 16:
        return  # so little hex may be anything
    drawn = ["".join(RANDOM.choice(alphabet) for _ in range(length)) for _ in range(400)]
    assert sum(map(is_random, drawn)) >= 0.96 * len(drawn)


def test_words() -> None:
    assert len(WORDS) > 5000
    assert sum(map(is_random, WORDS)) <= 0.01 * len(WORDS)
    assert not any(
        map(is_random, ("authentication_backend", "getUserAccessToken", "application/json", "my-secret-value", "2024-05-17T12:30"))
    )


def test_any_character_has_a_place() -> None:
    assert strangeness("") > 0
    assert strangeness("\u00e9\U0001f642\ud800\x00") > 0
