"""Open documents stay in step with the editor whatever it sends, large ones parsed beside the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types as t

from orchestra_lsp.config import ServerSettings
from orchestra_lsp.model import Buffer
from orchestra_lsp.server import convert
from orchestra_lsp.server.documents import Documents
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import Encoding

URI = "file:///code/a.py"
SMALL = ServerSettings()
LARGE = ServerSettings(parse_inline_bytes=0)  # everything counts as large


@pytest.fixture
def documents() -> Iterator[Documents]:
    made = Documents()
    yield made
    made.shut_down()


def item(text: str, uri: str = URI, language: str = "python") -> t.TextDocumentItem:
    return t.TextDocumentItem(uri=uri, language_id=language, version=1, text=text)


def tree_of(buffer: Buffer) -> str:
    assert buffer.tree is not None
    return str(buffer.tree.root_node)


def same(buffer: Buffer) -> None:
    fresh = open_buffer(buffer.uri, buffer.path, buffer.version, buffer.language, buffer.data)
    assert buffer.line_starts == fresh.line_starts
    assert tree_of(buffer) == tree_of(fresh)


text = st.text(alphabet="ab(:=\n\r\t '\"#\u00e9\u4e2d\U0001f600", max_size=30)
place = st.tuples(st.integers(0, 8), st.integers(0, 12))


@given(
    begin=text,
    steps=st.lists(st.lists(st.tuples(place, place, text), min_size=1, max_size=3), max_size=6),
    encoding=st.sampled_from(list(Encoding)),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_edits_leave_what_a_fresh_parse_would(
    begin: str, steps: list[list[tuple[tuple[int, int], tuple[int, int], str]]], encoding: Encoding
) -> None:
    documents = Documents()
    documents.open(item(begin), SMALL)
    for version, step in enumerate(steps, start=2):
        events = [t.TextDocumentContentChangePartial(t.Range(t.Position(*one), t.Position(*other)), new) for one, other, new in step]
        documents.change(URI, version, [convert.change_of(event) for event in events], encoding, SMALL)
    document = documents.find(URI)
    assert document is not None
    assert document.parsed
    same(document.buffer)
    documents.shut_down()


async def test_large_documents_are_parsed_in_a_worker(documents: Documents) -> None:
    documents.open(item("x = 1\n"), LARGE)
    opened = documents.find(URI)
    assert opened is not None
    assert not opened.parsed
    buffer = await documents.settled(URI)
    assert buffer is not None
    same(buffer)


async def test_the_newest_version_wins_over_a_slow_parse(documents: Documents) -> None:
    documents.open(item("x = 1\n" * 60_000), LARGE)
    waiting = asyncio.ensure_future(documents.settled(URI))
    for version in range(2, 8):
        await asyncio.sleep(0.002)
        documents.change(
            URI, version, [convert.change_of(t.TextDocumentContentChangeWholeDocument(f"y = {version}\n" * 50))], Encoding.UTF8, LARGE
        )
    early, late = await waiting, await documents.settled(URI)
    assert early is not None
    assert late is not None
    same(early)
    same(late)
    assert late.version == 7


async def test_text_is_in_step_before_the_tree_is(documents: Documents) -> None:
    documents.open(item("x = 1\n"), LARGE)
    await documents.settled(URI)
    event = t.TextDocumentContentChangePartial(t.Range(t.Position(0, 0), t.Position(0, 1)), "name")
    documents.change(URI, 2, [convert.change_of(event)], Encoding.UTF16, LARGE)
    buffer = documents.buffer(URI)
    assert buffer is not None
    assert buffer.data == b"name = 1\n"
    settled = await documents.settled(URI)
    assert settled is not None
    same(settled)


async def test_closing_during_a_parse_ends_the_wait(documents: Documents) -> None:
    documents.open(item("x = 1\n" * 60_000), LARGE)
    waiting = asyncio.ensure_future(documents.settled(URI))
    await asyncio.sleep(0)
    assert documents.close(URI)
    assert await asyncio.wait_for(waiting, 5) is None


def test_a_snapshot_never_changes(documents: Documents) -> None:
    documents.open(item("x = 1\n"), SMALL)
    before = documents.buffer(URI)
    assert before is not None
    shape = tree_of(before)
    event = t.TextDocumentContentChangePartial(t.Range(t.Position(0, 0), t.Position(0, 0)), "def f(:\n")
    documents.change(URI, 2, [convert.change_of(event)], Encoding.UTF16, SMALL)
    assert (before.data, tree_of(before)) == (b"x = 1\n", shape)


def test_too_large_documents_are_kept_as_text(documents: Documents) -> None:
    document = documents.open(item("x = 1\n" * 400), ServerSettings(max_document_bytes=1000))
    assert document.parsed
    assert document.buffer.tree is None
    assert document.buffer.language == "python"


def test_a_change_of_an_unopened_document_is_a_key_error(documents: Documents) -> None:
    with pytest.raises(KeyError):
        documents.change(URI, 1, [], Encoding.UTF16, SMALL)


def test_what_changed_is_collected_until_it_is_taken(documents: Documents) -> None:
    documents.open(item("a = 1\nb = 2\nc = 3\n"), SMALL)
    first = documents.find(URI)
    assert first is not None
    documents.take(first)
    for version, line in ((2, 0), (3, 2)):
        event = t.TextDocumentContentChangePartial(t.Range(t.Position(line, 0), t.Position(line, 1)), "long_name")
        document = documents.change(URI, version, [convert.change_of(event)], Encoding.UTF16, SMALL)
    buffer, changed = documents.take(document)
    for name in (b"long_name = 1", b"long_name = 3"):
        at = buffer.data.index(name)
        assert any(span.start <= at < span.end for span in changed)
    assert documents.take(document)[1] == ()


def test_the_most_recent_documents_come_first(documents: Documents) -> None:
    for name in "abc":
        documents.open(item("", uri=f"file:///{name}.py"), SMALL)
    documents.change("file:///a.py", 2, [], Encoding.UTF16, SMALL)
    assert [buffer.uri[-4] for buffer in documents.all()] == ["a", "c", "b"]
    assert [buffer.uri[-4] for buffer in documents.neighbours("file:///a.py")] == ["c", "b"]


async def test_measures_are_those_of_the_newest_text(documents: Documents) -> None:
    documents.open(item("def f(): pass\n" * 2000), SMALL)
    waiting = [asyncio.ensure_future(documents.facts(URI))]
    for version in range(2, 6):
        await asyncio.sleep(0.001)
        whole = t.TextDocumentContentChangeWholeDocument("def g(): pass\n" * version)
        documents.change(URI, version, [convert.change_of(whole)], Encoding.UTF8, SMALL)
        waiting.append(asyncio.ensure_future(documents.facts(URI)))
    for found in await asyncio.gather(*waiting):
        assert found is not None
        buffer, facts = found
        assert len(facts.functions) == buffer.data.count(b"def")
    assert len(facts.functions) == 5


async def test_measures_of_a_closed_document_are_none(documents: Documents) -> None:
    documents.open(item("def f(): pass\n"), SMALL)
    documents.close(URI)
    assert await documents.facts(URI) is None
