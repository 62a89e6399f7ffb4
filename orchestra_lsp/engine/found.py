"""What came of one request inside the engine, and how it is told: the suggestion that is shown, or why there is none."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from orchestra_lsp.engine.call import Attempt
from orchestra_lsp.engine.errors import Unanswered
from orchestra_lsp.engine.foresight import Foreseen
from orchestra_lsp.engine.judge import UNJUDGED, Verdict
from orchestra_lsp.engine.kept.disk import Place, Told
from orchestra_lsp.engine.route import Request
from orchestra_lsp.model import Answer, Choice, Complexity, Kind, Span, Suggestion, Usage


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that passed the checks (or None), and how it came about."""

    answer: Answer | None
    span: Span
    reason: str = ""
    choice: Choice = Choice(())
    attempts: tuple[Attempt, ...] = ()
    dropped: str = ""
    complexity: Complexity | None = None  # measured only where the choice depends on it
    verdict: Verdict = UNJUDGED
    tool: str = ""  # whose answer it was, also when it was dropped
    usage: Usage = Usage()  # of that answer, likewise
    took_ms: float = 0.0  # of the call that gave it
    request: Request | None = None  # what the choice was made for; None: there was nothing to choose
    refused: tuple[str, ...] = ()  # whose answers the checks refused on the way
    differences: tuple[str, ...] = ()  # where the answers of several tools differ from this one
    raw: Answer | None = None  # the answer before it was polished, for the cache
    foreseen: Foreseen | None = None  # the embedded engine's own next edit
    disk: Place | Told | None = None  # where such an answer may be kept on disk, or where it came from


def suggestion(found: Found, latency_ms: float) -> Suggestion | None:
    answer = found.answer
    if answer is None:
        return None
    return Suggestion(
        id=uuid.uuid4().hex,
        text=answer.text,
        span=found.span,
        tool=answer.tool,
        reason=found.reason,
        latency_ms=latency_ms,
        confidence=answer.confidence,
        cached=answer.cached,
        usage=answer.usage,
    )


def dropped(found: Found, why: str) -> Found:
    tool = found.answer.tool if found.answer else ""
    return replace(found, answer=None, dropped=f"{tool}'s answer was not shown: {why}")


def unanswered(kind: Kind, found: Found) -> Unanswered:
    """Say what stood in the way, in the order a person would look for it."""
    if found.dropped:
        return Unanswered(f"Nothing could be used: {found.dropped}.", "Try again, or select less code.")
    if failed := [attempt.error for attempt in found.attempts if attempt.error]:
        return Unanswered("; ".join(f"{error.tool}: {error.problem}" for error in failed) + ".", failed[-1].remedy)
    left_out = [f"{one.tool}: {one.reason}" for one in found.choice.left_out]
    if left_out:
        return Unanswered(f"No configured tool may {kind.value} this ({'; '.join(left_out)}).", "See `orchestra doctor`.")
    return Unanswered(
        f"No tool that can {kind.value} is configured.",
        'Add one under [tools.<name>] in your settings (kind = "claude" or "openai"); `orchestra init --user` writes an example.',
    )
