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


def discord_token(value: str) -> bool:
    """Three parts, the first of them a number in base64. The lengths are checked here because counting is slow in a search."""
    first, _, rest = value.partition(".")
    return 23 <= len(first) <= 29 and 34 <= len(rest) <= 45


def facebook_app_token(value: str) -> bool:
    """<15 or 16 digits>|<secret>; see `discord_token` for why the lengths are checked here."""
    number, _, secret = value.replace("%7C", "|").partition("|")
    return 15 <= len(number) <= 16 and 27 <= len(secret) <= 40


def long_enough(value: str) -> bool:
    """16 characters and more."""
    return len(value) >= 16


CHECKS: Mapping[str, Callable[[str], bool]] = {
    check.__name__: check for check in (basic_credentials, no_word, discord_token, facebook_app_token, long_enough)
}
