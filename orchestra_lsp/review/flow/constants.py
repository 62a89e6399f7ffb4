"""Folding of constants, within bounds: what a person computes in their head when they read a condition."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from orchestra_lsp.review.flow.value import UNKNOWN

LONGEST = 4096  # characters of a text that is folded
LARGEST = 2**62
_PLAIN = (str, int, float, bool, type(None), bytes)

_SIGNS: dict[str, Callable[..., object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}
_COMPARISONS: dict[str, Callable[..., object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.eq,
    "is not": operator.ne,
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
}
_METHODS = frozenset(
    {"upper", "lower", "strip", "lstrip", "rstrip", "replace", "title", "capitalize", "startswith", "endswith", "find", "index", "count"}
) | frozenset({"isdigit", "isalpha", "isalnum", "removeprefix", "removesuffix", "swapcase"})
_OTHER_NAMES = {
    "toUpperCase": "upper",
    "toLowerCase": "lower",
    "trim": "strip",
    "startsWith": "startswith",
    "endsWith": "endswith",
    "indexOf": "find",
    "ToUpper": "upper",
    "ToLower": "lower",
    "trim_start": "lstrip",
    "trim_end": "rstrip",
}


def is_known(value: object) -> bool:
    return value is not UNKNOWN


def binary(sign: str, left: object, right: object) -> object:
    """The value of `left sign right`; UNKNOWN where it cannot or should not be computed."""
    known = is_known(left) and is_known(right) and isinstance(left, _PLAIN) and isinstance(right, _PLAIN)
    if not known or sign not in _SIGNS:
        return UNKNOWN
    if sign == "*" and (isinstance(left, str | bytes) or isinstance(right, str | bytes)):
        return UNKNOWN
    try:
        return bounded(_SIGNS[sign](left, right))
    except (TypeError, ValueError, ArithmeticError, KeyError):
        return UNKNOWN  # the program itself fails here


def compare(sign: str, left: object, right: object) -> object:
    if not (is_known(left) and is_known(right)) or sign not in _COMPARISONS:
        return UNKNOWN
    try:
        return bool(_COMPARISONS[sign](left, right))
    except TypeError:
        return UNKNOWN  # the program itself fails here


def method(receiver: object, name: str, args: Sequence[object]) -> object:
    """The value of a method of a constant text."""
    name = _OTHER_NAMES.get(name, name)
    if not isinstance(receiver, str) or name not in _METHODS or not all(is_known(arg) for arg in args):
        return UNKNOWN
    try:
        return bounded(getattr(receiver, name)(*args))
    except (TypeError, ValueError):
        return UNKNOWN  # the program itself fails here


def bounded(value: object) -> object:
    """A value that is small enough to be kept."""
    if isinstance(value, str | bytes) and len(value) > LONGEST:
        return UNKNOWN
    return UNKNOWN if isinstance(value, int) and abs(value) > LARGEST else value


def truth(value: object) -> bool | None:
    """Whether a constant holds; None for what is not known."""
    return bool(value) if is_known(value) else None
