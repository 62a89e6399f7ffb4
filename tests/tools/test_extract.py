"""What is left of a chat answer once fence, talk and thoughts are taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.model import Kind
from orchestra_lsp.tools.wire.extract import Thoughts, extract

INTO_FILE = [Kind.COMPLETE, Kind.EDIT, Kind.TEST, Kind.DOCUMENT]


def check(kind: Kind, text: str, expected: str) -> None:
    assert extract(kind, text) == expected


@pytest.mark.parametrize("kind", INTO_FILE)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\nx = 1\n```", "x = 1"),
        ("```\n    x = 1\n    y = 2\n```\n", "    x = 1\n    y = 2"),
        ("Sure, here it is:\n\n```js\nlet x\n```\nHope this helps!", "let x"),
        ("~~~\nx\n~~~", "x"),
        ("````markdown\n# Title\n```sh\nls\n```\n````", "# Title\n```sh\nls\n```"),
        ("```markdown\n# Title\n```sh\nls\n```\nend\n```", "# Title\n```sh\nls\n```\nend"),
        ("```python\ncut off by the lim", "cut off by the lim"),
        ("```\nsmall\n```\nand the whole:\n```\nthe larger block\n```", "the larger block"),
        ("```\n```", ""),
        ("```\n\n\nx\n\n```", "\n\nx\n"),
        ("```py\r\nx = 1\r\ny\r\n```\r\n", "x = 1\r\ny"),
        ("s = '```'", "s = '```'"),
        ("Certainly! This is it:\n\nx = 1", "x = 1"),
        ("sure = 1\n\nx = 2", "sure = 1\n\nx = 2"),
        ("Here is the list:\n\n- a", "Here is the list:\n\n- a"),
    ],
)
def test_only_what_belongs_into_the_file_is_left(kind: Kind, text: str, expected: str) -> None:
    check(kind, text, expected)


def test_blanks_count_in_a_completion_without_a_fence() -> None:
    check(Kind.COMPLETE, "    return x\n", "    return x\n")
    check(Kind.EDIT, "\n    return x\n", "    return x")


@pytest.mark.parametrize("kind", [Kind.EXPLAIN, Kind.REVIEW])
def test_what_is_read_by_people_keeps_its_fences(kind: Kind) -> None:
    check(kind, "\nIt runs\n```sh\nls\n```\nand ends.\n", "It runs\n```sh\nls\n```\nand ends.")


@given(st.sampled_from(INTO_FILE), st.text(alphabet="ab \n\t", min_size=1).filter(lambda code: "```" not in code))
def test_a_fenced_text_comes_back_as_it_was(kind: Kind, code: str) -> None:
    check(kind, f"Of course:\n\n```python\n{code}\n```\nDone.", code)


def told(*pieces: str) -> str:
    thoughts = Thoughts()
    return "".join(thoughts.feed(piece) for piece in pieces) + thoughts.rest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>hm\n\nwell</think>\n\n  x = 1", "  x = 1"),
        ("\n<think></think>x", "x"),
        ("<think>never ends", ""),
        ("  x = 1", "  x = 1"),
        ("<thing>", "<thing>"),
        ("<thi", "<thi"),
        ("  \n", "  \n"),
        ("a <think>b</think>", "a <think>b</think>"),
        ("", ""),
    ],
)
def test_thoughts_before_the_answer_are_left_out_however_it_is_cut(text: str, expected: str) -> None:
    assert told(text) == expected
    assert told(*text) == expected
    for cut in range(len(text)):
        assert told(text[:cut], text[cut:]) == expected
