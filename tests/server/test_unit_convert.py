"""Spans, edits and suggestions as the editor takes them, in every encoding."""

from __future__ import annotations

import dataclasses

import pytest
from lsprotocol import types as t

from orchestra_lsp.model import Buffer, Category, Confidence, Edit, Finding, Related, Severity, Span, Suggestion
from orchestra_lsp.server import convert
from orchestra_lsp.server.client import Client, CompletionAbilities, DiagnosticAbilities, WorkspaceAbilities
from orchestra_lsp.server.convert import FileChange
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.syntax.text import Encoding

TEXT = "a = '\U0001f600\u4e2d\u00e9' + here\r\nnext\n"
URI = "file:///code/a.py"


def buffer(text: str = TEXT) -> Buffer:
    return open_buffer(URI, "/code/a.py", 3, "python", text)


def span(text: str, word: str) -> Span:
    start = text.encode().index(word.encode())
    return Span(start, start + len(word.encode()))


@pytest.mark.parametrize(("encoding", "column"), [(Encoding.UTF8, 18), (Encoding.UTF16, 13), (Encoding.UTF32, 12)])
def test_columns_count_what_the_encoding_says(encoding: Encoding, column: int) -> None:
    client = Client(encoding=encoding)
    here = convert.range_of(client, buffer(), span(TEXT, "here"))
    assert here == t.Range(t.Position(0, column), t.Position(0, column + 4))
    assert convert.span_of(client, buffer(), here) == span(TEXT, "here")


def test_a_range_that_runs_backwards_is_turned() -> None:
    backwards = t.Range(t.Position(1, 4), t.Position(1, 0))
    assert convert.span_of(Client(), buffer(), backwards) == span(TEXT, "next")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///code/a%20b.py", "/code/a b.py"),
        ("untitled:Untitled-1", ""),
        ("", ""),
        ("vscode-notebook-cell:/code/a.ipynb#1", ""),
        ("http://example.org/a.py", ""),
    ],
)
def test_only_file_addresses_have_a_path(uri: str, path: str) -> None:
    assert convert.path_of(uri) == path


def test_a_finding_says_only_what_the_editor_understands() -> None:
    finding = Finding(
        rule="unused-import",
        message="never used",
        span=span(TEXT, "here"),
        severity=Severity.HINT,
        confidence=Confidence.HIGH,
        category=Category.QUALITY,
        related=(Related(span(TEXT, "next"), "comes from here"),),
        link="https://example.org/unused-import",
    )
    bare = convert.diagnostic(Client(), buffer(), finding, ("unnecessary",))
    assert (bare.code, bare.source, bare.severity) == ("unused-import", "orchestra", t.DiagnosticSeverity.Hint)
    assert (bare.code_description, bare.related_information, bare.tags, bare.data) == (None, None, None, None)
    able = Client(diagnostic=DiagnosticAbilities(related=True, links=True, data=True, tags=frozenset({1})))
    rich = convert.diagnostic(able, buffer(), finding, ("unnecessary", "deprecated", "other"))
    assert rich.code_description == t.CodeDescription("https://example.org/unused-import")
    assert rich.tags == [t.DiagnosticTag.Unnecessary]
    assert rich.data == {"rule": "unused-import", "version": 3}
    assert rich.related_information is not None
    assert rich.related_information[0].location.range.start.line == 1


def test_edits_keep_the_line_ends_of_the_file() -> None:
    edits = [Edit(Span(0, 0), "import os\n"), Edit(span(TEXT, "next"), "one\r\ntwo\n")]
    assert [edit.new_text for edit in convert.text_edits(Client(), buffer(), edits)] == ["import os\r\n", "one\r\ntwo\r\n"]
    unix = buffer("x\n")
    assert convert.text_edits(Client(), unix, [Edit(Span(0, 0), "y\n")])[0].new_text == "y\n"


VERSIONED = Client(workspace=WorkspaceAbilities(document_changes=True, annotations=True))


def test_edits_name_the_version_where_the_editor_understands_it() -> None:
    file = FileChange(URI, buffer(), (Edit(Span(0, 1), "b"),), 3)
    assert convert.workspace_edit(Client(), [file]).document_changes is None
    edit = convert.workspace_edit(VERSIONED, [file])
    assert edit.changes is None
    assert edit.document_changes is not None
    [change] = edit.document_changes
    assert isinstance(change, t.TextDocumentEdit)
    assert change.text_document.version == 3


def test_a_new_file_is_made_before_it_is_filled_and_everything_is_confirmed() -> None:
    edit = convert.workspace_edit(VERSIONED, [FileChange("file:///code/new.py", None, (Edit(Span(0, 0), "x = 1\n"),))])
    asked = convert.annotated(edit, "Write tests", "openai: it is the only one")
    assert asked.document_changes is not None
    made, filled = asked.document_changes
    assert isinstance(made, t.CreateFile)
    assert isinstance(filled, t.TextDocumentEdit)
    assert all(isinstance(part, t.AnnotatedTextEdit) for part in filled.edits)
    assert asked.change_annotations is not None
    assert asked.change_annotations[made.annotation_id or ""].needs_confirmation


def suggestion(text: str, place: Span) -> Suggestion:
    return Suggestion("id-1", text, place, "local", "sure enough", 1.0, 0.7)


def test_ghost_text_has_an_explicit_range_and_tells_when_it_was_accepted() -> None:
    at = span(TEXT, "here").end
    item = convert.inline_item(Client(), buffer(), suggestion(".x", Span(at, at)))
    assert item is not None
    assert item.range == t.Range(t.Position(0, 17), t.Position(0, 17))
    assert item.command is not None
    assert item.command.command == "orchestra.accepted"
    assert item.command.arguments == [{"id": "id-1", "tool": "local", "confidence": 0.7}]


def test_ghost_text_never_replaces_several_lines() -> None:
    assert convert.inline_item(Client(), buffer(), suggestion("x", Span(0, span(TEXT, "next").end))) is None


def check_entry(text: str, offered: str, label: str, new_text: str, client: Client | None = None) -> t.CompletionItem:
    """`text` has the cursor at its end."""
    here = buffer(text)
    end = len(here.data)
    item = convert.completion_item(client or Client(), here, suggestion(offered, Span(end, end)), offered)
    assert item is not None
    assert isinstance(item.text_edit, t.TextEdit)
    assert (item.label, item.text_edit.new_text) == (label, new_text)
    assert item.filter_text == new_text.lstrip()
    return item


def test_an_entry_starts_at_the_word_that_is_being_typed() -> None:
    item = check_entry("x = os.pa", "th.join(a)", "path.join(a)", "path.join(a)")
    assert isinstance(item.text_edit, t.TextEdit)
    assert item.text_edit.range == t.Range(t.Position(0, 7), t.Position(0, 9))
    assert item.detail == "orchestra: local"


def test_an_entry_of_several_lines_says_so() -> None:
    check_entry("if a:\n    ", "b()\n    c()", "b() \u2026", "b()\n    c()")


def test_a_long_entry_is_cut_in_the_popup_only() -> None:
    check_entry("", "x" * 200, "x" * 80 + " \u2026", "x" * 200)


def test_details_stand_beside_the_label_where_the_editor_shows_them() -> None:
    client = dataclasses.replace(Client(), completion=CompletionAbilities(label_details=True))
    item = check_entry("", "pass", "pass", "pass", client)
    assert item.detail is None
    assert item.label_details == t.CompletionItemLabelDetails(description="orchestra: local")


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title\n\nUse **this** and `that`", "Title\n\nUse this and that"),
        ("see [the page](https://example.org)", "see the page"),
        ("```python\nx = 1\n```", "x = 1"),
    ],
)
def test_plain_text_has_no_marks(markdown: str, plain: str) -> None:
    assert convert.plain(markdown) == plain


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert convert.fence("text", "```\nx\n```") == "````\n```\nx\n```\n````"
