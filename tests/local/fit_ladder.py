"""Fits the strengths in `tools/local/blend.py` on source folders of your choice: python tests/local/fit_ladder.py FOLDER...

Holds out some files of each folder, indexes the rest, and descends coordinate by coordinate on the mean negative log-likelihood
of the next token at random places. Seeded; 12 folders with 800 places each take a minute. Prints the table; nothing is written.

The table in use came from pydantic, mypy, cattrs, rich, vscode-languageserver-node and fastify (MIT), starlette and Go's encoding and
net/http (BSD), cobra (Apache 2.0), fd (MIT or Apache 2.0) and axum (MIT); it was rounded by hand, "open 4" lowered from 50.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestra_lsp.syntax.language import UNKNOWN, detect
from orchestra_lsp.tools.local.blend import LADDER, UNSEEN, candidates
from orchestra_lsp.tools.local.build import Builder
from orchestra_lsp.tools.local.counts import Learned, Place, Rungs, look
from orchestra_lsp.tools.local.cursor import cursor_at
from orchestra_lsp.tools.local.document import NO_DOCUMENT, Document, Encoder, line_break
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.lexer import NOTHING, is_word, lex
from orchestra_lsp.tools.local.segment import Segment

PLACES = 800  # in each folder
HELD_FILES = 14
OPEN_FILES = 3
FACTORS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)
ROUNDS = 4
MOST_CANDIDATES = 32

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    path: str
    text: str
    language: str


@dataclass(frozen=True)
class Sample:
    """Arrays over places: counts (place, rung, candidate), totals and kinds (place, rung), the column of the truth or -1."""

    counts: Floats
    totals: Floats
    kinds: Floats
    real: npt.NDArray[np.bool_]
    truth: npt.NDArray[np.int64]


def sources(folder: Path) -> list[Source]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", ".git"))
        for name in sorted(names):
            path = Path(place, name)
            language = detect("", str(path), b"")
            if language != UNKNOWN and path.stat().st_size < 500_000:
                found.append(Source(str(path), path.read_text(encoding="utf-8", errors="replace"), language))
    return found


def places(folder: Path, seed: int) -> Iterator[tuple[Rungs, str]]:
    """Rungs and the token that really followed."""
    chance = random.Random(seed)
    everything = sources(folder)
    fitting = [one for one in everything if 40 <= one.text.count("\n") <= 3000]
    held = chance.sample(fitting, min(HELD_FILES, len(fitting) // 4))
    builder = Builder()
    for one in everything:
        if one not in held:
            builder.add(one.path, one.text, one.language)
    segment = Segment(builder.finish())
    encoder = Encoder()
    for one in held:
        neighbours = [other for other in everything if other.language == one.language and other not in held]
        beside = [other for other in neighbours if os.path.dirname(other.path) == os.path.dirname(one.path)]
        for _ in range(PLACES // len(held)):
            near = beside if len(beside) >= OPEN_FILES else neighbours
            opened = chance.sample(near, min(OPEN_FILES, len(near))) if chance.random() < 0.5 else []
            yield from _place(one, opened, segment, encoder, chance)


def _place(one: Source, opened: Sequence[Source], segment: Segment, encoder: Encoder, chance: random.Random) -> Iterator[tuple[Rungs, str]]:
    lines = one.text.split("\n")
    at = chance.randrange(len(lines))
    line = lex(lines[at], one.language)
    if line.indent < 0 or "\n".join(lines[: at + 1]).count('"""') % 2:
        return
    which = chance.randrange(len(line.tokens) + 1)
    suffix = "\n" + "\n".join(lines[at + 1 :]) if chance.random() < 0.35 else ""
    cursor = cursor_at("\n".join([*lines[:at], ""]), suffix, one.language, encoder)
    levels = list(cursor.file.levels)
    tokens = "".join([encoder.character(token) for token in (line_break(levels, line.indent), *line.tokens[:which])])
    file = Document(cursor.file.tokens + tokens, cursor.file.gaps + tokens, tuple(levels))
    truth, start = _truth(lines[at + 1 :], line.tokens, which, one.language, levels), ""
    if is_word(truth) and chance.random() < 0.4:
        start = truth[: chance.randrange(1, len(truth) + 1)]
    joined = NOTHING.join([encoder.document(other.text, other.language).tokens[:20_000] for other in opened])
    others = Document(joined, joined) if opened else NO_DOCUMENT
    # Some people switch the index off, and all of them wait for it once.
    ready = chance.random() < 0.75
    learned = [Learned(segment, segment.masks([other.path for other in opened]), family(one.language, one.path))] if ready else []
    yield look(Place(file, others, learned, start), encoder).rungs, truth


def _truth(after: Sequence[str], tokens: Sequence[str], which: int, language: str, levels: list[int]) -> str:
    if which < len(tokens):
        return tokens[which]
    following = next((line for text in after if (line := lex(text, language)).indent >= 0), None)
    return line_break(levels, following.indent if following else 0)


def gathered(found: Sequence[tuple[Rungs, str]]) -> Sample:
    shape = (len(found), len(LADDER))
    counts = np.zeros((*shape, MOST_CANDIDATES))
    totals, kinds = np.zeros(shape), np.zeros(shape)
    real = np.zeros((len(found), MOST_CANDIDATES), bool)
    truth = np.full(len(found), -1)
    for row, (rungs, wanted) in enumerate(found):
        texts = candidates(rungs)[:MOST_CANDIDATES]
        real[row, : len(texts)] = True
        truth[row] = texts.index(wanted) if wanted in texts else -1
        for column, (name, _) in enumerate(LADDER):
            if counted := rungs.get(name):
                totals[row, column], kinds[row, column] = sum(counted.values()), len(counted)
                counts[row, column, : len(texts)] = [counted.get(text, 0) for text in texts]
    return Sample(counts, totals, kinds, real, truth)


def loss(strengths: Floats, sample: Sample) -> float:
    """Mean negative log-likelihood in nats; a token that is no candidate has what the candidates leave over."""
    chances = np.full(sample.real.shape, UNSEEN)
    for rung, strength in enumerate(strengths):
        left = strength * sample.kinds[:, rung]
        whole = np.maximum(sample.totals[:, rung] + left, 1e-9)
        climbed = (sample.counts[:, rung] + left[:, None] * chances) / whole[:, None]
        chances = np.where(sample.totals[:, rung, None] > 0, climbed, chances)
    chances = np.where(sample.real, chances, 0)
    rows = np.arange(len(chances))
    right = np.where(sample.truth >= 0, chances[rows, sample.truth], 1 - chances.sum(1))
    return float(-np.log(np.maximum(right, 1e-9)).mean())


def fitted(sample: Sample) -> Floats:
    strengths = np.ones(len(LADDER))
    best = loss(strengths, sample)
    for turn in range(ROUNDS):
        for rung in range(len(LADDER)):
            for factor in FACTORS:
                tried = strengths.copy()
                tried[rung] = min(tried[rung] * factor, 50.0)
                if (now := loss(tried, sample)) < best - 1e-5:
                    best, strengths = now, tried
        print(f"# round {turn + 1}: {best:.4f} nats (as it stands: {loss(np.array([share for _, share in LADDER]), sample):.4f})")
    return strengths


def main() -> None:
    found: list[tuple[Rungs, str]] = []
    for seed, folder in enumerate(sys.argv[1:]):
        found += places(Path(folder), seed)
        print(f"# {folder}: {len(found)} places so far", file=sys.stderr)
    for (name, _), strength in zip(LADDER, fitted(gathered(found)), strict=True):
        print(f'    ("{name}", {strength:.2g}),')


if __name__ == "__main__":
    main()
