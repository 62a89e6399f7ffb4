"""What stands for a secret in a masked text: its shape, where one stands, and in what kind of place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

_DIGEST_LENGTH = 5
LOOK_BACK = 512  # characters of a line on either side of a placeholder that decide its place

#: The kind is lower case and the digest starts with a capital letter, so that the end of each is certain.
SHAPE = re.compile(r"ORCSEC_[a-z0-9_]{1,48}_[A-Z][A-Z2-7]{4}")
WORD = "orcsec"
#: The first word of every placeholder, however a model may have changed its case.
MARK = re.compile(r"(?ai:orcsec)")
_WORD = re.compile(r"[A-Za-z0-9_]*")
_LINE_END = re.compile(r"[\r\n]")

_ADDRESS = r"(?ai)(?:(?:[a-z][a-z0-9+.-]{0,20}:)?//|(?=www\.))(?P<authority>[^\s/?#\"'`<>]*)[^\s\"'`<>]*"
_COMMAND = (
    r"(?ai)(?<![\w.-])(curl|wget|nc|ncat|netcat|socat|telnet|ssh|scp|sftp|rsync|ftp|nslookup|dig|xdg-open"
    r"|invoke-webrequest|invoke-restmethod|iwr|irm|start-process)(?:\.exe)?(?=[\s\"',])"
)
_regex = cache(re.compile)  # at first use, not at start-up


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a text that is a placeholder (`known`) or looks like the remains of one."""

    start: int
    end: int
    text: str
    known: bool


def make(kind: str, secret: str, key: bytes, salt: int) -> str:
    """ORCSEC_<kind>_<5 base32 characters of HMAC-SHA256(key, secret)>, the first a letter; another `salt` gives another one."""
    import base64
    import hmac

    turn = 0
    while True:
        message = secret.encode("utf-8", "surrogatepass") + b"\0%d.%d" % (salt, turn) * (salt + turn > 0)
        digest = base64.b32encode(hmac.digest(key, message, "sha256"))[:_DIGEST_LENGTH].decode()
        if digest[0].isalpha() and digest != "ORCSE":
            return f"ORCSEC_{kind}_{digest}"
        turn += 1


def mentions(text: str, known: Callable[[str], bool]) -> Iterator[Mention]:
    """Every placeholder and every leftover of one, in order and without overlap."""
    position = 0
    while found := MARK.search(text, position):
        start = found.start()
        shape = SHAPE.match(text, start)
        if shape and known(shape.group()):
            yield Mention(start, shape.end(), shape.group(), known=True)
            position = shape.end()
            continue
        following = MARK.search(text, found.end())
        word = _WORD.match(text, found.end(), following.start() if following else len(text))
        position = word.end() if word else found.end()
        yield Mention(start, position, text[start:position], known=False)


def standing(text: str) -> Iterator[str]:
    """Everything in a text that has the whole shape of a placeholder."""
    for mark in MARK.finditer(text):
        if shape := SHAPE.match(text, mark.start()):
            yield shape.group()


def place(text: str, start: int, end: int) -> str:
    """Where `text[start:end]` stands: "" for plain text, else the host of the URL or the network command of its line."""
    first, last = max(0, start - LOOK_BACK), min(len(text), end + LOOK_BACK)
    first = max(text.rfind("\n", first, start), text.rfind("\r", first, start), first - 1) + 1
    line_end = _LINE_END.search(text, end, last)
    line = text[first : line_end.start() if line_end else last]
    if "//" in line or "www." in line.lower():
        for address in _regex(_ADDRESS).finditer(line):
            if address.start() <= start - first and address.end() >= end - first:
                return "url " + address["authority"].rpartition("@")[2].lower()
    command = _regex(_COMMAND).search(line)
    return "command " + command.group(1).lower() if command else ""
