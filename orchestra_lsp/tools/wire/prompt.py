"""What a chat model is told: the instructions of `prompts/<kind>.md`, and the files' text set apart as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from orchestra_lsp.model import Kind

if TYPE_CHECKING:
    from orchestra_lsp.trust.mask import MaskedPrompt

#: How a line becomes a comment; other languages get no other files with a suffix completion.
COMMENT = {"python": "# ", **dict.fromkeys(("javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"), "// ")}


@dataclass(frozen=True, slots=True)
class Rendered:
    """From what stays the same for longest to what changes with every key, so that endpoints can reuse what they have read."""

    system: str
    context: str  # other files; empty when there are none
    question: str


def render(prompt: MaskedPrompt) -> Rendered:
    """The text of `prompt` for a chat model."""
    mark = _mark(prompt)
    system = f"{_page(prompt.kind.value)}\n\n{_page('data').replace('DATA', mark)}"
    context = "\n".join(_element(mark, "file", snippet.text, snippet.path) for snippet in prompt.snippets)
    return Rendered(system, context, _question(prompt, mark))


def commented(prompt: MaskedPrompt) -> str:
    """The prefix of a suffix completion: other files and the file's name as comments, then the text before the cursor."""
    sign = COMMENT.get(prompt.language)
    if sign is None or not prompt.snippets:
        return prompt.prefix
    shown = [*(f"{snippet.path}\n{snippet.text}" for snippet in prompt.snippets), prompt.path]
    return "".join(f"{sign}{line}\n" for text in shown for line in text.splitlines()) + prompt.prefix


def _question(prompt: MaskedPrompt, mark: str) -> str:
    parts = [f"Language: {prompt.language}", _element(mark, "before", prompt.prefix, prompt.path)]
    if prompt.kind is not Kind.COMPLETE:
        parts.append(_element(mark, "selection", prompt.selection))
    parts.append(_element(mark, "after", prompt.suffix))
    if prompt.masked:
        parts.append("Some private values stand as made-up names in the text. Copy such a name exactly where you need the value.")
    if prompt.kind is Kind.COMPLETE and not prompt.multiline:
        parts.append("Insert no more than the rest of the line.")
    if prompt.kind not in (Kind.EXPLAIN, Kind.REVIEW):
        parts.append(f"Open and close the block of your answer with {_fence(prompt)}")
    if prompt.instruction:
        parts.append(f"What the person wants: {prompt.instruction}")
    return "\n".join(parts)


def _element(mark: str, name: str, text: str, path: str = "") -> str:
    """Text of a file between tags. Nothing is added inside, so that every blank of it counts."""
    where = f' path="{"".join(sign for sign in path if sign.isprintable() and sign not in "<>")}"' if path else ""
    return f"<{mark}-{name}{where}>{text}</{mark}-{name}>"


def _mark(prompt: MaskedPrompt) -> str:
    """A name for the tags that occurs nowhere in the data, so that no file can close its own."""
    texts = (
        prompt.prefix,
        prompt.selection,
        prompt.suffix,
        prompt.path,
        *(part for one in prompt.snippets for part in (one.path, one.text)),
    )
    mark, number = "data", 0
    while any(f"{mark}-" in text for text in texts):
        number += 1
        mark = f"data{number}"
    return mark


def _fence(prompt: MaskedPrompt) -> str:
    """A fence longer than any in the text that may be repeated."""
    inside = re.findall(r"`{3,}", prompt.selection + prompt.prefix[-2000:] + prompt.suffix[:2000])
    return "`" * (max(map(len, inside), default=2) + 1)


@cache
def _page(name: str) -> str:
    return files("orchestra_lsp.tools.wire").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").strip()
