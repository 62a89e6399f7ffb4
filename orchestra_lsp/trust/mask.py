"""Secrets out, placeholders in, and back again: the only maker of what a tool outside this process may see."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass

from orchestra_lsp.model import Kind, Prompt, Snippet
from orchestra_lsp.trust import placeholder, secrets
from orchestra_lsp.trust.paths import refusal
from orchestra_lsp.trust.reach import Loopback
from orchestra_lsp.trust.vault import Vault

__all__ = ["MaskedPrompt", "StreamUnmasker", "Unmasked", "Vault", "mask", "mask_text", "unmask", "waive"]

_SEAL = object()
_SALTS = 16
_LEAST_REPEATED = 6  # characters; a shorter secret is masked only where it was found
_PIECES = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True)
class MaskedPrompt:
    """A `Prompt` that may leave the process: every text in it is masked. Only `mask` and `waive` make one.

    `masked` names the kinds of secret that were masked. `refused` says why nothing of this file may be sent; all texts are empty then.
    """

    kind: Kind
    language: str
    uri: str
    path: str
    prefix: str
    selection: str
    suffix: str
    instruction: str = ""
    snippets: tuple[Snippet, ...] = ()
    multiline: bool = True
    max_tokens: int = 256
    masked: tuple[str, ...] = ()
    refused: str = ""
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a MaskedPrompt is made by trust.mask alone")


@dataclass(frozen=True, slots=True)
class Unmasked:
    """An answer with its secrets back. `rejected` lists what looked like a placeholder and was left as it is: do not use such an answer."""

    text: str
    rejected: tuple[str, ...] = ()


def mask(prompt: Prompt, vault: Vault, globs: Sequence[str] = ()) -> MaskedPrompt:
    """Mask every text of a prompt. Snippets of refused files are dropped; if the file itself is refused, nothing of it is kept.

    `globs` are the user's own (`privacy.never_send`). Prefix, selection and suffix are read as the one text they are, so that
    a secret is found with the cursor in it.
    """
    reason = refusal(prompt.path, globs) or refusal(prompt.uri, globs)
    if reason:
        return _sealed(prompt, ("", "", "", "", "", ""), (), refused=reason)
    snippets = [snippet for snippet in prompt.snippets if not refusal(snippet.path, globs)]
    body = prompt.prefix + prompt.selection + prompt.suffix
    borders = (len(prompt.prefix), len(prompt.prefix) + len(prompt.selection))
    sources = [
        _Source(body, (prompt.uri,), borders),
        *(_Source(text, (prompt.uri,)) for text in (prompt.instruction, prompt.path, prompt.uri)),
        *(_Source(text, (snippet.path,)) for snippet in snippets for text in (snippet.path, snippet.text)),
    ]
    hidden, kinds = _hide(sources, vault)
    texts = (*hidden[0].cut(), *(one.text for one in hidden[1:4]))
    rest = [one.text for one in hidden[4:]]
    masked_snippets = tuple(Snippet(path, text) for path, text in zip(rest[::2], rest[1::2], strict=True))
    return _sealed(prompt, texts, masked_snippets, masked=kinds)


def waive(prompt: Prompt, endpoint: Loopback) -> MaskedPrompt:
    """The prompt in plain text, for an endpoint proven to be on this machine and marked local by the user."""
    if not isinstance(endpoint, Loopback):
        raise TypeError("plain text needs a proven loopback endpoint")
    texts = (prompt.prefix, prompt.selection, prompt.suffix, prompt.instruction, prompt.path, prompt.uri)
    return _sealed(prompt, texts, prompt.snippets)


def mask_text(text: str, uri: str, vault: Vault) -> str:
    """One text masked, as coming from `uri`."""
    hidden, _ = _hide([_Source(text, (uri,))], vault)
    return hidden[0].text


def unmask(text: str, uri: str, vault: Vault) -> Unmasked:
    """Put back the secrets that came from `uri`.

    A placeholder is left, and reported, if it is unknown, mangled or from another file; if it stands in a URL whose host the
    secret did not stand beside in that file; or on a line with a network command (curl, ssh, ...) that was not on its line there.
    So an answer cannot carry a secret to where it was not going before.
    """
    pieces, rejected, position = [], [], 0
    for mention in placeholder.mentions(text, vault.knows):
        secret = vault.secret(mention.text, uri, placeholder.place(text, mention.start, mention.end)) if mention.known else None
        if secret is not None:
            pieces += [text[position : mention.start], secret]
            position = mention.end
        elif mention.known or not vault.is_literal(mention.text, uri):
            rejected.append(mention.text)
    pieces.append(text[position:])
    return Unmasked("".join(pieces), tuple(dict.fromkeys(rejected)))


class StreamUnmasker:
    """`unmask` for a text that arrives in pieces: all that `feed` and `finish` give, joined, is what `unmask` gives for the whole.

    From a placeholder on, a line is held back until it ends, because what follows decides whether the secret may stand there.
    """

    def __init__(self, vault: Vault, uri: str) -> None:
        self._vault = vault
        self._uri = uri
        self._before = ""  # what of the current line has been given out, in its masked form
        self._held: list[str] = []
        self._holding = False  # a placeholder has begun; else `_held` is at most the start of its first word
        self._rejected: dict[str, None] = {}

    def feed(self, piece: str) -> str:
        """The text that is certain now; often empty, or more than the piece."""
        self._held.append(piece)
        if self._holding:
            return self._release(piece) if "\n" in piece or "\r" in piece else ""
        text = "".join(self._held)
        found = placeholder.MARK.search(text)
        certain = found.start() if found else len(text) - _unfinished(text)
        self._held = [text[certain:]]
        self._holding = found is not None
        self._remember(text[:certain])
        return text[:certain] + (self._release(self._held[0]) if self._holding else "")

    def finish(self) -> Unmasked:
        """The rest of the text, and everything that was rejected since the start."""
        rest = self._restore("".join(self._held))
        self._held, self._holding = [], False
        return Unmasked(rest, tuple(self._rejected))

    def _release(self, newest: str) -> str:
        text = "".join(self._held)
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        if not end:
            self._held = [text]
            return ""
        self._held, self._holding = [], False
        return self._restore(text[:end]) + self.feed(text[end:])

    def _restore(self, text: str) -> str:
        offset = len(self._before)
        restored = unmask(self._before + text, self._uri, self._vault)
        self._rejected.update(dict.fromkeys(restored.rejected))
        self._remember(text)
        return restored.text[offset:]

    def _remember(self, text: str) -> None:
        line = (self._before + text)[-placeholder.LOOK_BACK :]
        self._before = re.split(r"[\r\n]", line)[-1]
