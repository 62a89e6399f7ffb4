"""Show text as an outside tool would see it: secrets replaced by placeholders."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

from orchestra_lsp.commands.parts.subject import LINES, PATH, SYMBOL, subject_of
from orchestra_lsp.commands.registry import Arguments, Command, Context
from orchestra_lsp.commands.result import Result, Text


async def run(context: Context, arguments: Arguments) -> Result:
    from orchestra_lsp.commands.parts.blocks import masked
    from orchestra_lsp.trust.mask import Vault

    subject = subject_of(context, arguments)
    seen: Counter[str] = Counter()
    source = BytesIO(subject.buffer.data[subject.span.start : subject.span.end])
    text = b"".join(masked(source.read, Vault(), seen, subject.buffer.uri)).decode("utf-8", "replace")
    fence = "`" * 3
    while fence in text:
        fence += "`"
    body = f"{fence}{subject.buffer.language}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"
    return Text(f"{subject.name} as outside tools see it", f"{summary(seen)}\n\n{body}\n")


def summary(seen: Counter[str]) -> str:
    """One line for people: how many secrets of which kinds."""
    if not seen:
        return "No secret was found."
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in seen.most_common())
    return f"{seen.total()} {'secret' if seen.total() == 1 else 'secrets'} masked: {kinds}."


COMMAND = Command(
    name="mask",
    title="Show what outside tools would see",
    summary="Replace secrets by placeholders, from standard input to standard output or in a file.",
    phrases=(
        "mask secrets in {path}",
        "mask {path}",
        "hide the secrets in {path}",
        "redact {path}",
        "censor the passwords in {path}",
        "remove the api keys from {path}",
        "what would be sent of {path}",
        "what do outside tools see of {path}",
    ),
    run=run,
    parameters=(PATH, SYMBOL, LINES),
)
