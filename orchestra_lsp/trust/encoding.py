"""How a text file is written as bytes, so that a changed text goes back in the same way."""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A codec of Python and the mark the file begins with."""

    codec: str = "utf-8"
    mark: bytes = b""

    def encode(self, text: str) -> bytes:
        """Raises UnicodeEncodeError for a character that this file cannot hold."""
        return self.mark + text.encode(self.codec)


UTF8 = Form()
_MARKED = (
    Form("utf-8", codecs.BOM_UTF8),
    Form("utf-32-le", codecs.BOM_UTF32_LE),  # before UTF-16, whose mark it begins with
    Form("utf-32-be", codecs.BOM_UTF32_BE),
    Form("utf-16-le", codecs.BOM_UTF16_LE),
    Form("utf-16-be", codecs.BOM_UTF16_BE),
)
ONE_BYTE = Form("latin-1")


def read(data: bytes) -> tuple[str, Form] | None:
    """The text, without its mark, and its form; None for what is no text.

    Bytes that are neither UTF-8 nor marked are read byte by byte, which no text loses anything by.
    """
    for form in _MARKED:
        if form.mark and data.startswith(form.mark):
            return decoded(data, form)
    if b"\0" in data:
        return None
    return decoded(data, UTF8) or decoded(data, ONE_BYTE)


def decoded(data: bytes, form: Form) -> tuple[str, Form] | None:
    """The text that `data` holds in this very form, its mark there or not; None when it does not."""
    try:
        text = data.removeprefix(form.mark).decode(form.codec)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else (text, form)
