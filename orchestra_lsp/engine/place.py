"""Where an answer belongs that replaces another stretch than the one that was asked about: from the masked text to the person's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestra_lsp.model import Answer, Ask, Edit, Prompt, Span
from orchestra_lsp.syntax.difference import difference
from orchestra_lsp.syntax.text import decode, encode
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, unmask


@dataclass(frozen=True, slots=True)
class Placed:
    """`edit` of the plain prefix + selection + suffix.

    `skipped`: UTF-16 units at the start of the tool's own answer that stand there already. `rejected`: placeholders that cannot be
    put back; nothing else counts then.
    """

    edit: Edit
    skipped: int = 0
    rejected: tuple[str, ...] = ()


def place(prompt: Prompt, masked: MaskedPrompt, answer: Edit, vault: Vault | None) -> Placed:
    """The smallest edit of the plain text that does what `answer` does to the masked one.

    `vault` None: the tool saw plain text. Raises ValueError for a span that does not lie in the masked text.
    """
    before, span = encode(masked.prefix + masked.selection + masked.suffix), answer.span
    if not 0 <= span.start <= span.end <= len(before):
        raise ValueError("the answer's span lies outside of the text that was asked about")
    after = before[: span.start] + encode(answer.text) + before[span.end :]
    restored = unmask(decode(after), prompt.uri, vault) if vault else None
    if restored and restored.rejected:
        return Placed(answer, rejected=restored.rejected)
    old, new = encode(prompt.prefix + prompt.selection + prompt.suffix), encode(restored.text) if restored else after
    begins = difference(before, after, len(encode(masked.prefix))).span.start
    skipped = decode(encode(answer.text)[: max(0, begins - span.start)])
    return Placed(difference(old, new, len(encode(prompt.prefix))), len(skipped.encode("utf-16-le")) // 2)


def in_buffer(ask: Ask, prompt: Prompt, answer: Answer) -> Answer:
    """The same answer with its span in bytes of the asked buffer. Without text where the buffer is not what the prompt says."""
    if answer.span is None:
        return answer
    body, base = encode(prompt.prefix + prompt.selection + prompt.suffix), ask.span.start - len(encode(prompt.prefix))
    if base < 0 or ask.buffer.data[base : base + len(body)] != body:  # bytes that are no text were replaced in the prompt
        return replace(answer, text="", span=None)
    return replace(answer, span=Span(base + answer.span.start, base + answer.span.end))
