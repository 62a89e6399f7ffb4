"""The yardstick of the completion bench: a plain nested n-gram, workspace below file, Witten-Bell at every context length.

I. H. Witten and T. C. Bell, The zero-frequency problem, IEEE Transactions on Information Theory 37 (1991), method C, interpolated;
nested as in V. J. Hellendoorn and P. Devanbu, Are deep neural networks the best choice for modeling source code? (FSE 2017).
It shares the lexer of the embedded engine and nothing else: contexts are found by comparing whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.document import line_break
from orchestra_lsp.tools.local.lexer import BREAKS, lex

ORDER = 5  # tokens of context: a model of order 6
MOST_TOKENS = 24

Integers = npt.NDArray[np.int32]
Chances = npt.NDArray[np.float64]


def tokens_of(text: str, language: str) -> list[str]:
    """Every line break in front of its line, as the engine sees a text."""
    levels = [0]
    found: list[str] = []
    for line in text.split("\n"):
        read = lex(line, language)
        if read.indent >= 0:
            found += [line_break(levels, read.indent), *read.tokens]
    return found


class WittenBell:
    """Learns whole files once; asked with the text above a cursor."""

    def __init__(self, files: Iterable[tuple[str, str]]) -> None:
        """`files`: text and language of each."""
        self._numbers: dict[str, int] = {"\0": 0}
        self._words: list[str] = ["\0"]
        tokens: list[int] = [0]
        for text, language in files:
            tokens += [self._number(token) for token in tokens_of(text, language)]
            tokens.append(0)
        self._workspace = np.array(tokens, np.int32)

    def rest_of_line(self, above: Sequence[str], start: str) -> tuple[list[str], float]:
        """The likeliest tokens to the end of the line and the chance of all of them; `start` is the typed part of the first one."""
        context = [self._number(token) for token in above]
        found: list[str] = []
        sure = 1.0
        while len(found) < MOST_TOKENS:
            chances = self._chances(np.array(context, np.int32))
            if start:
                chances[[number for number, word in enumerate(self._words) if not word.startswith(start)]] = 0
                chances /= max(chances.sum(), 1e-12)
                start = ""
            ends = [self._numbers[kind] for kind in BREAKS if kind in self._numbers]
            end = float(chances[ends].sum())
            chances[ends] = 0
            best = int(chances.argmax())
            if found and end >= chances[best]:  # every place asked about has something behind it, and the engine knows that too
                return found, sure * end
            sure *= float(chances[best])
            found.append(self._words[best])
            context.append(best)
        return found, 0.0

    def _number(self, word: str) -> int:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = len(self._words)
            self._words.append(word)
        return found

    def _chances(self, context: Integers) -> Chances:
        """Of every known word, the file's count at each length on top of the workspace's."""
        known = len(self._words)
        chances = np.full(known, 1 / known)
        alive = [(stream, np.arange(1, len(stream))) for stream in (self._workspace, context)]
        for length in range(min(ORDER, len(context)) + 1):
            for which, (stream, places) in enumerate(alive):
                if length:
                    places = places[places >= length]
                    places = places[stream[places - length] == context[-length]]
                    alive[which] = (stream, places)
                counts = np.bincount(stream[places], minlength=known).astype(float)
                counts[0] = 0
                kinds, total = np.count_nonzero(counts), counts.sum()
                if total:
                    chances = (counts + kinds * chances) / (total + kinds)
        return chances
