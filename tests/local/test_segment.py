"""The index against brute force over the same tokens, and against damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.tools.local.build import Builder
from orchestra_lsp.tools.local.document import line_break
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.lexer import lex
from orchestra_lsp.tools.local.segment import DEPTH, NotASegment, Segment

files = st.lists(st.lists(st.sampled_from(["a", "b", "a b", "  a", "c(a)", "", "é"]), max_size=30), min_size=1, max_size=4)


def built(texts: list[list[str]]) -> Segment:
    builder = Builder()
    for number, lines in enumerate(texts):
        builder.add(f"/code/{number}", "\n".join(lines), "python")
    return Segment(builder.finish())


def tokens_of(lines: list[str]) -> list[str]:
    levels = [0]
    found: list[str] = []
    for text in lines:
        line = lex(text, "python")
        if line.indent >= 0:
            found += [line_break(levels, line.indent), *line.tokens]
    return found


@settings(max_examples=60)
@given(files, st.data())
def test_every_context_has_its_continuations(texts: list[list[str]], data: st.DataObject) -> None:
    segment = built(texts)
    streams = [tokens_of(lines) for lines in texts]
    long_enough = [stream for stream in streams if len(stream) > 1]
    if not long_enough:
        return
    stream = data.draw(st.sampled_from(long_enough))
    end = data.draw(st.integers(1, len(stream) - 1))
    context = stream[max(0, end - DEPTH) : end]
    ranges = segment.ranges([segment.number(token, "python") for token in context])
    assert len(ranges) == len(context)
    for length, entries in enumerate(ranges, 1):
        wanted = sorted(one[at] for one in streams for at in range(length, len(one)) if one[at - length : at] == context[-length:])
        assert sorted(map(segment.word, segment.nexts(entries))) == wanted


@given(files)
def test_words_by_their_start(texts: list[list[str]]) -> None:
    segment = built(texts)
    words = {token for lines in texts for token in tokens_of(lines)}
    for start in ("a", "b", "é", "\n", "zz"):
        first, last = segment.starting_with(start, "python")
        assert {segment.word(number) for number in range(first, last)} == {word for word in words if word.startswith(start)}
    assert all(segment.word(segment.number(word, "python")) == word for word in words)
    assert segment.number("never seen", "python") == 0


def test_a_masked_file_is_not_counted() -> None:
    segment = built([["f(first)"], ["f(second)"]])
    entries = segment.ranges([segment.number("f", "python"), segment.number("(", "python")])[-1]
    assert sorted(map(segment.word, segment.nexts(entries))) == ["first", "second"]
    assert list(map(segment.word, segment.nexts(entries, segment.masks(["/code/0"])))) == ["second"]
    assert segment.masks(["/elsewhere"]) == ()


def test_families_share_words_and_others_do_not() -> None:
    builder = Builder()
    builder.add("/code/a.ts", "state = State.Open", "typescript")
    builder.add("/code/b.js", "state = 1", "javascript")
    builder.add("/code/c.vue", "state = 2", "text")
    builder.add("/code/d.py", "state = 4.5", "python")
    builder.add("/code/e.sql", "state = 9", "text")
    segment = Segment(builder.finish())

    def following(kin: str) -> set[str]:
        entries = segment.ranges([segment.number("state", kin), segment.number("=", kin)])[-1]
        return set(map(segment.word, segment.nexts(entries)))

    assert following(family("tsx", "/code/f.tsx")) == {"State", "1", "2"}
    assert following(family("python", "/code/f.py")) == {"4.5"}
    assert following(family("text", "/code/f.SQL")) == {"9"}
    assert segment.number("State", family("python", "")) == 0
    assert [segment.word(number) for number in range(*segment.starting_with("S", "javascript"))] == ["State"]


def test_gaps_are_those_of_the_file() -> None:
    segment = built([["call( first )", "a =  b"]])
    after_bracket = segment.ranges([segment.number("(", "python")])[0]
    assert segment.gap(after_bracket, segment.number("first", "python")) == " "
    assert segment.gap(segment.ranges([segment.number("=", "python")])[0], segment.number("b", "python")) == "  "
    assert segment.gap(after_bracket, segment.number("b", "python")) is None


def test_large_ranges_are_sampled() -> None:
    segment = built([["x y"] * 20_000])
    assert 100 < len(segment.nexts(segment.ranges([segment.number("x", "python")])[0])) < 1000


def test_an_empty_index() -> None:
    segment = Segment(Builder().finish())
    assert segment.ranges([segment.number("x", "python")]) == []
    assert segment.paths == ()


WHOLE = Builder()
WHOLE.add("/code/a", "a b c\nd e f\n", "python")
DATA = WHOLE.finish()


@given(st.integers(0, len(DATA) - 9))
def test_a_cut_index_is_refused(end: int) -> None:
    with pytest.raises(NotASegment):
        Segment(DATA[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        DATA.replace(b"ngram 2", b"ngram 1"),
        DATA.replace(b'"sizes"', b'"seizes'),
        DATA.replace(b'{"sizes": [', b'{"sizes": [-'),
    ],
)
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(NotASegment):
        Segment(data)
