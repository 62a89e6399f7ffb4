"""Secrets out, placeholders in, and back again: the only maker of what a tool outside this process may see."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestra_lsp.model import Kind, Prompt, Snippet
from orchestra_lsp.trust import placeholder
from orchestra_lsp.trust.paths import file_path, refusal
from orchestra_lsp.trust.reach import Loopback
from orchestra_lsp.trust.vault import Vault

if TYPE_CHECKING:
    from orchestra_lsp.trust.secrets import Secret

__all__ = ["MaskedPrompt", "StreamUnmasker", "Unmasked", "Vault", "mask", "mask_text", "unmask", "waive"]

_SEAL = object()
_SALTS = 16
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


def mask(prompt: Prompt, vault: Vault, globs: Sequence[str] = (), personal: Collection[str] = ()) -> MaskedPrompt:
    """Mask every text of a prompt. Snippets of refused files are dropped; if the file itself is refused, nothing of it is kept.

    `globs` are the user's own (`privacy.never_send`), `personal` the classes of personal data to mask as well (`personal.CLASSES`).
    Prefix, selection and suffix are read as the one text they are, so that a secret is found with the cursor in it.
    """
    reason = refusal(prompt.path, globs) or refusal(file_path(prompt.uri), globs)
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
    hidden, kinds = _hide(sources, vault, personal)
    texts = (*hidden[0].cut(), *(one.text for one in hidden[1:4]))
    rest = [one.text for one in hidden[4:]]
    masked_snippets = tuple(Snippet(path, text, one.steady) for path, text, one in zip(rest[::2], rest[1::2], snippets, strict=True))
    return _sealed(prompt, texts, masked_snippets, masked=kinds)


def waive(prompt: Prompt, endpoint: Loopback) -> MaskedPrompt:
    """The prompt in plain text, for an endpoint proven to be on this machine and marked local by the user."""
    if not isinstance(endpoint, Loopback):
        raise TypeError("plain text needs a proven loopback endpoint")
    texts = (prompt.prefix, prompt.selection, prompt.suffix, prompt.instruction, prompt.path, prompt.uri)
    return _sealed(prompt, texts, prompt.snippets)


def mask_text(text: str, uri: str, vault: Vault, personal: Collection[str] = (), known: Mapping[str, str] | None = None) -> str:
    """One text masked, as coming from `uri`; `known` secrets (value -> kind) are hidden too, wherever they stand in it."""
    hidden, _ = _hide([_Source(text, (uri,))], vault, personal, known)
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
        elif not vault.is_literal(mention.text, uri):
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
            return self._release() if "\n" in piece or "\r" in piece else ""
        text = "".join(self._held)
        found = placeholder.MARK.search(text)
        certain = found.start() if found else len(text) - _unfinished(text)
        self._held = [text[certain:]]
        self._holding = found is not None
        self._remember(text[:certain])
        return text[:certain] + (self._release() if self._holding else "")

    def finish(self) -> Unmasked:
        """The rest of the text, and everything that was rejected since the start."""
        rest = self._restore("".join(self._held))
        self._held, self._holding = [], False
        return Unmasked(rest, tuple(self._rejected))

    def _release(self) -> str:
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


# --- making ---


@dataclass(frozen=True, slots=True)
class _Source:
    """One text of a prompt: where it comes from, and where it is cut into fields."""

    text: str
    origins: tuple[str, ...]
    borders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A masked text and its borders."""

    text: str
    borders: tuple[int, ...]

    def cut(self) -> tuple[str, ...]:
        edges = (0, *self.borders, len(self.text))
        return tuple(self.text[start:end] for start, end in pairwise(edges))


@dataclass(frozen=True, slots=True)
class _Hole:
    """A stretch to be replaced; never across a border or a line end."""

    start: int
    end: int
    kind: str


def _sealed(
    prompt: Prompt, texts: Sequence[str], snippets: tuple[Snippet, ...], masked: tuple[str, ...] = (), refused: str = ""
) -> MaskedPrompt:
    prefix, selection, suffix, instruction, path, uri = texts
    return MaskedPrompt(
        kind=prompt.kind,
        language=prompt.language,
        uri=uri,
        path=path,
        prefix=prefix,
        selection=selection,
        suffix=suffix,
        instruction=instruction,
        snippets=snippets,
        multiline=prompt.multiline,
        max_tokens=prompt.max_tokens,
        masked=masked,
        refused=refused,
        seal=_SEAL,
    )


def _hide(
    sources: Sequence[_Source], vault: Vault, personal: Collection[str], known: Mapping[str, str] | None = None
) -> tuple[list[_Hidden], tuple[str, ...]]:
    from orchestra_lsp.trust import repeats

    found = [_locate(source, personal) for source in sources]
    values = dict(known or {})
    values |= {source.text[one.start : one.end]: one.kind for source, ones in zip(sources, found, strict=True) for one in ones}
    if values:
        found = [[*ones, *repeats.find(source.text, values)] for source, ones in zip(sources, found, strict=True)]
    avoid = {shape for source in sources for shape in placeholder.standing(source.text)}
    avoid |= vault.literals(origin for source in sources for origin in source.origins)
    hidden = [_replace(source, _holes(source, ones), avoid, vault) for source, ones in zip(sources, found, strict=True)]
    return hidden, tuple(sorted(set(values.values())))


def _locate(source: _Source, personal: Collection[str]) -> list[Secret]:
    """The secrets of the whole text, and those that only show in one field, because the other side spoils their end."""
    from orchestra_lsp.trust import secrets  # late, as in the other functions here: start-up does not pay for the detector

    text = source.text
    found = list(secrets.find(text))
    for border in source.borders:
        if 0 < border < len(text):
            start, end = _lines_before(text, border), _lines_after(text, border)
            found += (one.moved(start) for one in secrets.find(text[start:border]))
            found += (one.moved(border) for one in secrets.find(text[border:end]))
    if personal:
        from orchestra_lsp.trust.personal import find

        found += find(text, personal)
    return found


def _lines_before(text: str, border: int, most: int = 1000) -> int:
    line = text.rfind("\n", max(0, border - most), border)
    line = text.rfind("\n", max(0, border - most), max(0, line)) if line > 0 else line
    return line + 1 if line >= 0 else max(0, border - most)


def _lines_after(text: str, border: int, most: int = 1000) -> int:
    line = text.find("\n", border, border + most)
    return line if line >= 0 else min(len(text), border + most)


def _holes(source: _Source, found: Iterable[Secret]) -> list[_Hole]:
    """What to replace, in order: overlaps joined, then cut at borders and line ends so that fields and lines stay as they are."""
    from orchestra_lsp.trust.secrets import joined

    holes: list[_Hole] = []
    for one in joined(found):
        inside = [border for border in source.borders if one.start < border < one.end]
        edges = sorted({one.start, *inside, one.end})
        for start, end in pairwise(edges):
            holes += (_Hole(piece.start(), piece.end(), one.kind) for piece in _PIECES.finditer(source.text, start, end))
    return holes


def _replace(source: _Source, holes: Sequence[_Hole], avoid: set[str], vault: Vault) -> _Hidden:
    """Put placeholders into the holes; where the result would read back differently, other ones are taken."""
    for salt in range(_SALTS):
        pieces, position, growth = [], 0, [0]
        for hole in holes:
            token = vault.issue(source.text[hole.start : hole.end], hole.kind, avoid, salt)
            pieces += [source.text[position : hole.start], token]
            growth.append(growth[-1] + len(token) - (hole.end - hole.start))
            position = hole.end
        text = "".join((*pieces, source.text[position:]))
        if salt == _SALTS - 1 or _remember(source, holes, growth, text, vault):
            break
    ends = [hole.end for hole in holes]
    return _Hidden(text, tuple(border + growth[bisect_right(ends, border)] for border in source.borders))


def _remember(source: _Source, holes: Sequence[_Hole], growth: Sequence[int], text: str, vault: Vault) -> bool:
    """Tell the vault what stands where; False if the placeholders in `text` do not read back as the holes they fill."""
    own = {hole.start + grown for hole, grown in zip(holes, growth, strict=False)}
    mentioned = list(placeholder.mentions(text, vault.knows))
    if not own <= {one.start for one in mentioned if one.known}:
        return False
    for origin in source.origins:
        vault.keep(origin, {one.text for one in mentioned if one.start not in own})
        for one in mentioned:
            if one.start in own:
                vault.stood(one.text, origin, placeholder.place(text, one.start, one.end))
    return True


def _unfinished(text: str) -> int:
    """How many characters at the end may be the start of a placeholder's first word."""
    tail = text[-len(placeholder.WORD) + 1 :].lower()
    return next((len(tail) - at for at in range(len(tail)) if placeholder.WORD.startswith(tail[at:])), 0)
