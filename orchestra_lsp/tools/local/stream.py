"""An open text as arrays: what followed the same context in it is found by comparing whole arrays, so nothing has to be indexed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.skips import KINDS, REACH, context_here, contexts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestra_lsp.tools.local.document import Document, Encoder

Integers = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]
#: Tokens that can be written behind a text.
ROOM = 800


class Stream:
    """The tokens of a text, to which more can be written while decoding."""

    def __init__(self, document: Document, encoder: Encoder) -> None:
        text = document.tokens
        self._tokens = np.empty(len(text) + ROOM, np.int32)
        self._calls = np.zeros(len(text) + ROOM + 1, np.int32)
        self._tokens[: len(text)] = numbers(text)
        self._calls[: len(text)] = numbers(document.calls)
        self.size = self._begun = len(text)
        self._encoder = encoder
        self._skips: list[npt.NDArray[np.uint32]] | None = None
        self._counts: npt.NDArray[np.intp] | None = None

    @property
    def tokens(self) -> Integers:
        return self._tokens[: self.size]

    @property
    def words(self) -> list[int]:
        """The different tokens of the text as it was before anything was written."""
        return np.nonzero(self._counted())[0].tolist()

    def counts(self, wanted: Integers) -> npt.NDArray[np.intp]:
        """How often each of these tokens stands in the text."""
        base = self._counted()
        written = self._tokens[self._begun : self.size]
        counts: npt.NDArray[np.intp] = (written[None, :] == wanted[:, None]).sum(1)
        known = wanted < len(base)
        counts[known] += base[wanted[known]]
        return counts

    def _counted(self) -> npt.NDArray[np.intp]:
        if self._counts is None:
            self._counts = np.bincount(self._tokens[: self._begun])
        return self._counts

    def rewind(self) -> None:
        """Forget what was written."""
        self.size = self._begun

    def extend(self, tokens: str, calls: str) -> None:
        """Write encoded tokens, as in `Document`."""
        end = self.size + len(tokens)
        self._tokens[self.size : end] = numbers(tokens)
        self._calls[self.size : end] = numbers(calls)
        self.size = end

    def append(self, number: int, call_after: int) -> None:
        """Write one token; `call_after`: the call around what follows it."""
        self._tokens[self.size] = number
        self.size += 1
        self._calls[self.size] = call_after

    def back_to(self, size: int, written: Iterable[tuple[int, int]]) -> None:
        """Forget what was written behind the first `size` tokens, and write other tokens, each with the call around what follows it."""
        self.size = size
        for number, call in written:
            self.append(number, call)

    def call_here(self, call: int) -> None:
        """Tell which call is around the end."""
        self._calls[self.size] = call

    def after(self, context: Integers, lengths: tuple[int, ...]) -> list[Places]:
        """For each length, the places behind the last so many tokens of `context`; ends with the first length that was not seen."""
        tokens = self.tokens
        found: list[Places] = []
        if not len(context) or not len(tokens):
            return found
        (places,) = np.nonzero(tokens[:-1] == context[-1])
        places += 1
        checked = 1
        for length in lengths:
            if length > len(context) or not context[-length]:
                break
            for back in range(checked + 1, length + 1):
                if len(places) and places[0] < back:
                    places = places[places >= back]
                places = places[tokens[places - back] == context[-back]]
            checked = length
            if not len(places):
                break
            found.append(places)
        return found

    def contexts_here(self) -> list[int]:
        """The skip contexts at the end of the text, 0 where there is none of a kind."""
        tail = self._tokens[max(0, self.size - REACH) : self.size].tolist()
        call = int(self._calls[self.size])
        known = self._encoder
        return context_here(tail, known.hashes, known.classes, known.hashes[call] if call else 0)

    def after_skips(self, wanted: list[int]) -> list[Places]:
        """For each kind of skip context, the places behind it in the text as it was before anything was written."""
        if self._skips is None:
            self._skips = self._hashed(self._tokens[: self._begun], self._calls[: self._begun])
        return [np.nonzero(hashed == np.uint32(one))[0] if one else _NOWHERE for hashed, one in zip(self._skips, wanted, strict=True)]

    def _hashed(self, tokens: Integers, calls: Integers) -> list[npt.NDArray[np.uint32]]:
        if not len(tokens):
            return [np.empty(0, np.uint32) for _ in KINDS]
        hashes, classes = np.frombuffer(self._encoder.hashes, np.uint32), np.frombuffer(self._encoder.classes, np.uint8)
        return contexts(hashes[tokens], classes[tokens], np.where(calls > 0, hashes[calls], np.uint32(0)))


class Streams:
    """Keeps the last streams: while a line is typed nothing else changes. Belongs to one encoder."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Stream]] = {}

    def of(self, name: str, document: Document, settled: int, encoder: Encoder) -> Stream:
        """The stream of a document whose first `settled` tokens will most likely be the same next time."""
        base = document.tokens[:settled]
        kept = self._kept.get(name)
        if kept and kept[0] == base:
            stream = kept[1]
            stream.rewind()
        else:
            stream = Stream(replace(document, tokens=base, calls=document.calls[:settled]), encoder)
            self._kept[name] = (base, stream)
        stream.extend(document.tokens[settled:], document.calls[settled:])
        return stream


def copied(tokens: Integers, places: Integers | Places, size: int) -> npt.NDArray[np.intp]:
    """How far in front of each place its own token stands already, among the last `size` tokens; 0 when it does not."""
    same = tokens[np.maximum(places[:, None] - np.arange(1, size + 1), 0)] == tokens[places][:, None]
    return np.where(same.any(1), same.argmax(1) + 1, 0)


_NOWHERE = np.empty(0, np.intp)


def numbers(text: str) -> Integers:
    """The numbers of characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.int32)
