"""Settings in all the shapes that editors send them in."""

from __future__ import annotations

from typing import Any

import pytest

from orchestra_lsp.config import Problem
from orchestra_lsp.server.configuration import line_of, overlaid, unwrapped


@pytest.mark.parametrize(
    ("sent", "settings"),
    [
        ({"review": {"enabled": False}}, {"review": {"enabled": False}}),
        ({"orchestra": {"review": {"enabled": False}}}, {"review": {"enabled": False}}),
        ({"settings": {"orchestra": {"review": {}}}}, {"review": {}}),
        ({"settings": {}}, {}),
        ({"review": None}, {}),
        (None, {}),
        ([], {}),
        ("text", {}),
        (7, {}),
    ],
)
def test_settings_are_found_wherever_they_are(sent: object, settings: dict[str, Any]) -> None:
    assert unwrapped(sent) == settings


def test_later_settings_win_table_by_table() -> None:
    lower = {"review": {"enabled": True, "idle_ms": 5}, "index": {"enabled": True}}
    assert overlaid(lower, {"review": {"idle_ms": 9}}) == {"review": {"enabled": True, "idle_ms": 9}, "index": {"enabled": True}}


FILE = """
[review]
enabled = true
idle_ms = "soon"

[tools.openai]
"url" = 7
"""


@pytest.mark.parametrize(
    ("key", "expected", "line"),
    [
        ("review.idle_ms", "a number", 3),
        ("tools.openai.url", "a string", 6),
        ("tools.openai", "nothing of the kind", 5),
        ("tools", "nothing of the kind", 5),
        ("missing.key", "nothing", 0),
        ("", "is not valid TOML: Invalid value (at line 4, column 11)", 3),
    ],
)
def test_problems_are_shown_where_they_are(tmp_path: Any, key: str, expected: str, line: int) -> None:
    path = tmp_path / "orchestra.toml"
    path.write_text(FILE, encoding="utf-8")
    assert line_of(Problem(str(path), key, expected)) == line


def test_a_file_that_has_gone_is_marked_at_its_start(tmp_path: Any) -> None:
    assert line_of(Problem(str(tmp_path / "gone.toml"), "review.idle_ms", "a number")) == 0
