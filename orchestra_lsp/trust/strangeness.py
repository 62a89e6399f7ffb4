"""How unlike a word a string is: the surprise of its letters to someone who has read a lot of code.

Entropy cannot tell a short token from an identifier, and says the same of a text and of its shuffled letters; this can.
"""

from __future__ import annotations

import string
from itertools import pairwise

_LETTERS = string.ascii_lowercase + "0_"  # every digit counts as 0, everything else as _
_STEPS = string.digits + string.ascii_uppercase + string.ascii_lowercase + "+-"  # a fifth of a bit each

#: Row: a character, column: the one that follows; the value: -log2 of how often it does, counted over the distinct names of
#: the standard library and of well-known packages (`tests/trust/train_strangeness.py` writes this table).
_TABLE = (
    "gPKMjbQrSsYGLIwNsFJDUXcYTpSN",  # a
    "FXRXIaelKNpEbfIYuNPXHlloNnLG",  # b
    "HfTZHbkHQyJKafBZqPVGPkptbyTI",  # c
    "JZZPBXclFknSbfMevUQSQikmayP9",  # d
    "PcNLWSWlcunIQIdTYFHKkXaNYqYB",  # e
    "LaWXNNeqDyxNgZGeyNVRMonib-M9",  # f
    "RfZeAeSMK-jPTOUb-LKUPhksdmd9",  # g
    "DifdBfnkJ-dWYeFcwQVKVnovUzYB",  # h
    "RSLNPUNtkufKNAHRmQIGcTzV-TkU",  # i
    "JgbYAdjpQhWfeeHUtoDlIjmyj-aB",  # j
    "OeYX9bUfGnkTeUYZlZLYRcSucyc8",  # k
    "IbaPCFhmFvjKfdIYsfPOObmuRvhF",  # l
    "CReYAilqK-iTMaIHqeOXSbqfV-gG",  # m
    "JfLHIPIiOnXYcULTrcJFSUlpdrfD",  # n
    "USMKgXVqWgULKBQL-DOOLUPbpmkL",  # o
    "FjaWCfjXN-gJhiJMsGTLShmuKpdF",  # p
    "ffhSjYojf-iKaembbRSZ3daw-qUE",  # q
    "HfSTCbQoI+VWQTIawNKMUahxT-hC",  # r
    "UnQfCcfQKuVWdfOPffMDQhbsVzi9",  # s
    "JhUaCamMGzkXZeLXpJPQRifjLpdA",  # t
    "PORVJSUwM-sHJEZJ-GKGko+h-rJW",  # u
    "9dVe7ffoF-zgUbTf-eZbpdjWguUJ",  # v
    "FeXXJdgNC-eWbMHesGPamjUjtzaC",  # w
    "OVLXJNrfO-wcVjcIxjaDkYoaWuAC",  # x
    "XaUUUaUlV-qPSPX9xaKKjeWojZb7",  # y
    "Jjfd4ajaI-tZZjNbtkYZfropWYWI",  # z
    "PRQMPOytpxxlprvf-rklsoxq--4A",  # 0
    "MQJMOMQTMfYOMOQLgMFKPTTQkiZH",  # _
)
_BITS = {
    first + second: _STEPS.index(step) / 5
    for first, row in zip(_LETTERS, _TABLE, strict=True)
    for second, step in zip(_LETTERS, row, strict=True)
}
_CLASS = str.maketrans({**{chr(code): "_" for code in range(128) if not chr(code).isalnum()}, **dict.fromkeys(string.digits, "0")})


def strangeness(text: str) -> float:
    """Mean bits a character. Words and names: 3 to 4.8; random letters and digits: 5 and more; random hex: 2.5 to 5."""
    letters = "_" + text.lower().translate(_CLASS) + "_"
    return sum(_BITS.get(first + second, 6.0) for first, second in pairwise(letters)) / (len(letters) - 1)
