"""Data about people and about the network inside: e-mail, phone, account, card and id numbers, hosts. Off until policy asks for it.

In code these are mostly made up or meant to be there (test cards, authors, private addresses in documentation), and a masked
one helps no model. So a caller names the classes it wants; secrets are always masked, these are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from orchestra_lsp.trust.identity import NATIONAL, card, iban
from orchestra_lsp.trust.linear import compiled
from orchestra_lsp.trust.shape import Secret, is_word_byte

CLASSES = ("email", "phone", "iban", "card", "national_id", "internal_host")

_PATTERNS = {
    "email": r"[A-Za-z0-9][A-Za-z0-9._%+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}",
    "phone": r"\+[1-9]\d{0,2}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}|\([2-9]\d{2}\) ?[2-9]\d{2}-\d{4}",
    "iban": r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?",
    "card": r"\d{13,19}|(?:\d{4}[ -]){3}\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5}",
    "national_id": "|".join(NATIONAL),
    "internal_host": r"(?:10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})"
    r"|(?:[a-z0-9-]+\.)+(?:internal|intranet|intra|corp|lan|private)",
}
#: Addresses that are nobody's (RFC 2606 and the like), or a machine's; and lines that name who wrote something.
_NOBODY = re.compile(
    r"(?i)@(?:[a-z0-9-]+\.)*(?:example|test|invalid|localhost|local)(?:\.[a-z]{2,3})?$|@users\.noreply\.|^(?:no-?reply|git|postmaster)@"
)
_CREDIT = re.compile(rb"(?i)author|copyright|\(c\)|maintainer|contributor|signed-off-by|co-authored-by|license|@param|credit")
_SEPARATORS = str.maketrans("", "", " .+-")


def find(text: str, classes: Collection[str]) -> tuple[Secret, ...]:
    """What of these classes stands in a text; may overlap. Raises ValueError for a class there is none of."""
    if unknown := set(classes) - set(CLASSES):
        raise ValueError(f"no such class of personal data: {', '.join(sorted(unknown))}; there are {', '.join(CLASSES)}")
    data = text.encode("utf-8", "surrogatepass")
    found = [one for name in CLASSES if name in classes for one in _matches(name, data)]
    if len(data) == len(text):
        return tuple(found)
    return tuple(Secret(_index(data, one.start), _index(data, one.end), one.kind, one.noisy) for one in found)


def _index(data: bytes, offset: int) -> int:
    return len(data[:offset].decode("utf-8", "surrogatepass"))


def _matches(name: str, data: bytes) -> Iterator[Secret]:
    for match in _regex(name).finditer(data):
        start, end = match.span()
        alone = not is_word_byte(data, start - 1) or not start
        if alone and not is_word_byte(data, end) and _is_one(name, match.group().decode("latin-1"), data, start):
            yield Secret(start, end, name, noisy=True)


def _is_one(name: str, value: str, data: bytes, start: int) -> bool:
    plain = value.translate(_SEPARATORS)
    if name == "email":
        line = data[data.rfind(b"\n", max(0, start - 300), start) + 1 : start]
        return not _NOBODY.search(value) and not _CREDIT.search(line)
    if name == "phone":
        return 9 <= sum(map(str.isdigit, value)) <= 15 and len(set(plain)) > 4
    if name == "iban":
        return iban(plain)
    if name == "card":
        return card(plain)
    if name == "national_id":
        return any(re.fullmatch(pattern, value) and check(plain) for pattern, check in NATIONAL.items())
    return all(int(part) < 256 for part in value.split(".")) if value.replace(".", "").isdigit() else True


@cache
def _regex(name: str) -> Any:
    return compiled(_PATTERNS[name], longest=True)
