"""A neighbour's pattern with the names changed, on marked text: the cursor is `|`."""

from __future__ import annotations

import pytest

from orchestra_lsp.engine.intent import intended
from orchestra_lsp.syntax.parse import open_buffer
from tests.engine.placing import ask
from tests.engine.test_recall import orchestra

HANDLER = '''\
def handle_open(bank, request):
    """Open it."""
    account = bank.open_account(request.owner)
    return Open(account)


'''
SECOND = HANDLER.replace("open", "freeze").replace("Open", "Freeze")
GO = """\
func (s *Server) handleOpen(w Writer) {
\tlog.Print("open")
\ts.openDoor(w)
}

func (s *Server) handleClose(out Writer) {
\t|
}
"""


@pytest.mark.parametrize(
    ("language", "text", "offered"),
    [
        (
            "python",
            HANDLER + "def handle_close(bank, question):\n    |\n",
            "account = bank.close_account(question.owner)\n    return Close(account)",
        ),
        (
            "python",
            HANDLER + 'def handle_close(bank, request):\n    """Close it."""\n    |\n',
            "account = bank.close_account(request.owner)\n    return Close(account)",
        ),
        ("go", GO, 'log.Print("close")\n\ts.closeDoor(out)'),
        (
            "python",
            "def test_load_empty():\n    assert load('') == []\n\n\ndef test_store_empty():\n    |\n",
            "assert store('') == []",
        ),
        ("python", "# read the left side\nleft = read('left')\n\n# read the right side\n|\n", "right = read('right')"),
        # A body that is there already, another kind of name, a body that would be the same.
        ("python", HANDLER + "def handle_close(bank, request):\n    |\n    return 1\n", None),
        ("python", HANDLER + "def compute(bank, request):\n    |\n", None),
        ("python", "def a_one():\n    pass\n\n\ndef a_two():\n    |\n", None),
        ("python", HANDLER + "x = |\n", None),
        ("text", HANDLER + "def handle_close(bank, request):\n    |\n", None),
    ],
)
def test_what_a_neighbour_does(language: str, text: str, offered: str | None) -> None:
    found = intended(ask(text, f"file:///w/a.{language}", language=language))
    assert (found.text if found else None) == offered


def test_a_second_neighbour_that_says_the_same_makes_it_surer() -> None:
    text = "def handle_close(bank, request):\n    |\n"
    alone = intended(ask(HANDLER + text, language="python"))
    both = intended(ask(HANDLER + SECOND + text, language="python"))
    assert alone
    assert both
    assert alone.text == both.text
    assert alone.confidence < 0.6 <= both.confidence


def test_a_neighbour_in_another_open_file_counts() -> None:
    other = open_buffer("file:///w/b.py", "/w/b.py", 1, "python", HANDLER)
    found = intended(ask("def handle_close(bank, request):\n    |\n", language="python", neighbours=(other,)))
    assert found
    assert found.like == "handle_open"


async def test_it_is_offered_by_the_engine_with_its_confidence_and_reason() -> None:
    async with orchestra({}, local=True) as band:
        found = await band.ask(ask(HANDLER + SECOND + "def handle_close(bank, request):\n    |\n", language="python", uri="file:///w/a.py"))
        assert found
        assert found.text.startswith("account = bank.close_account(request.owner)")
        assert found.confidence
