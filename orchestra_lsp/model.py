"""The words all floors share: frozen values without behaviour, and no type of the Language Server Protocol.

Positions inside a buffer are UTF-8 byte offsets, as in tree-sitter; `syntax/text.py` translates them to lines and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Tree


# --- a buffer and what syntax knows of it ---


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a buffer: UTF-8 byte offsets, `end` exclusive; a cursor is an empty span."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes of `span` by `text`. The edits of one change refer to the same old buffer and never overlap."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """One version of one file. `tree` is shared between readers and therefore never edited in place."""

    uri: str
    path: str  # file system path; empty for a document that was never saved
    version: int
    language: str  # a name from syntax/languages, or "text"
    data: bytes  # UTF-8
    line_starts: Sequence[int]  # byte offset of each line; lines end at \n, \r\n or a lone \r
    tree: Tree | None  # None: no grammar, or not parsed (binary, too large)


class Complexity(StrEnum):
    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """Measures of one function; lines are counted from 0, `end_line` inclusive."""

    name: str
    span: Span
    name_span: Span
    start_line: int
    end_line: int
    cyclomatic: int
    cognitive: int
    nesting: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What syntax knows of one buffer."""

    language: str
    lines: int
    functions: tuple[FunctionFacts, ...]
    complexity: Complexity


@dataclass(frozen=True, slots=True)
class Scope:
    """An enclosing function, class or module part, as context for a tool."""

    kind: str  # "function" | "class" | "module"
    name: str
    span: Span


# --- what a person asks ---


class Kind(StrEnum):
    """What is asked for."""

    COMPLETE = "complete"
    NEXT_EDIT = "next_edit"  # where and what the next edit in this file will be
    EXPLAIN = "explain"
    EDIT = "edit"
    TEST = "test"
    DOCUMENT = "document"
    REVIEW = "review"
    CHANGE = "change"  # over several files, by an agent in a throw-away copy


class Trigger(StrEnum):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """One request. `span` is the cursor (empty) or the selection; `deadline` is in seconds of `time.monotonic()`."""

    id: str
    kind: Kind
    buffer: Buffer
    span: Span
    trigger: Trigger
    deadline: float
    instruction: str = ""
    neighbours: tuple[Buffer, ...] = ()  # other open buffers, most recently used first
    roots: tuple[str, ...] = ()  # workspace folders as file system paths
    refresh: bool = False  # nothing kept or under way may answer: the person wants a new answer
    background: bool = False  # nobody waits for it: prepared in case it is asked
    consensus: int = 0  # so many tools are to answer at once and be compared; 0: one, unless the settings say otherwise
    visible: tuple[tuple[str, Span], ...] = ()  # (uri, span) of what the editor shows, where it tells
    later: bool = False  # the asker hears of a better answer that comes later, and asks again
    kept: bool = False  # only what is kept and the embedded engine may answer: no tool is called


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file that helps to answer. `steady`: it says what names mean, so an answer holds only as long as it does."""

    path: str
    text: str
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a tool is asked, in plain text. Only the embedded engine may see one; `trust.mask` makes what others see."""

    kind: Kind
    language: str
    uri: str
    path: str  # relative to the workspace where possible
    prefix: str
    selection: str
    suffix: str
    instruction: str = ""
    snippets: tuple[Snippet, ...] = ()
    multiline: bool = True
    max_tokens: int = 256


# --- what comes back ---


class Reach(StrEnum):
    """Where the data ends."""

    PROCESS = "process"  # this process
    MACHINE = "machine"  # a loopback endpoint that the user marked local
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a tool can do. `languages` None: any. `context_tokens`: the window it takes, prompt and answer."""

    kinds: frozenset[Kind]
    reach: Reach
    streaming: bool
    context_tokens: int
    languages: frozenset[str] | None = None


class State(StrEnum):
    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"
    SIGNED_OUT = "signed out"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Health:
    """How a tool is, and the one thing to do when it is not ready."""

    state: State
    reason: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and cost (US dollars) of one call; None is unknown, never 0.

    `input_tokens` is the whole prompt; the part of it that was read from the endpoint's cache, and the part that was written
    there, are counted in it and stand beside it.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it streams in. The last piece of a whole answer has `finish` set ("stop", "length")."""

    text: str = ""
    finish: str = ""
    usage: Usage | None = None
    confidence: float | None = None  # calibrated, 0..1; only tools that know it
    span: Span | None = None  # what of the asked prefix + selection + suffix the text replaces; None: the selection
    receipt: str = ""  # the tool's own name for this answer, for `Tool.hear`


@dataclass(frozen=True, slots=True)
class Candidate:
    """One tool of a choice, why it stands there, and with which probability it was put first."""

    tool: str
    reason: str
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tools in which order; `left_out` names every other tool and the reason it cannot serve this request."""

    order: tuple[Candidate, ...]
    left_out: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's whole answer, unmasked."""

    text: str
    tool: str
    latency_ms: float
    usage: Usage = Usage()
    finish: str = "stop"
    confidence: float | None = None
    cached: bool = False
    masked: str = ""  # the text as an outside tool wrote it, with placeholders; empty when the tool saw plain text
    span: Span | None = None  # what of the asked plain prefix + selection + suffix it replaces; None: the selection
    receipt: str = ""  # of the piece it came in, for `Tool.hear`
    skipped: int = 0  # UTF-16 units at the start of the tool's own answer that stand in the file already


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the editor is offered: put `text` in place of `span` (of the asked buffer's version).

    For an explanation `text` is Markdown and `span` is what it explains.
    """

    id: str
    text: str
    span: Span
    tool: str
    reason: str
    latency_ms: float
    confidence: float | None = None
    cached: bool = False
    usage: Usage = Usage()


class Outcome(StrEnum):
    """What became of a suggestion."""

    SHOWN = "shown"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly accepted"
    KEPT = "kept"
    EDITED_AWAY = "edited away"  # accepted, and gone or rewritten soon after
    IMPROVED = "improved"  # accepted, and then there were fewer findings, or tests passed
    WORSENED = "worsened"  # accepted, and then there were new findings, or tests failed
    DISMISSED = "dismissed"


# --- review ---


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    HINT = "hint"


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Category(StrEnum):
    SECURITY = "security"
    PERFORMANCE = "performance"
    QUALITY = "quality"
    STYLE = "style"


class Safety(StrEnum):
    """SAFE keeps behaviour and is part of fix-all; UNSAFE is offered singly with its reason; DISPLAY is only shown."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Fix:
    title: str
    edits: tuple[Edit, ...]
    safety: Safety
    reason: str = ""  # why it is unsafe


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a finding, for instance where tainted data came from."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule's page says about it; `description` is the page's prose in Markdown."""

    id: str
    title: str
    languages: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    category: Category
    cwe: tuple[int, ...]
    tags: tuple[str, ...]
    fixable: bool
    description: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one buffer."""

    rule: str
    message: str
    span: Span
    severity: Severity
    confidence: Confidence
    category: Category
    cwe: tuple[int, ...] = ()
    fix: Fix | None = None
    related: tuple[Related, ...] = ()
    link: str = ""
