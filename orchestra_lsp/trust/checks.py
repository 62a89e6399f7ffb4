"""Checks a regex cannot make, found by the name that a kind of secret gives in its `check`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping

from orchestra_lsp.trust.harmless import is_word


def basic_credentials(value: str) -> bool:
    """Base64 of printable `user:password`."""
    try:
        decoded = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_").decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return False
    return ":" in decoded[:-1] and decoded.isprintable()


def no_word(value: str) -> bool:
    """Anything but a word that everyone uses, such as the password in postgres:postgres."""
    return not is_word(value)


CHECKS: Mapping[str, Callable[[str], bool]] = {"basic_credentials": basic_credentials, "no_word": no_word}
