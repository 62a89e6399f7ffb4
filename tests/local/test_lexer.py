"""Tokens, gaps and line breaks; a line put together again is the line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.local.document import Encoder, line_break
from orchestra_lsp.tools.local.lexer import BREAKS, DEEPER, NOTHING, SAME, SHALLOWER, lex, spaces


@pytest.mark.parametrize(
    ("language", "line", "tokens"),
    [
        ("python", "    return self.x**2 != 0x1F", "return self . x ** 2 != 0x1F"),
        ("python", 'f"a{b:>3}"', 'f " a { b : > 3 } "'),
        ("go", "x, ok := <-ch", "x , ok := <- ch"),
        ("rust", "let v: Vec<&'a str> = a..=b;", "let v : Vec < & ' a str > = a ..= b ;"),
        ("javascript", "a ??= b?.c ?? (d => d === 1.5e3)", "a ?? = b ?. c ?? ( d => d === 1.5e3 )"),
        ("c", "#include <stdio.h>", "# include < stdio . h >"),
        ("c", "*p = **q;", "* p = ** q ;"),
        ("python", "größe = naïve", "größe = naïve"),
        ("python", "# a comment", ""),
        ("rust", "  /// a comment", ""),
        ("javascript", "   * of a block", ""),
        ("go", "// a comment", ""),
        ("text", "# a heading", "# a heading"),
        ("python", "   \t ", ""),
    ],
)
def test_tokens(language: str, line: str, tokens: str) -> None:
    assert " ".join(lex(line, language).tokens) == tokens


def test_only_the_start_of_a_long_line_is_read() -> None:
    assert len(lex("a, " * 10_000, "python").tokens) < 300


@given(st.text(alphabet="ab1_ .()=+-<>é\U0001f600\"'", max_size=60))
def test_put_together_again(line: str) -> None:
    found = lex(line, "text")
    assert "".join(spaces(gap) + token for gap, token in zip(found.gaps, found.tokens, strict=True)) == " ".join([line.strip()])


@pytest.mark.parametrize(
    ("indents", "kinds"),
    [
        ([0, 4, 4, 8, 0], [SAME, DEEPER, SAME, DEEPER, SHALLOWER[1]]),
        ([4, 8, 4], [DEEPER, DEEPER, SHALLOWER[0]]),
        ([0, 8, 4, 0], [SAME, DEEPER, SAME, SHALLOWER[0]]),
        ([0, 1, 2, 3, 4, 5, 0], [SAME, DEEPER, DEEPER, DEEPER, DEEPER, DEEPER, SHALLOWER[2]]),
    ],
)
def test_line_breaks(indents: list[int], kinds: list[str]) -> None:
    levels = [0]
    assert [line_break(levels, indent) for indent in indents] == kinds


lines = st.lists(
    st.sampled_from(["", "  ", "a = b", "    a = b", "        call(x, y)", "# comment", "x" * 300, "    é()", "\tz"]), max_size=400
)


@given(lines, st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_text_in_blocks_is_the_text_line_by_line(texts: list[str], end: str) -> None:
    """Encoding by cached blocks gives what a plain pass over all lines gives, also when the cache is warm."""
    encoder = Encoder()
    levels = [0]
    wanted: list[str] = []
    for text in texts:
        line = lex(text, "python")
        if line.indent >= 0:
            wanted += [line_break(levels, line.indent), *line.tokens]
    for _ in range(2):
        document = encoder.document(end.join(texts), "python")
        assert [encoder.text(character) for character in document.tokens] == wanted
        assert len(document.gaps) == len(document.tokens)
        assert list(document.levels) == levels


def test_words_never_seen_match_nothing() -> None:
    encoder = Encoder()
    assert encoder.known("never") == NOTHING
    assert encoder.text(encoder.character("once")) == "once"
    assert len({encoder.character(kind) for kind in BREAKS}) == len(BREAKS)
