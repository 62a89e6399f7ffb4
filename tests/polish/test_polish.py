"""Every filter on marked text: the files beside this one hold the cases, `<filter>.txt` for one filter and `chain.txt` for all.

A case is `### title`, options (`[python] [one line] [by hand] [edit] [crlf]`),
the text with the cursor `‸` and the answer between `«` and `»`
right in front of it, `---`, and the text as it is in the end with what was inserted between `«` and `»`, or `dropped by <filter>`.
For an edit the selection stands between `⟦` and `⟧` behind the answer. A blank at the end of a line is written `␠`, a tab `⇥`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.polish import chain
from orchestra_lsp.engine.polish.chain import Draft, Polished
from orchestra_lsp.model import Kind, Span
from orchestra_lsp.syntax.parse import open_buffer

HERE = Path(__file__).parent
FILTERS = sorted(file.stem for file in Path(chain.__file__).parent.glob("*.py") if file.stem not in ("__init__", "chain"))
EXTENSIONS = {"python": ".py", "javascript": ".js", "go": ".go", "rust": ".rs", "c": ".c", "markdown": ".md"}


@dataclass(frozen=True)
class Case:
    filter: str
    title: str
    options: frozenset[str]
    given: str
    wanted: str


def cases() -> Iterator[Case]:
    for file in sorted(HERE.glob("*.txt")):
        for block in re.split(r"^### ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, _, body = block.partition("\n")
            before, found, after = body.partition("\n---\n")
            assert found, f"{file.name}: {head}: no line ---"
            title, *options = [part.strip(" ]") for part in head.split("[")]
            yield Case(file.stem, title, frozenset(options), _plain(before), _plain(after.rstrip("\n")))


def _plain(text: str) -> str:
    return text.replace("␠", " ").replace("⇥", "\t")


def draft_of(case: Case) -> Draft:
    text = case.given.replace("\n", "\r\n") if "crlf" in case.options else case.given
    before, _, rest = text.partition("«")
    answer, _, after = rest.partition("»")
    answer = answer.replace("\r\n", "\n")
    selected = ""
    if match := re.match(r"⟦(.*?)⟧", after, re.DOTALL):
        selected, after = match.group(1), after[match.end() :]
    else:
        assert after.startswith("‸"), f"{case.title}: the cursor does not stand behind the answer"
        after = after[1:]
    language = next((option for option in case.options if option in EXTENSIONS), "python")
    path = "/code/code" + EXTENSIONS[language]
    buffer = open_buffer(f"file://{path}", path, 1, "" if language == "markdown" else language, before + selected + after)
    start = len(before.encode())
    kind = Kind.EDIT if "edit" in case.options else Kind.COMPLETE
    span = Span(start, start + len(selected.encode()))
    return Draft(answer, span, buffer, kind, "one line" not in case.options, "by hand" in case.options)


def shown(draft: Draft, polished: Polished) -> str:
    """The result in the form of the fixtures; line ends are shown as they are in the file."""
    if polished.draft is None:
        return f"dropped by {polished.dropped_by}"
    data, span = draft.buffer.data, polished.draft.span
    return data[: span.start].decode() + f"«{polished.draft.text}»" + data[span.end :].decode()


def check(case: Case) -> None:
    draft = draft_of(case)
    if case.filter == "chain":
        polished = chain.run(draft)
    else:
        alone = chain.named(case.filter)(draft)
        polished = Polished(alone, "" if alone else case.filter)
    wanted = case.wanted.replace("\n", "\r\n") if "crlf" in case.options else case.wanted
    assert shown(draft, polished) == wanted


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.filter}: {case.title}")
def test_case(case: Case) -> None:
    check(case)


def test_every_filter_has_its_place_and_its_cases() -> None:
    assert sorted(name for name, _ in chain.ORDER) == FILTERS
    assert {case.filter for case in cases()} >= {*FILTERS, "chain"}


def test_an_endless_answer_is_dropped() -> None:
    buffer = open_buffer("file:///a.py", "/a.py", 1, "python", "x = ")
    assert chain.run(Draft("y" * (chain.MAX_TEXT + 1), Span(4, 4), buffer)).dropped_by == "length"


code = st.text(alphabet="ab1 \t\n()[]{}\"'`:;,=.#<|>", max_size=60)


@given(code, code, code, st.booleans())
def test_the_chain_is_total_and_changes_nothing_it_polished_before(before: str, answer: str, after: str, multiline: bool) -> None:
    """Whatever stands around: no exception, a span within the file, and a second run finds nothing more to do but drop."""
    buffer = open_buffer("file:///a.py", "/a.py", 1, "python", before + after)
    place = len(before.encode())
    first = chain.run(Draft(answer, Span(place, place), buffer, Kind.COMPLETE, multiline)).draft
    if first is None:
        return
    assert place == first.span.start <= first.span.end <= len(buffer.data)
    assert first.text.strip()
    assert multiline or "\n" not in first.text


def test_the_first_filters_are_the_ones_that_unwrap() -> None:
    assert [name for name, _ in chain.ORDER[: chain.WRAPPERS]] == ["fences", "chat", "echo"]
