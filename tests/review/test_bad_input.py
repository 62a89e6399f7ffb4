"""Files that no person wrote: very long, very deep, binary, and with null bytes. A review ends, soon, and says nothing false."""

from __future__ import annotations

import time

import pytest

from orchestra_lsp.config import ReviewSettings
from orchestra_lsp.review.check import check
from orchestra_lsp.review.project import Project
from orchestra_lsp.review.reviewed import fingerprints
from tests.review.support import buffer

LANGUAGES = ("python", "javascript", "typescript", "tsx", "go", "rust")
DEPTH = 10_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("-", ""), ("a.b(", "")])
def test_ten_thousand_levels(language: str, opening: str, closing: str) -> None:
    start = time.process_time()
    code = buffer(language, f"x = {opening * DEPTH}1{closing * DEPTH}\n")
    check(code)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_null_bytes_and_bytes_that_are_no_text(language: str) -> None:
    for data in (b"\0", b"\0" * 10_000, b"x = 1\0\n" * 100, bytes(range(256)) * 40, b"\xff\xfex\0=\0", b"\xed\xa0\x80" * 100):
        code = buffer(language, "").__class__("file:///a", "/a", 0, language, data, (0,), None)
        found = Project().wanted(Project().check(code), code, ReviewSettings())
        assert len(fingerprints(code, found)) == len(found)


def test_fifty_thousand_lines() -> None:
    text = (
        "".join(f"def f{number}(value):\n    return value + {number}\n" for number in range(24_999))
        + "def g(a=[]):\n    return a == None\n"
    )
    code = buffer("python", text)
    start = time.process_time()
    found = check(code)
    assert {finding.rule for finding in found} >= {"comparison-to-none"}
    assert time.process_time() - start < 30
