"""The one place where spans, edits, findings and suggestions become types of the Language Server Protocol, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types as t
from pygls import uris

from orchestra_lsp.model import Buffer, Edit, Finding, Related, Severity, Span, Suggestion
from orchestra_lsp.server.client import Client
from orchestra_lsp.syntax.parse import Change
from orchestra_lsp.syntax.text import decode, line_at, offset_at, position_at, slice_text

SOURCE = "orchestra"
ACCEPTED = "orchestra.accepted"
_Step = t.TextDocumentEdit | t.CreateFile | t.RenameFile | t.DeleteFile
LABEL_LENGTH = 80  # characters of a completion's label; popups cut off more anyway

_SEVERITIES = {
    Severity.ERROR: t.DiagnosticSeverity.Error,
    Severity.WARNING: t.DiagnosticSeverity.Warning,
    Severity.INFO: t.DiagnosticSeverity.Information,
    Severity.HINT: t.DiagnosticSeverity.Hint,
}
_TAGS = {"unnecessary": t.DiagnosticTag.Unnecessary, "deprecated": t.DiagnosticTag.Deprecated}
_WORD = re.compile(rb"[A-Za-z0-9_$\x80-\xff]*\Z")
_LINE_END = re.compile(r"\r\n|\r|\n")


# --- places ---


def position(client: Client, buffer: Buffer, offset: int) -> t.Position:
    line, column = position_at(buffer, offset, client.encoding)
    return t.Position(line, column)


def range_of(client: Client, buffer: Buffer, span: Span) -> t.Range:
    return t.Range(position(client, buffer, span.start), position(client, buffer, span.end))


def offset_of(client: Client, buffer: Buffer, place: t.Position) -> int:
    """The byte offset of an editor's position, clamped into the buffer as the specification says."""
    return offset_at(buffer, place.line, place.character, client.encoding)


def span_of(client: Client, buffer: Buffer, place: t.Range) -> Span:
    """The span of an editor's range; a range that runs backwards counts as the same range forwards."""
    start, end = offset_of(client, buffer, place.start), offset_of(client, buffer, place.end)
    return Span(min(start, end), max(start, end))


def path_of(uri: str) -> str:
    """The file system path of a `file:` address; empty for anything else, such as an untitled document."""
    if not uri.lower().startswith("file:"):
        return ""
    return uris.to_fs_path(uri) or ""


def uri_of(path: str) -> str:
    return Path(path).absolute().as_uri()


def change_of(event: t.TextDocumentContentChangeEvent) -> Change:
    """One event of a didChange; without a range it replaces the whole document."""
    if isinstance(event, t.TextDocumentContentChangePartial):
        start, end = event.range.start, event.range.end
        return Change(start.line, start.character, end.line, end.character, event.text)
    return Change(None, None, None, None, event.text)


# --- findings ---


def diagnostic(client: Client, buffer: Buffer, finding: Finding, tags: Sequence[str] = ()) -> t.Diagnostic:
    """`tags` are those of the finding's rule."""
    able = client.diagnostic
    return t.Diagnostic(
        range=range_of(client, buffer, finding.span),
        message=finding.message,
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        code_description=t.CodeDescription(finding.link) if finding.link and able.links else None,
        source=SOURCE,
        tags=[_TAGS[tag] for tag in tags if tag in _TAGS and _TAGS[tag] in able.tags] or None,
        related_information=[_related(client, buffer, one) for one in finding.related] if able.related and finding.related else None,
        data={"rule": finding.rule, "version": buffer.version} if able.data else None,
    )


def _related(client: Client, buffer: Buffer, related: Related) -> t.DiagnosticRelatedInformation:
    return t.DiagnosticRelatedInformation(t.Location(buffer.uri, range_of(client, buffer, related.span)), related.message)


def configuration_diagnostic(line: int, message: str) -> t.Diagnostic:
    """A problem of a settings file; the whole `line` (from 0) is marked."""
    whole = t.Range(t.Position(line, 0), t.Position(line + 1, 0))
    return t.Diagnostic(whole, message, severity=t.DiagnosticSeverity.Error, code="configuration", source=SOURCE)


# --- edits ---


def text_edits(client: Client, buffer: Buffer, edits: Sequence[Edit]) -> list[t.TextEdit]:
    """Edits as the editor takes them, with the line ends of the file."""
    windows = len(buffer.line_starts) > 1 and buffer.data[: buffer.line_starts[1]].endswith(b"\r\n")
    return [
        t.TextEdit(range_of(client, buffer, edit.span), _LINE_END.sub("\r\n", edit.text) if windows else edit.text)
        for edit in sorted(edits, key=lambda edit: edit.span)
    ]


@dataclass(frozen=True, slots=True)
class FileChange:
    """Edits of one file. `buffer` None: the file is made first. `version` None: the editor has not opened it.

    `moved_to`: the address it gets after its edits. `care`: why the person has to confirm this one in any case.
    """

    uri: str
    buffer: Buffer | None
    edits: tuple[Edit, ...]
    version: int | None = None
    moved_to: str = ""
    deleted: bool = False
    care: str = ""


def workspace_edit(client: Client, files: Sequence[FileChange]) -> t.WorkspaceEdit:
    """Edits of several files, with their versions where the editor understands them."""
    converted = {file.uri: text_edits(client, file.buffer or _empty(file.uri), file.edits) for file in files}
    if not client.workspace.document_changes:
        return t.WorkspaceEdit(changes=converted)
    changes: list[_Step] = []
    for file in files:
        changes += _steps(file, converted[file.uri])
    return t.WorkspaceEdit(document_changes=changes)


def _steps(file: FileChange, edits: Sequence[t.TextEdit]) -> Iterator[_Step]:
    if file.deleted:
        yield t.DeleteFile(file.uri)
        return
    if file.buffer is None:
        # One that has come there meanwhile is somebody else's: the editor then refuses the whole change.
        yield t.CreateFile(file.uri, options=t.CreateFileOptions(overwrite=False, ignore_if_exists=False))
    if edits or not (file.moved_to or file.buffer is None):
        # While it still has its old name, its version says whether somebody has typed meanwhile.
        yield t.TextDocumentEdit(t.OptionalVersionedTextDocumentIdentifier(uri=file.uri, version=file.version), list(edits))
    if file.moved_to:
        yield t.RenameFile(old_uri=file.uri, new_uri=file.moved_to)


def annotated(edit: t.WorkspaceEdit, label: str, description: str, care: Mapping[str, str] | None = None) -> t.WorkspaceEdit:
    """The same edit, every part of it marked as needing the person's confirmation.

    `care`: by address, why a file wants a closer look; such files stand apart.
    """
    marks = {"orchestra": t.ChangeAnnotation(label, needs_confirmation=True, description=description)}
    named: dict[str, str] = {}
    for uri, why in (care or {}).items():
        key = named[uri] = f"orchestra.care.{len(named) + 1}"
        marks[key] = t.ChangeAnnotation(f"{label} - look twice", needs_confirmation=True, description=f"{why} ({description})")
    changes = [_annotated(change, named.get(_address(change), "orchestra")) for change in edit.document_changes or ()]
    return t.WorkspaceEdit(document_changes=changes, change_annotations=marks)


def _address(change: _Step) -> str:
    if isinstance(change, t.TextDocumentEdit):
        return change.text_document.uri
    return change.old_uri if isinstance(change, t.RenameFile) else change.uri


def _annotated(change: _Step, key: str) -> _Step:
    match change:
        case t.TextDocumentEdit():
            parts = [t.AnnotatedTextEdit(key, one.range, one.new_text) for one in change.edits if isinstance(one, t.TextEdit)]
            return t.TextDocumentEdit(change.text_document, parts)
        case t.CreateFile():
            return t.CreateFile(change.uri, options=change.options, annotation_id=key)
        case t.RenameFile():
            return t.RenameFile(old_uri=change.old_uri, new_uri=change.new_uri, options=change.options, annotation_id=key)
        case t.DeleteFile():
            return t.DeleteFile(change.uri, options=change.options, annotation_id=key)


def _empty(uri: str) -> Buffer:
    return Buffer(uri, path_of(uri), 0, "text", b"", (0,), None)


# --- suggestions ---


def accepted_command(suggestion: Suggestion) -> t.Command:
    """What the editor runs when the suggestion is taken, so that its tool is credited."""
    told = {"id": suggestion.id, "tool": suggestion.tool, "confidence": suggestion.confidence}
    return t.Command("Accepted", ACCEPTED, arguments=[told])


def inline_item(client: Client, buffer: Buffer, suggestion: Suggestion) -> t.InlineCompletionItem | None:
    """Ghost text; None when it would replace text over several lines, which no editor can show."""
    place = range_of(client, buffer, suggestion.span)
    if place.start.line != place.end.line:
        return None
    return t.InlineCompletionItem(suggestion.text, range=place, command=accepted_command(suggestion))


def completion_item(client: Client, buffer: Buffer, suggestion: Suggestion, text: str) -> t.CompletionItem | None:
    """One entry of the completion list for `text`, the suggestion or its first line; None where no entry can be made.

    It replaces the word before the cursor as well, so that editors filter it by what has been typed of it.
    """
    start = suggestion.span.start - len(_typed_word(buffer, suggestion.span.start))
    place = range_of(client, buffer, Span(start, suggestion.span.end))
    whole = slice_text(buffer, Span(start, suggestion.span.start)) + text
    label = next((line.strip() for line in whole.splitlines() if line.strip()), "")
    if place.start.line != place.end.line or not label:
        return None
    several = "\n" in text.strip("\n")
    if len(label) > LABEL_LENGTH or several:
        label = label[:LABEL_LENGTH] + " \u2026"
    origin = f"orchestra: {suggestion.tool}"
    details = client.completion.label_details
    return t.CompletionItem(
        label=label,
        label_details=t.CompletionItemLabelDetails(description=origin) if details else None,
        kind=t.CompletionItemKind.Snippet if several else t.CompletionItemKind.Text,
        detail=None if details else origin,
        sort_text="~",  # after what other servers know for certain
        filter_text=whole.lstrip(),
        insert_text_format=t.InsertTextFormat.PlainText,
        text_edit=t.TextEdit(place, whole),
        command=accepted_command(suggestion),
        data={"id": suggestion.id, "language": buffer.language},
    )


def _typed_word(buffer: Buffer, offset: int) -> bytes:
    found = _WORD.search(buffer.data, max(0, offset - 200), offset)
    return found.group() if found else b""


# --- prose ---


def markup(markdown: bool, text: str) -> t.MarkupContent:
    """Markdown where the editor shows it, otherwise the same text without its marks."""
    return t.MarkupContent(t.MarkupKind.Markdown, text) if markdown else t.MarkupContent(t.MarkupKind.PlainText, plain(text))


def plain(markdown: str) -> str:
    """Markdown as plain text: fences, emphasis marks, back quotes and link targets are left out."""
    kept = [line for line in markdown.splitlines() if not line.lstrip().startswith("```")]
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", "\n".join(kept))
    return re.sub(r"(?m)^#+ |\*\*|`", "", text)


def fence(language: str, text: str) -> str:
    """A block of code in Markdown, with a fence longer than any inside it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language if language != 'text' else ''}\n{text}\n{ticks}"


def line_number(buffer: Buffer, offset: int) -> int:
    """The line of a place as people count, from 1."""
    return line_at(buffer, offset) + 1


def line_text(buffer: Buffer, line: int) -> str:
    """One line, from 0, without its line end."""
    end = buffer.line_starts[line + 1] if line + 1 < len(buffer.line_starts) else len(buffer.data)
    return decode(buffer.data[buffer.line_starts[line] : end]).rstrip("\r\n")
