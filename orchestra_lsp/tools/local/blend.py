"""From counts to probabilities: Witten-Bell interpolation up a ladder of contexts, from single words to long contexts in this file."""

from __future__ import annotations

from orchestra_lsp.tools.local.counts import Rungs

#: The rungs from the weakest to the strongest witness, and how much each leaves to those below it. 1 is Witten and Bell's own
#: estimate: the chance of something new is the share of different tokens. Fitted by `tests/local/fit_ladder.py`.
LADDER: tuple[tuple[str, float], ...] = (
    ("workspace 0", 0.3),
    ("file 0", 3.9),
    ("workspace 1", 3.9),
    ("open 1", 12.0),
    ("file 1", 5.0),
    ("workspace 2", 3.1),
    ("open 2", 50.0),
    ("file 2", 2.5),
    ("file skip", 6.2),
    ("workspace 3", 6.2),
    ("open 3", 25.0),
    ("file 3", 4.0),
    ("workspace 4", 10.0),
    ("open 4", 12.0),
    ("file 4", 3.9),
    ("workspace 6", 6.4),
    ("open 6", 10.0),
    ("file 6", 3.1),
    ("workspace 8", 1.6),
    ("file 9", 1.0),
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
