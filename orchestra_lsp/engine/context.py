"""What a tool is told beside the cursor: text around it and pieces of other open files, gathered within a small budget."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import PurePath

from orchestra_lsp.model import Ask, Buffer, Kind, Prompt, Snippet, Span
from orchestra_lsp.syntax import scope, text

log = logging.getLogger("orchestra")

PREFIX_BYTES, SUFFIX_BYTES = 12_000, 4_000  # around the cursor; about 4,000 tokens, three quarters before it
SNIPPET_BYTES = 2_000  # of each neighbour
NEIGHBOURS = 3
BUDGET_S = 0.05  # for all sources together: an optional helper never holds up an answer
ANSWER_TOKENS = {Kind.COMPLETE: 128, Kind.EXPLAIN: 1024, Kind.EDIT: 2048, Kind.TEST: 2048, Kind.DOCUMENT: 2048, Kind.REVIEW: 2048}

Source = Callable[[Ask], tuple[Snippet, ...]]


async def gather(ask: Ask, multiline: bool) -> Prompt:
    """The prompt in plain text. Sources that fail or are late are left out, with a line in the log."""
    snippets = await _all(ask, SOURCES)
    data, span = ask.buffer.data, ask.span
    before = _cut(ask.buffer, Span(max(0, span.start - PREFIX_BYTES), span.start))
    after = _cut(ask.buffer, Span(span.end, min(len(data), span.end + SUFFIX_BYTES)))
    return Prompt(
        kind=ask.kind,
        language=ask.buffer.language,
        uri=ask.buffer.uri,
        path=relative(ask.buffer, ask.roots),
        prefix=before,
        selection=text.slice_text(ask.buffer, span),
        suffix=after,
        instruction=ask.instruction,
        snippets=snippets,
        multiline=multiline,
        max_tokens=ANSWER_TOKENS[ask.kind] if multiline else 48,
    )


def tokens(prompt: Prompt) -> int:
    """About how many tokens the prompt and its answer need: four characters a token, as vendors advise for code."""
    parts = (prompt.prefix, prompt.selection, prompt.suffix, prompt.instruction, *(snippet.text for snippet in prompt.snippets))
    return sum(map(len, parts)) // 4 + prompt.max_tokens


def relative(buffer: Buffer, roots: Sequence[str]) -> str:
    """The path below the workspace, so that no home folder's name is sent."""
    path = PurePath(buffer.path)
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


async def _all(ask: Ask, sources: Sequence[Source]) -> tuple[Snippet, ...]:
    work = {asyncio.ensure_future(asyncio.to_thread(source, ask)): source.__name__ for source in sources}
    done, late = await asyncio.wait(work, timeout=BUDGET_S) if work else (set(), set())
    for task in late:
        task.cancel()
        log.debug("context: %s took longer than %d ms and was left out", work[task], BUDGET_S * 1e3)
    found: list[Snippet] = []
    for task in done:
        if error := task.exception():
            log.warning("context: %s failed and was left out: %s", work[task], type(error).__name__)
        else:
            found += task.result()
    return tuple(found)


def neighbours(ask: Ask) -> tuple[Snippet, ...]:
    """The beginnings (imports, definitions) of the open files that share most names with the text around the cursor."""
    near = Span(max(0, ask.span.start - PREFIX_BYTES), min(len(ask.buffer.data), ask.span.end + SUFFIX_BYTES))
    here = set(scope.identifiers(ask.buffer, near))
    ranked = sorted(
        ((_jaccard(here, set(scope.identifiers(other))), other) for other in ask.neighbours if other.uri != ask.buffer.uri),
        key=lambda pair: pair[0],
        reverse=True,
    )
    return tuple(
        Snippet(relative(other, ask.roots), _cut(other, Span(0, min(len(other.data), SNIPPET_BYTES))))
        for similarity, other in ranked[:NEIGHBOURS]
        if similarity > 0
    )


SOURCES: tuple[Source, ...] = (neighbours,)


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def _cut(buffer: Buffer, span: Span) -> str:
    """The text of `span`, without the half characters its borders may cut."""
    data = buffer.data
    start, end = span.start, span.end
    while start < end and start < len(data) and data[start] & 0xC0 == 0x80:
        start += 1
    while end > start and end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    return text.slice_text(buffer, Span(start, end))
