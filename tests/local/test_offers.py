"""What the embedded engine offers at marked cursors, and what it promises for any text.

A case of `offers.txt` is `### title`, options (`[go] [several] [crlf]`), the text with the cursor `‸`, other open files behind
`=== path`, `---` and the offer, or `silent`. A tab is written `⇥`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Buffer, Kind, Prompt, Snippet
from orchestra_lsp.syntax.language import detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.local.decode import Budget
from orchestra_lsp.tools.local.engine import LocalEngine, Offer

LANGUAGES = ("python", "javascript", "go", "rust", "c")


@dataclass(frozen=True)
class Case:
    title: str
    options: frozenset[str]
    text: str
    others: tuple[tuple[str, str], ...]
    wanted: str


def cases() -> Iterator[Case]:
    text = Path(__file__).with_name("offers.txt").read_text(encoding="utf-8").replace("⇥", "\t")
    for block in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition("\n")
        title, *options = [part.strip(" ]") for part in head.split("[")]
        given, _, wanted = body.partition("\n---\n")
        main, *others = re.split(r"\n=== (.*)\n", given)
        yield Case(title, frozenset(options), main, tuple(zip(others[::2], others[1::2], strict=True)), wanted.rstrip("\n"))


def opened(path: str, language: str, text: str) -> Buffer:
    return open_buffer(f"file:///code/{path}", f"/code/{path}", 1, language, text)


def check(case: Case) -> None:
    language = next((option for option in case.options if option in LANGUAGES), "python")
    text = case.text.replace("\n", "\r\n") if "crlf" in case.options else case.text
    before, mark, after = text.partition("‸")
    assert mark, "no cursor"
    others = [opened(path, detect("", path, b""), other) for path, other in case.others]
    offer = LocalEngine().offer(opened("main", language, before + after), len(before.encode()), others, "several" in case.options)
    assert (offer.text or "silent") == case.wanted
    assert 0.3 <= offer.confidence <= 1 or not offer.text


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.title)
def test_offer(case: Case) -> None:
    check(case)


def offered(text: str, minimum: float = 0.3, language: str = "python") -> Offer:
    before, _, after = text.partition("‸")
    return LocalEngine().offer(opened("main", language, before + after), len(before.encode()), (), False, minimum)


REPEATED = "self.first = compute(first)\nself.other = other\n" * 4


def test_the_minimum_is_kept() -> None:
    text = REPEATED + "self.first = comp‸"
    sure = offered(text)
    assert sure.text == "ute(first)"
    assert offered(text, minimum=sure.confidence + 0.01).text in ("", *[sure.text[:end] for end in range(len(sure.text))])


def test_the_likeliest_line_is_not_always_that_of_the_likeliest_word() -> None:
    """After `x = ` more lines go on with `first`, but each of them differently."""
    spread = "".join(f"x = first.{name}({name})\n" for name in ("red", "green", "blue", "brown", "black"))
    text = spread + "x = second.close()\n" * 4 + "x = ‸"
    assert offered(text, minimum=0.0).text == "second.close()"


def test_the_confidence_is_that_of_the_line_as_it_ends() -> None:
    """Half of the lines go on where this one would end."""
    text = "save(path)\nload(path)\n" * 6 + "save(path).then(done)\nload(path)\n" * 6 + "sa‸"
    until_it_ends, line = offered(text, minimum=0.9), offered(text, minimum=0.1)
    assert until_it_ends.text == "ve(path)"
    assert not until_it_ends.ended
    assert line.text.startswith("ve(path)")
    assert line.ended
    assert line.confidence < 0.8 < until_it_ends.confidence


def test_in_a_string_it_must_be_surer() -> None:
    text = 'open("first.txt")\nopen("second.txt")\nopen("third.txt")\nopen("fi‸'
    assert offered(text).confidence >= 0.6 or not offered(text).text


def test_a_long_line_is_left_alone() -> None:
    assert offered("x" * 20 + "\n" + "a, " * 400 + "‸").text == ""


def test_an_unfinished_offer_says_so() -> None:
    text = "".join(f"result = compute(first{number})\n" for number in range(8)) + "result = com‸"
    offer = offered(text)
    assert offer.text == "pute"
    assert not offer.ended
    assert offered(REPEATED + "self.first = comp‸").ended


async def test_asked_as_a_tool_it_answers_in_one_piece() -> None:
    prompt = Prompt(Kind.COMPLETE, "python", "file:///a.py", "a.py", REPEATED + "self.first = comp", "", "\n", multiline=False)
    pieces = [piece async for piece in LocalEngine().ask(prompt, time.monotonic() + 5)]
    assert [(piece.text, piece.finish) for piece in pieces] == [("ute(first)", "stop")]
    assert pieces[0].confidence


async def test_snippets_in_another_language_are_not() -> None:
    snippet = Snippet("b.go", "result = connect(host, port)\n" * 5)
    prompt = Prompt(Kind.COMPLETE, "python", "file:///a.py", "a.py", "result = connect(h", "", "", snippets=(snippet,))
    with pytest.raises(ToolError, match="no confident offer"):
        async for _ in LocalEngine().ask(prompt, time.monotonic() + 5):
            pass


async def test_snippets_of_a_prompt_are_looked_at() -> None:
    snippet = Snippet("b.py", "result = connect(host, port)\n" * 5)
    prompt = Prompt(Kind.COMPLETE, "python", "file:///a.py", "a.py", "result = connect(h", "", "", snippets=(snippet,))
    assert [piece.text async for piece in LocalEngine().ask(prompt, time.monotonic() + 5)] == ["ost, port)"]


@pytest.mark.parametrize(
    ("kind", "prefix", "seconds"), [(Kind.COMPLETE, "x", 5), (Kind.EXPLAIN, REPEATED, 5), (Kind.COMPLETE, REPEATED, -1)]
)
async def test_what_it_cannot_answer_it_refuses(kind: Kind, prefix: str, seconds: float) -> None:
    prompt = Prompt(kind, "python", "file:///a.py", "a.py", prefix, "", "")
    with pytest.raises(ToolError) as caught:
        async for _ in LocalEngine().ask(prompt, time.monotonic() + seconds):
            pass
    assert caught.value.tool == "local"
    assert not caught.value.retryable


def test_what_was_kept_from_the_keystroke_before_changes_nothing() -> None:
    engine, line = LocalEngine(), "self.first = compute(first)"
    for above in (REPEATED, REPEATED + "self.other = other\n"):
        for end in range(1, len(line)):
            buffer = opened("main", "python", above + line[:end])
            assert engine.offer(buffer, len(buffer.data)) == LocalEngine().offer(buffer, len(buffer.data))


def test_by_hand_the_best_guess_is_given() -> None:
    buffer = opened("main", "python", REPEATED + "self.third = ")
    assert not LocalEngine().offer(buffer, len(buffer.data), (), False, 0.9).text
    assert LocalEngine().offer(buffer, len(buffer.data), (), False, None).text


def test_what_opens_a_block_need_not_parse() -> None:
    text = "if (first) {\n  run();\n}\n" * 4 + "if (fi"
    buffer = opened("main", "javascript", text)
    offer = LocalEngine().offer(buffer, len(text))
    assert offer.text == "rst) {"
    assert not offer.ended


def test_a_budget_is_work_and_not_waiting() -> None:
    budget = Budget(0.02)
    time.sleep(0.05)
    assert not budget.is_spent()
    begun = time.thread_time()
    while time.thread_time() - begun < 0.015:
        pass
    assert budget.is_spent()


def test_many_threads_get_what_one_gets() -> None:
    engine = LocalEngine()
    buffer = opened("main", "python", REPEATED * 20 + "self.first = comp")
    asked = [len(buffer.data) - back for back in range(20)] * 10
    alone = [engine.offer(buffer, offset).text for offset in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda offset: engine.offer(buffer, offset).text, asked)) == alone


words = st.sampled_from(
    [
        "foo",
        "bar",
        "(",
        ")",
        " ",
        "\n",
        "\n    ",
        "\t",
        '"',
        "'",
        "#",
        "//",
        "=",
        ".",
        "\r\n",
        "é",
        "\U0001f600",
        "\ud800",
        "{",
        "}",
        "self",
    ]
)


@settings(max_examples=150, deadline=None)  # the first call loads what all others use
@given(
    st.lists(words, max_size=80),
    st.lists(words, max_size=20),
    st.sampled_from(["python", "go", "rust", "text", "unheard-of"]),
    st.booleans(),
)
def test_any_text_at_any_place(before: list[str], after: list[str], language: str, multiline: bool) -> None:
    """No exception; an offer is on one line unless more were asked, ends without blanks, and is never a whole new thing."""
    left = "".join(before).encode("utf-8", "surrogatepass")
    buffer = opened("main", language, left + "".join(after).encode("utf-8", "surrogatepass"))
    offer = LocalEngine().offer(buffer, len(left), (), multiline)
    assert offer.text == offer.text.rstrip()
    assert len(offer.text.strip()) >= 2 or not offer.text
    assert multiline or "\n" not in offer.text
    assert 0 <= offer.confidence <= 1
