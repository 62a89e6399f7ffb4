"""What models report of a review: JSON in any wrapping, and what is malformed left out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.wire.reported import MOST, SEVERITIES, Reported, reported

WHOLE = {"file": "a.py", "line": 3, "quote": "x = 1", "severity": "error", "message": "wrong"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
)


def answer(*findings: object) -> str:
    return json.dumps({"findings": list(findings)})


@pytest.mark.parametrize("wrapped", ["{}", "Here it is:\n```json\n{}\n```\nThat is all."])
def test_the_json_is_found_in_any_wrapping(wrapped: str) -> None:
    assert reported(wrapped.replace("{}", answer(WHOLE))) == (Reported("a.py", 3, "x = 1", "error", "wrong"),)


def test_what_is_malformed_is_left_out() -> None:
    wrong: list[object] = [
        None,
        1,
        {},
        {**WHOLE, "line": 0},
        {**WHOLE, "line": True},
        {**WHOLE, "file": ""},
        {**WHOLE, "message": " "},
        {**WHOLE, "quote": 1},
    ]
    assert reported(answer(*wrong, {**WHOLE, "line": "7", "severity": "blocker", "remedy": 3})) == (
        Reported("a.py", 7, "x = 1", "warning", "wrong"),
    )


def test_no_more_than_a_person_reads() -> None:
    assert len(reported(answer(*[WHOLE] * (MOST + 5)))) == MOST


@pytest.mark.parametrize("text", ["", "nothing found", "{", '{"findings": 1}', '{"faults": []}', "[1, 2]", "{" * 100_000 + "}"])
def test_what_is_no_report_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="the answer"):
        reported(text)


@given(JSON)
def test_anything_can_be_answered(value: object) -> None:
    for one in reported(json.dumps({"findings": [value, WHOLE]})):
        assert one.severity in SEVERITIES
        assert one.line > 0
