"""What one person's answers to the offers say about how sure the engine really is, and how sure it has to be to speak."""

from __future__ import annotations

from collections import deque

#: How far one answer moves the bias, and how far it may move at all (in log-odds).
_RATE = 0.06
_MOST = 1.2
#: Answers that are looked back on; of so few taken, offers have to be surer.
_RECENT = 12
_ENOUGH = 0.2
_SHYER = 0.15


class Taste:
    """Starts neutral. Logistic regression with nothing but a bias, one step of gradient descent for each answer."""

    def __init__(self) -> None:
        self.bias = 0.0
        self._lately: deque[bool] = deque(maxlen=_RECENT)

    def heard(self, confidence: float, taken: bool) -> None:
        """An offer with this confidence (0..1) was taken, or it was seen and refused."""
        self._lately.append(taken)
        clipped = min(0.99, max(0.01, confidence))
        self.bias += _RATE * (taken - clipped)
        self.bias = max(-_MOST, min(_MOST, self.bias))

    def minimum(self, wanted: float) -> float:
        """The confidence an offer needs where `wanted` is asked for: more of it when nearly all of the last ones were refused."""
        full = len(self._lately) == _RECENT
        refused = full and sum(self._lately) / _RECENT < _ENOUGH
        return min(0.95, wanted + _SHYER) if refused else wanted
