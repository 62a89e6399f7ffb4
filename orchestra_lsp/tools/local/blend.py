"""From counts to probabilities: Witten-Bell interpolation up a ladder of contexts, from single words to long contexts in this file."""

from __future__ import annotations

from orchestra_lsp.tools.local.counts import Rungs

#: The rungs from the weakest to the strongest witness, and how much each leaves to those below it. 1 is Witten and Bell's own
#: estimate: the chance of something new is the share of different tokens. Fitted by `tests/local/fit_ladder.py`.
LADDER: tuple[tuple[str, float], ...] = (
    ("workspace 0", 0.8),
    ("file 0", 4.0),
    ("workspace 1", 6.0),
    ("open 1", 8.0),
    ("file 1", 3.0),
    ("workspace 2", 3.0),
    ("open 2", 12.0),
    ("file 2", 2.5),
    ("file skip", 5.0),
    ("workspace 3", 12.0),
    ("open 3", 8.0),
    ("file 3", 5.0),
    ("workspace 4", 5.0),
    ("open 4", 8.0),
    ("file 4", 4.0),
    ("workspace 6", 5.0),
    ("open 6", 2.0),
    ("file 6", 3.0),
    ("workspace 8", 1.6),
    ("file 9", 0.8),
)
#: Probability of a token that no rung has seen.
UNSEEN = 1e-5
_FROM_EACH = 8
_MOST = 32


def blend(rungs: Rungs) -> dict[str, float]:
    """The probability of each candidate; what is missing to 1 is the chance of a token that was not seen here before.

    I. H. Witten and T. C. Bell, The zero-frequency problem, IEEE Transactions on Information Theory 37 (1991), method C,
    interpolated: p = (count + s*kinds*p_below) / (total + s*kinds).
    """
    chances = dict.fromkeys(candidates(rungs), UNSEEN)
    for name, share in LADDER:
        counts = rungs.get(name)
        if counts is None:
            continue
        left = share * len(counts)
        whole = sum(counts.values()) + left
        below = left / whole
        for text, chance in chances.items():
            chances[text] = counts.get(text, 0) / whole + below * chance
    return chances


def candidates(rungs: Rungs) -> list[str]:
    """The commonest tokens of each rung, those of the strongest witnesses first."""
    found: dict[str, None] = {}
    for name, _ in reversed(LADDER):
        counts = rungs.get(name)
        if counts is None:
            continue
        if len(counts) <= _FROM_EACH:
            found.update(dict.fromkeys(counts))
        else:
            found.update(dict.fromkeys(sorted(counts, key=counts.__getitem__, reverse=True)[:_FROM_EACH]))
        if len(found) >= _MOST:
            break
    return list(found)
