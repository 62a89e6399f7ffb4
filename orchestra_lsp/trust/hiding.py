"""Masks the files of one workspace: most of them hold nothing, and what is a secret in one is a secret in all."""

from __future__ import annotations

from typing import Final

from orchestra_lsp.trust.encoding import UTF8, Form
from orchestra_lsp.trust.mask import Vault, mask_text
from orchestra_lsp.trust.placeholder import WORD
from orchestra_lsp.trust.shape import Secret

#: A value as short or as plain as a word would hide half of the code: it is masked where it is found, and nowhere else.
_LEAST: Final = 12
_MOST_CLEAN: Final = 500_000


class Clean:
    """Digests of texts in which nothing was found, so that they need not be looked through again."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def add(self, digest: bytes) -> None:
        if len(self._digests) >= _MOST_CLEAN:
            self._digests.clear()
        self._digests.add(digest)


class Hider:
    """Belongs to one copy. `personal`: classes of personal data to mask as well."""

    def __init__(self, vault: Vault, clean: Clean, personal: tuple[str, ...]) -> None:
        self._vault = vault
        self._clean = clean
        self._personal = personal
        self._values: dict[str, str] = {}

    def hide(self, text: str, uri: str, digest: bytes, everywhere: bool = False) -> str:
        """The text masked; `everywhere`: secrets of other files too, those that `learn` or `hide` have seen until now."""
        if everywhere:
            return mask_text(text, uri, self._vault, self._personal, self._values)
        # Looking is three times as quick as masking.
        plain = not self._personal and WORD not in text.lower()
        if plain and digest in self._clean:
            return text
        if not self.learn(text) and plain:
            self._clean.add(digest)
            return text
        return mask_text(text, uri, self._vault, self._personal)

    def learn(self, text: str, guesses: bool = False) -> bool:
        """Take note of the secrets of a text; whether there are any. `guesses`: also of those that only may be one."""
        found = _find(text)
        data = text.encode("utf-8", "surrogatepass") if found else b""
        for one in found:
            value = data[one.start : one.end].decode("utf-8", "surrogatepass")
            if (guesses or not one.noisy) and len(value) >= _LEAST and any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
                self._values[value] = one.kind
        return bool(found)

    def in_name(self, path: str) -> bool:
        """Whether a path holds something that would be masked in a text."""
        if self._personal:
            from orchestra_lsp.trust.personal import find

            if any(True for _ in find(path, self._personal)):
                return True
        return bool(_find(path))

    def missed(self) -> _Missed:
        """Finds what of other files' secrets stands in a masked text."""
        return _Missed(self._values)


class _Missed:
    def __init__(self, values: dict[str, str]) -> None:
        from orchestra_lsp.trust.repeats import Finder

        self.any = bool(values)
        self._finder = Finder(values)

    def __call__(self, data: bytes, form: Form = UTF8) -> bool:
        text = data.removeprefix(form.mark).decode(form.codec)
        return next(iter(self._finder.find(text)), None) is not None


def _find(text: str) -> tuple[Secret, ...]:
    from orchestra_lsp.trust import secrets  # late: start-up does not pay for the detector

    return secrets.find_spans(text.encode("utf-8", "surrogatepass"))
