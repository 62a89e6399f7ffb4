"""Everything that `orchestra try` asks the server about one file, as an editor would, and what came back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestra_lsp.cli.editor import Editor, Json, ServerFailed
from orchestra_lsp.cli.places import Place, places
from orchestra_lsp.model import Buffer, Facts, Span
from orchestra_lsp.syntax.facts import facts_of
from orchestra_lsp.syntax.text import Encoding, position_at

FINDINGS: Final = 6  # for so many the actions are asked for
PLACES: Final = 8
LEARN_S: Final = 20.0  # for the index of the workspace, once for all files
#: How the embedded engine says that it has read the workspace, or cannot; before that it is about to, or has not begun.
LEARNED: Final = ("learned", "answers from open files only: ")
EMBEDDED: Final = "local"
IGNORE: Final = "Ignore "  # how the titles of suppressions begin
AUTOMATIC: Final = 2  # InlineCompletionTriggerKind
INVOKED: Final = 1  # CodeActionTriggerKind

#: What editors call the languages where they have another name for it.
EDITOR_IDS: Final = {"tsx": "typescriptreact", "text": "plaintext"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What was offered at one place; `text` empty: nothing, and `reason` says why."""

    place: Place
    text: str
    tool: str
    confidence: float | None
    reason: str
    ms: float

    @property
    def verdict(self) -> str:
        """Held against what really stands there: "as written", "as written so far", "goes on", "other" or "nothing"."""
        offered, really = self.text.strip(), self.place.really.strip()
        if not offered:
            return "nothing"
        if offered == really:
            return "as written"
        if really.startswith(offered):
            return "as written so far"
        return "goes on" if offered.startswith(really) else "other"


@dataclass(frozen=True, slots=True)
class Found:
    """One diagnostic, with the titles of the quick fixes for it."""

    diagnostic: Json
    fixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One file as an editor would show it; `first_ms` from opening it to its diagnostics."""

    path: str
    buffer: Buffer
    facts: Facts
    first_ms: float
    found: tuple[Found, ...]
    actions: tuple[tuple[str, str], ...]  # title, and why it is disabled
    page: str  # the beginning of what hovering over the first finding shows
    lenses: tuple[str, ...]
    offers: tuple[Offer, ...]
    learned: str  # what the embedded engine had read by then, in its own words


async def wait_until_learned(editor: Editor, until: float) -> str:
    """The embedded engine reads the workspace in the background; what it offers is worth more when it has.

    Waits until then, in seconds of `time.monotonic()`, at the longest, and gives what the engine says it has learned.
    """
    while True:
        status = await editor.request("workspace/executeCommand", {"command": "orchestra.status", "arguments": [{"show": False}]})
        told = next((str(tool["reason"]) for tool in status["value"] if tool["tool"] == EMBEDDED), "")
        if not told or told.startswith(LEARNED) or time.monotonic() >= until:
            return told
        await asyncio.sleep(0.1)


async def rehearse(editor: Editor, path: str, buffer: Buffer, until: float) -> Seen:
    """`until`: as of `wait_until_learned`. Raises ServerFailed."""
    facts = facts_of(buffer)
    document = _Document(editor, buffer)
    start = time.perf_counter()
    document.open()
    diagnostics = await editor.wait_for_diagnostics(buffer.uri, document.version)
    first_ms = (time.perf_counter() - start) * 1e3
    found, actions = await _actions(document, diagnostics, facts)
    page = await document.hover(diagnostics[0]["range"]["start"]) if diagnostics else ""
    learned = await wait_until_learned(editor, until)
    lenses = await document.ask("textDocument/codeLens") or []
    offers = [await _offer(document, place) for place in places(buffer, facts, PLACES)]
    document.close()
    titles = tuple(lens["command"]["title"] for lens in lenses if lens.get("command"))
    return Seen(path, buffer, facts, first_ms, found, actions, page, titles, tuple(offers), learned)


class _Document:
    """One open document of the editor."""

    def __init__(self, editor: Editor, buffer: Buffer) -> None:
        self.editor = editor
        self.buffer = buffer
        self.version = 1

    def open(self) -> None:
        language = EDITOR_IDS.get(self.buffer.language, self.buffer.language)
        text = self.buffer.data.decode("utf-8", "replace")
        item = {"uri": self.buffer.uri, "languageId": language, "version": self.version, "text": text}
        self.editor.notify("textDocument/didOpen", {"textDocument": item})

    def close(self) -> None:
        self.editor.notify("textDocument/didClose", {"textDocument": {"uri": self.buffer.uri}})

    async def ask(self, method: str, **more: object) -> Any:
        return await self.editor.request(method, {"textDocument": {"uri": self.buffer.uri}, **more})

    async def hover(self, position: Json) -> str:
        answer = await self.ask("textDocument/hover", position=position)
        return str(answer["contents"]["value"]) if answer else ""

    def replace(self, place: Json, text: str) -> None:
        self.version += 1
        document = {"uri": self.buffer.uri, "version": self.version}
        self.editor.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": place, "text": text}]})

    def range_of(self, span: Span) -> Json:
        return {"start": self._position(span.start), "end": self._position(span.end)}

    def _position(self, offset: int) -> Json:
        line, character = position_at(self.buffer, offset, Encoding.UTF16)
        return {"line": line, "character": character}


async def _actions(document: _Document, diagnostics: Sequence[Json], facts: Facts) -> tuple[tuple[Found, ...], tuple[tuple[str, str], ...]]:
    """Quick fixes by finding, and what else is offered, each title once."""
    found: list[Found] = []
    others: dict[str, str] = {}
    for number, diagnostic in enumerate(diagnostics):
        offered = await _actions_at(document, diagnostic["range"], [diagnostic]) if number < FINDINGS else []
        fixes = [action["title"] for action in offered if action.get("kind") == "quickfix"]
        found.append(Found(diagnostic, tuple(title for title in fixes if not title.startswith(IGNORE))))
        others |= _others(offered)
    if facts.functions:
        # As from an editor's menu "Refactor": only there what cannot be done is shown too, with the reason.
        others |= _others(await _actions_at(document, document.range_of(facts.functions[0].span), [], ("refactor",)))
    return tuple(found), tuple(others.items())


async def _actions_at(document: _Document, place: Json, diagnostics: Sequence[Json], only: Sequence[str] = ()) -> list[Json]:
    context = {"diagnostics": diagnostics, "triggerKind": INVOKED, **({"only": only} if only else {})}
    return await document.ask("textDocument/codeAction", range=place, context=context) or []


def _others(offered: Sequence[Json]) -> dict[str, str]:
    return {action["title"]: (action.get("disabled") or {}).get("reason", "") for action in offered if action.get("kind", "") != "quickfix"}


async def _offer(document: _Document, place: Place) -> Offer:
    """Take away the rest of the line, ask as while typing, and put it back."""
    whole = document.range_of(place.rest)
    cursor = whole["start"]
    document.replace(whole, "")
    start = time.perf_counter()
    answer = await document.ask("textDocument/inlineCompletion", position=cursor, context={"triggerKind": AUTOMATIC})
    ms = (time.perf_counter() - start) * 1e3
    offer = await _explained(document, place, _items(answer, cursor["character"]), ms)
    document.replace({"start": cursor, "end": cursor}, place.really)
    return offer


def _items(answer: Any, character: int) -> list[Json]:
    """The items, their texts from the cursor on: one may replace what was typed of a word as well."""
    items = answer["items"] if isinstance(answer, dict) else answer or []
    return [{**item, "insertText": item["insertText"][max(0, character - _begin(item, character)) :]} for item in items]


def _begin(item: Json, character: int) -> int:
    place = item.get("range")
    return int(place["start"]["character"]) if place else character


async def _explained(document: _Document, place: Place, items: Sequence[Json], ms: float) -> Offer:
    credit = items[0]["command"]["arguments"][0] if items and items[0].get("command") else {}
    why = await _why(document.editor, credit.get("id", ""))
    text = str(items[0]["insertText"]) if items else ""
    reason = str(why.get("reason", "")) if text else str(why.get("dropped") or why.get("reason", ""))
    return Offer(place, text, str(credit.get("tool", "")), credit.get("confidence"), reason, ms)


async def _why(editor: Editor, suggestion: str) -> Json:
    """What was decided for this suggestion, or last of all when nothing was suggested."""
    argument = {"show": False, **({"id": suggestion} if suggestion else {})}
    try:
        answer = await editor.request("workspace/executeCommand", {"command": "orchestra.why", "arguments": [argument]})
    except ServerFailed as error:
        return {"reason": f"(not told: {error})"}
    decisions = answer.get("value") or [{}]
    return dict(decisions[0])
