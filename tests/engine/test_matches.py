"""The text before the cursor found again in other open files."""

from __future__ import annotations

import pytest

from orchestra_lsp.engine.context import packed
from orchestra_lsp.engine.sources.matches import AFTER, Matches
from orchestra_lsp.engine.sources.piece import View
from orchestra_lsp.model import Kind
from orchestra_lsp.syntax.parse import open_buffer
from tests.engine.placing import ask

OTHER = "# top\n" * 30 + "def close(bank, owner):\n    bank.journal.record('close', owner)\n    bank.clock.tick(owner)\n" + "# end\n" * 30


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def freeze(bank, owner):\n    bank.journal.record(|", True),
        ("x = 1\nbank . journal\n    .record(|", True),  # however it is laid out
        ("xbank.journal.record(|", True),  # all but the first word
        ("notbank.journal|", False),  # a part of a word, and too little without it
        ("a = b(c, d(|", False),
        ("|", False),
    ],
)
def test_what_follows_the_same_text_elsewhere_is_shown(text: str, found: bool) -> None:
    other = open_buffer("file:///w/other.py", "/w/other.py", 1, "python", OTHER)
    pieces = Matches().find(View(ask(text, neighbours=(other,)), lambda path: True))
    assert bool(pieces) is found
    for piece in pieces:
        assert "bank.clock.tick(owner)" in piece.text
        assert piece.text.count("\n") <= AFTER + 4
        assert packed(pieces, 1000, ("/w",))[0].path == "other.py"


def test_other_kinds_of_request_and_private_files_get_nothing() -> None:
    other = open_buffer("file:///w/other.py", "/w/other.py", 1, "python", OTHER)
    text = "def freeze(bank, owner):\n    bank.journal.record(|"
    assert not Matches().find(View(ask(text, kind=Kind.EXPLAIN, neighbours=(other,)), lambda path: True))
    assert not Matches().find(View(ask(text, neighbours=(other,)), lambda path: False))
