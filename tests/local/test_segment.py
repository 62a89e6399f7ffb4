"""The index against brute force over the same tokens, and against damage."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.tools.local.build import Builder
from orchestra_lsp.tools.local.document import Document, Encoder, line_break
from orchestra_lsp.tools.local.family import family
from orchestra_lsp.tools.local.lexer import lex
from orchestra_lsp.tools.local.segment import DEPTH, NotASegment, Segment
from orchestra_lsp.tools.local.skips import KINDS
from orchestra_lsp.tools.local.stream import Stream

files = st.lists(st.lists(st.sampled_from(["a", "b", "a b", "  a", "c(a)", "", "é"]), max_size=30), min_size=1, max_size=4)


def built(texts: list[list[str]]) -> Segment:
    builder = Builder()
    for number, lines in enumerate(texts):
        builder.add(f"/code/{number}", "\n".join(lines), "python")
    return Segment(builder.finish())


def following(segment: Segment, entries: tuple[int, int]) -> list[str]:
    return [segment.word(number) for number in segment.tokens[segment.sampled(entries, 10_000)].tolist()]


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
        assert sorted(following(segment, entries)) == wanted


@given(files)
def test_words_by_their_start(texts: list[list[str]]) -> None:
    segment = built(texts)
    words = {token for lines in texts for token in tokens_of(lines)}
    for start in ("a", "b", "é", "\n", "zz"):
        first, last = segment.starting_with(start, "python")
        assert {segment.word(number) for number in range(first, last)} == {word for word in words if word.startswith(start)}
    assert all(segment.word(segment.number(word, "python")) == word for word in words)
    assert segment.number("never seen", "python") == 0


def test_a_position_has_its_file() -> None:
    segment = built([["f(first)"], ["f(second)"]])
    entries = segment.ranges([segment.number("f", "python"), segment.number("(", "python")])[-1]
    assert sorted(following(segment, entries)) == ["first", "second"]
    assert sorted(segment.files_of(segment.sampled(entries, 10)).tolist()) == [0, 1]
    assert segment.numbers(["/code/1", "/elsewhere"]) == [1]


def test_families_share_words_and_others_do_not() -> None:
    builder = Builder()
    builder.add("/code/a.ts", "state = State.Open", "typescript")
    builder.add("/code/b.js", "state = 1", "javascript")
    builder.add("/code/c.vue", "state = 2", "text")
    builder.add("/code/d.py", "state = 4.5", "python")
    builder.add("/code/e.sql", "state = 9", "text")
    segment = Segment(builder.finish())

    def values(kin: str) -> set[str]:
        return set(following(segment, segment.ranges([segment.number("state", kin), segment.number("=", kin)])[-1]))

    assert values(family("tsx", "/code/f.tsx")) == {"State", "1", "2"}
    assert values(family("python", "/code/f.py")) == {"4.5"}
    assert values(family("text", "/code/f.SQL")) == {"9"}
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
    assert 100 < len(segment.sampled(segment.ranges([segment.number("x", "python")])[0], 200)) <= 200


WHOLE = Builder()
WHOLE.add("/code/a", "a b c\nd e f\n", "python")
DATA = WHOLE.finish()
SOME_CODE = "def first(a, b):\n    for one in a:\n        b.append(one)\n    return b\n\n\ndef other(x):\n    return first(x, [1, 2])\n"


def test_skip_contexts_are_found_by_their_hashes() -> None:
    """Every position is among those behind each of its own contexts, and each of these is what the end of an open text gives."""
    builder = Builder()
    builder.add("/code/a.py", SOME_CODE, "python")
    segment, encoder = Segment(builder.finish()), Encoder()
    document = encoder.document(SOME_CODE, "python")
    stream = Stream(document, encoder)
    missed = []
    for end in range(30, len(document.tokens)):  # where the lines before are all in this file
        part = Stream(Document(document.tokens[:end], document.gaps[:end], document.calls[:end]), encoder)
        part.call_here(ord(document.calls[end]))
        here = part.contexts_here()
        in_file = stream.after_skips(here)
        for kind, wanted in enumerate(here):
            if wanted:
                assert end in in_file[kind].tolist()
                missed += [KINDS[kind]] * (end + 1 not in segment.after_skip(kind, wanted, 1000).tolist())
    assert missed == []


def test_a_damaged_index_is_noticed() -> None:
    Segment(DATA, check=True)
    with pytest.raises(NotASegment, match="damaged"):
        Segment(DATA[:-20] + b"x" + DATA[-19:], check=True)


def test_an_empty_index() -> None:
    segment = Segment(Builder().finish())
    assert segment.ranges([segment.number("x", "python")]) == []
    assert segment.paths == ()


@given(st.integers(0, len(DATA) - 9))
def test_a_cut_index_is_refused(end: int) -> None:
    with pytest.raises(NotASegment):
        Segment(DATA[:end])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        DATA.replace(b"ngram 4", b"ngram 3"),
        DATA.replace(b'"sizes"', b'"seizes'),
        DATA.replace(b'{"sizes": [', b'{"sizes": [-'),
    ],
)
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(NotASegment):
        Segment(data)
