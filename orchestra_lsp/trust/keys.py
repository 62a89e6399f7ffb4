"""Keys of AI tools: read when they are needed from the place the settings name, never kept, shown or logged here."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_SERVICE = "orchestra-lsp"
_MOST_BYTES = 65_536
_UNSAFE_KEYRINGS = ("fail", "null", "plaintext")


@dataclass(eq=False)
class KeyUnavailable(Exception):
    """A key cannot be had: what is wrong, and the one thing to do. Never holds any part of a key."""

    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.problem} ({self.remedy})"


def read_key(reference: str) -> str:
    """The key that `env:NAME`, `file:PATH` (its first line) or `keyring:NAME` (service orchestra-lsp) points at.

    Raises KeyUnavailable. A keyring may ask the operating system, so call it from a worker thread.
    """
    form, colon, place = reference.partition(":")
    read = _FORMS.get(form)
    if not colon or read is None or not place.strip():
        # The reference itself is not repeated: it may be a key that was put there by mistake.
        raise KeyUnavailable("the key setting is not a place to look", 'set it to "env:NAME", "keyring:NAME" or "file:PATH"')
    key = read(place.strip()).strip()
    if not key:
        raise KeyUnavailable(f"{reference} is empty", "put the key there")
    if any(character <= " " or character == "\x7f" or ord(character) > 126 for character in key):
        raise KeyUnavailable(f"what {reference} holds is no key: it has blanks or characters no key has", "put the key alone there")
    return key


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise KeyUnavailable(f"the environment variable {name} is not set", f"set {name} where the editor is started")
    return value


def _from_file(place: str) -> str:
    try:
        path = Path(place).expanduser()
        with path.open("rb") as file:
            _refuse_readable_by_others(path, os.fstat(file.fileno()).st_mode)
            lines = file.read(_MOST_BYTES).decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        raise KeyUnavailable(f"the key file {place} does not exist", "create it with the key as its first line") from None
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its folder is unknown"
        raise KeyUnavailable(f"the key file {place} cannot be read: {reason}", "make it readable for you alone") from None
    except UnicodeDecodeError:
        raise KeyUnavailable(f"the key file {place} is not text", "put the key as its first line") from None
    return lines[0] if lines else ""


def _refuse_readable_by_others(path: Path, mode: int) -> None:
    """A key that others on the machine can read is no secret; Windows keeps that in access lists, which are not looked at."""
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnavailable(f"the key file {path} can be read by other users", f'run: chmod 600 "{path}"')


def _from_keyring(name: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise KeyUnavailable(f"keyring:{name} needs the keyring package", 'run: pip install "orchestra-lsp[secure]"') from None
    backend = type(keyring.get_keyring())
    if any(unsafe in f"{backend.__module__}.{backend.__name__}".lower() for unsafe in _UNSAFE_KEYRINGS):
        raise KeyUnavailable("this machine offers no safe keyring", "use env:NAME or file:PATH for the key")
    try:
        value: str | None = keyring.get_password(_SERVICE, name)
    except keyring.errors.KeyringError as error:
        raise KeyUnavailable(f"the keyring did not answer: {type(error).__name__}", "unlock it, or use env:NAME") from None
    if value is None:
        raise KeyUnavailable(f"the keyring has no entry {name}", f"run: keyring set {_SERVICE} {name}")
    return value


_FORMS: Mapping[str, Callable[[str], str]] = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
