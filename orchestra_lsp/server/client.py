"""What the connected editor can do, read once from its `initialize` parameters and asked everywhere else."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types as t

from orchestra_lsp.syntax.text import Encoding


@dataclass(frozen=True, slots=True)
class WorkspaceAbilities:
    """Requests the editor answers; the defaults are those of the barest client the specification allows."""

    refreshes_lenses: bool = False
    configuration: bool = False
    registers_configuration: bool = False
    registers_watchers: bool = False
    progress: bool = False
    shows_documents: bool = False
    applies_edits: bool = False
    document_changes: bool = False  # edits may name the version they were made for
    creates_files: bool = False
    renames_files: bool = False
    deletes_files: bool = False
    annotations: bool = False  # edits may ask the person to confirm them


@dataclass(frozen=True, slots=True)
class ActionAbilities:
    literals: bool = False  # takes CodeAction objects, not only commands
    resolves_edits: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class CompletionAbilities:
    markdown: bool = False
    resolves_documentation: bool = True
    label_details: bool = False
    inline: bool = False
    hears_ready: bool = False  # asks again on `orchestra/inlineCompletionReady`


@dataclass(frozen=True, slots=True)
class DiagnosticAbilities:
    pulled: bool = False  # the editor asks for the diagnostics of open documents itself
    related: bool = False
    links: bool = False
    data: bool = False
    tags: frozenset[object] = frozenset()


@dataclass(frozen=True, slots=True)
class Client:
    """An editor's abilities; `encoding` is what its columns count."""

    encoding: Encoding = Encoding.UTF16
    workspace: WorkspaceAbilities = WorkspaceAbilities()
    action: ActionAbilities = ActionAbilities()
    completion: CompletionAbilities = CompletionAbilities()
    diagnostic: DiagnosticAbilities = DiagnosticAbilities()
    markdown_hover: bool = False
    status: bool = True


def read_client(params: t.InitializeParams, encoding: Encoding, pulled: bool) -> Client:
    """`encoding` and `pulled` (diagnostics of open documents) are what the answer to `initialize` announced."""
    able = params.capabilities
    return Client(
        encoding=encoding,
        workspace=_workspace(able),
        action=_action(able),
        completion=_completion(able),
        diagnostic=_diagnostic(able, pulled),
        markdown_hover=_has_markdown(_at(able, "text_document.hover.content_format")),
        # `orchestra/status` goes to everyone but those who say `experimental.orchestra.status = false`.
        status=_at(able.experimental, "orchestra.status") is not False,
    )


def _workspace(able: t.ClientCapabilities) -> WorkspaceAbilities:
    operations = _listed(_at(able, "workspace.workspace_edit.resource_operations"))
    return WorkspaceAbilities(
        refreshes_lenses=bool(_at(able, "workspace.code_lens.refresh_support")),
        configuration=bool(_at(able, "workspace.configuration")),
        registers_configuration=bool(_at(able, "workspace.did_change_configuration.dynamic_registration")),
        registers_watchers=bool(_at(able, "workspace.did_change_watched_files.dynamic_registration")),
        progress=bool(_at(able, "window.work_done_progress")),
        shows_documents=bool(_at(able, "window.show_document.support")),
        applies_edits=bool(_at(able, "workspace.apply_edit")),
        document_changes=bool(_at(able, "workspace.workspace_edit.document_changes")),
        creates_files=t.ResourceOperationKind.Create in operations,
        renames_files=t.ResourceOperationKind.Rename in operations,
        deletes_files=t.ResourceOperationKind.Delete in operations,
        annotations=_at(able, "workspace.workspace_edit.change_annotation_support") is not None,
    )


def _action(able: t.ClientCapabilities) -> ActionAbilities:
    action = _at(able, "text_document.code_action")
    return ActionAbilities(
        literals=_at(action, "code_action_literal_support") is not None,
        resolves_edits=bool(_at(action, "data_support")) and "edit" in _listed(_at(action, "resolve_support.properties")),
        disabled=bool(_at(action, "disabled_support")),
    )


def _completion(able: t.ClientCapabilities) -> CompletionAbilities:
    item = _at(able, "text_document.completion.completion_item")
    # Documentation may be resolved late even by editors that do not list what they resolve: the specification's default.
    resolved = _listed(_at(item, "resolve_support.properties")) or ("documentation",)
    return CompletionAbilities(
        markdown=_has_markdown(_at(item, "documentation_format")),
        resolves_documentation="documentation" in resolved,
        label_details=bool(_at(item, "label_details_support")),
        inline=_at(able, "text_document.inline_completion") is not None,
        hears_ready=_at(able.experimental, "orchestra.inlineCompletionReady") is True,
    )


def _diagnostic(able: t.ClientCapabilities, pulled: bool) -> DiagnosticAbilities:
    # Pulling editors were seen to describe only the pushed channel, so that one counts for both.
    names = ("publish_diagnostics", "diagnostic") if pulled else ("publish_diagnostics",)
    channels = [channel for name in names if (channel := _at(able, f"text_document.{name}")) is not None]
    return DiagnosticAbilities(
        pulled=pulled,
        related=any(_at(channel, "related_information") for channel in channels),
        links=any(_at(channel, "code_description_support") for channel in channels),
        data=any(_at(channel, "data_support") for channel in channels),
        tags=frozenset(tag for channel in channels for tag in _listed(_at(channel, "tag_support.value_set"))),
    )


def _has_markdown(formats: object) -> bool:
    return t.MarkupKind.Markdown in _listed(formats)


def _listed(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _at(value: object, path: str) -> object:
    """The value under a dotted path of attributes or keys; None where a step is missing."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value
