"""Weighs what the sources say: a small trained network gives each candidate a chance, and one to "something not seen here".

Trained by `tests/local/train_mixer.py`; the weights know the sources by name and nothing of any code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orchestra_lsp.tools.local.counts import SOURCES, Seen
from orchestra_lsp.tools.local.document import Encoder

Floats = npt.NDArray[np.float32]

#: What is told of a candidate besides the sources.
TRAITS = (
    "same", "deeper", "shallower", "word", "number", "opens", "closes", "quote", "other", "recent", "rank", "in file", "in workspace",
    "on this line", "last token", "keyword", "closes what is open", "something open", "tokens on line", "typed", "left to type", "two back",
)  # fmt: skip
FEATURES = 4 * len(SOURCES) + len(TRAITS)
_RECENT = 150
_WEIGHTS = Path(__file__).with_name("mixer.npz")


@cache
def trained() -> Mapping[str, Floats]:
    """The weights as they were trained."""
    with np.load(_WEIGHTS) as kept:
        return {name: kept[name].astype(np.float32) for name in kept.files}


def chances(seen: Seen, encoder: Encoder, bias: float = 0.0) -> dict[str, float]:
    """The chance of each candidate; what is missing to 1 is the chance of a token that was not seen.

    `bias`: what to take from the score of "not seen", because this person takes more offers than were thought likely.
    """
    if not len(seen.candidates):
        return {}
    scores = scored(features(seen, encoder), trained())
    scores[-1] -= bias
    odds = np.exp(scores - scores.max())
    odds /= odds.sum()
    return dict(zip([encoder.text(chr(number)) for number in seen.candidates.tolist()], odds[:-1].tolist(), strict=True))


def scored(given: Floats, weights: Mapping[str, Floats]) -> Floats:
    """The score of each candidate, and at the end that of none of them."""
    hidden = np.tanh(given @ weights["inner"] + weights["inner_bias"])
    scores = hidden @ weights["outer"] + given @ weights["straight"]
    return np.append(scores, given.max(0) @ weights["escape"] + weights["escape_bias"][0])


def features(seen: Seen, encoder: Encoder) -> Floats:
    """One row for each candidate."""
    totals = seen.totals[:, None]
    there = (totals > 0).astype(np.float32)
    counts = seen.counts
    width = counts.shape[1]
    made = np.empty((width, FEATURES), np.float32)
    step = len(SOURCES)
    made[:, :step] = (np.log((counts + 0.05) / (totals + 1)) * there * 0.3).T
    made[:, step : 2 * step] = (counts / (totals + 0.6)).T
    made[:, 2 * step : 3 * step] = there.T
    made[:, 3 * step : 4 * step] = (np.log1p(totals) * 0.3).T
    made[:, 4 * step :] = _traits(seen, encoder)
    return made


def _traits(seen: Seen, encoder: Encoder) -> Floats:
    tokens = seen.place.stream.tokens
    candidates = seen.candidates
    width = len(candidates)
    made = np.zeros((width, len(TRAITS)), np.float32)
    classes = np.frombuffer(encoder.classes, np.uint8)
    kinds = classes[candidates]
    made[:, 0] = candidates == 1
    made[:, 1] = candidates == 2
    made[:, 2] = (candidates >= 3) & (candidates <= 5)
    for kind in range(2, 8):
        made[:, 1 + kind] = kinds == kind
    tail = tokens[-_RECENT:]
    same = tail[None, ::-1] == candidates[:, None]
    found = same.any(1)
    made[:, 9] = found
    made[:, 10] = np.where(found, 1 / (1 + same.argmax(1) / 4), 0)
    made[:, 11] = np.log1p(seen.place.stream.counts(candidates)) * 0.3
    for one in seen.place.learned:
        made[:, 12] += np.log1p(one.counts_of(candidates, encoder)) * 0.15
    line = _line(tail)
    made[:, 13] = (line[None, :] == candidates[:, None]).any(1)
    made[:, 14] = candidates == tail[-1] if len(tail) else 0
    made[:, 15] = kinds == 8
    opened = _open(classes[line])
    made[:, 16] = np.where(kinds == 5, 1 if opened else -1, 0)
    made[:, 17] = min(opened, 3) / 3
    made[:, 18] = min(len(line), 30) / 20
    start = seen.place.start
    if start:
        made[:, 19] = min(len(start), 8) / 8
        made[:, 20] = [min(len(encoder.text(chr(number))) - len(start), 20) / 10 for number in candidates.tolist()]
    made[:, 21] = candidates == tail[-2] if len(tail) > 1 else 0
    return made


def _line(tail: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The tokens behind the last line break."""
    (breaks,) = np.nonzero(tail <= 5)
    return tail[breaks[-1] + 1 :] if len(breaks) else tail


def _open(kinds: npt.NDArray[np.uint8]) -> int:
    """Brackets that are open on the line."""
    return max(0, int(np.count_nonzero(kinds == 4)) - int(np.count_nonzero(kinds == 5)))
