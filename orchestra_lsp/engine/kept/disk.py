"""Answers over restarts: what outside tools wrote, with every secret as a numbered placeholder that only the same text can fill again.

A placeholder means nothing to another process, so those of a prompt are numbered in the order they stand there (`kind#1`), in the
key as well as in the answer. On the way back the numbers become the placeholders of the prompt at hand; an answer with a number
that this prompt has not is a miss, and so is one that cannot be unmasked.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from orchestra_lsp.engine.kept.keys import digest
from orchestra_lsp.engine.kept.memory import FREE
from orchestra_lsp.model import Answer, Kind
from orchestra_lsp.store.reader import Reader
from orchestra_lsp.store.records import AnswerRecord, DismissedRecord
from orchestra_lsp.store.store import Store
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, unmask
from orchestra_lsp.trust.placeholder import MARK, SHAPE, mentions

log = logging.getLogger("orchestra")

#: Part of every key: raise it when prompts or masking change, so that no answer to an older prompt is used.
POLICY = 1
BUDGET_S = 0.01  # for one look: a disk that is slower than this is slower than some tools
TEXT_BYTES = 50_000  # of one answer

_OPEN, _CLOSE = "\x02", "\x03"  # around a numbered placeholder on disk; an answer that holds them itself is not kept
_NUMBERED = re.compile(f"{_OPEN}([a-z0-9_]+#[0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who may have made an answer: `name` in the settings, the adapter that speaks to it, and its model."""

    name: str
    adapter: str
    model: str


@dataclass(frozen=True, slots=True)
class Place:
    """One prompt as the disk knows it: a digest, and which placeholder is which number."""

    digest: bytes
    kind: Kind
    uri: str = ""
    numbers: dict[str, str] = field(default_factory=dict)  # placeholder -> kind#n

    def key(self, maker: Maker) -> bytes:
        return digest((self.digest, maker.adapter.encode(), maker.model.encode()))


@dataclass(frozen=True, slots=True)
class Told:
    """An answer from disk and where it is kept, for `Disk.dismiss`."""

    answer: Answer
    key: bytes
    text_digest: bytes


class Disk:
    """The persistent level, on one store. `find` never blocks the loop, `put` and `dismiss` only queue."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._reader = Reader(store.path)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="orchestra-kept")
        self._busy = False
        self._told = False

    def place(self, prompt: MaskedPrompt, uri: str) -> Place:
        """The key of a prompt for the file `uri`. Its steady snippets belong to it; the others change with every file that is open."""
        steady = [text for one in prompt.snippets if one.steady for text in (one.path, one.text)]
        texts = [prompt.prefix, prompt.selection, prompt.suffix, prompt.instruction, prompt.path, *steady]
        numbers = _numbers(texts, self._vault)
        policy = (str(POLICY), prompt.kind.value, prompt.language, str(prompt.multiline))
        parts = [*policy, *(_numbered(text, numbers) for text in texts)]
        return Place(digest(part.encode("utf-8", "surrogatepass") for part in parts), prompt.kind, uri, numbers)

    async def find(self, place: Place, makers: Sequence[Maker]) -> Told | None:
        """The answer of the first of `makers` that has one here; None too when the disk is slower than BUDGET_S."""
        if self._busy or not makers:  # what is still reading hangs: a second look would hang behind it
            return None
        self._busy = True
        start = time.perf_counter()
        keys = [place.key(maker) for maker in makers]
        reading = asyncio.get_running_loop().run_in_executor(self._worker, self._read, keys)
        reading.add_done_callback(self._read_ended)
        try:
            async with asyncio.timeout(BUDGET_S):
                rows = await asyncio.shield(reading)
        except TimeoutError:
            log.debug("kept answers: the disk took longer than %d ms", BUDGET_S * 1e3)
            return None
        for key, maker in zip(keys, makers, strict=True):
            if (row := rows.get(key)) and (text := self._restored(row[0], place)) is not None:
                answer = Answer(text, maker.name, (time.perf_counter() - start) * 1e3, FREE, row[1], row[2], cached=True)
                return Told(answer, key, text_digest(row[0]))
        return None

    def put(self, place: Place, maker: Maker, answer: Answer) -> tuple[bytes, bytes] | None:
        """Keep what an outside tool wrote; gives its key and digest. None: it cannot be kept without a doubt about secrets."""
        text = bound(answer.masked, place, self._vault)
        if text is None or any(secret in text for secret in self._hidden(place)):
            return None
        key, fixed = place.key(maker), text_digest(text)
        kept = AnswerRecord(key, time.time_ns() // 1000, place.kind.value, maker.name, text, fixed, answer.finish, answer.confidence)
        self._store.put(kept)
        return key, fixed

    def dismiss(self, key: bytes, text_digest: bytes) -> None:
        """This answer never again, in no process, until the tool says something else."""
        self._store.put(DismissedRecord(key, text_digest))

    def close(self) -> None:
        self._worker.submit(self._reader.close)  # behind what is still being read
        self._worker.shutdown(wait=False)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, tuple[str, str, float | None]]:
        marks = ", ".join("?" * len(keys))
        sql = f"SELECT key, text, finish, confidence FROM kept_answer WHERE dismissed = 0 AND key IN ({marks})"
        try:
            return {bytes(key): (text, finish, confidence) for key, text, finish, confidence in self._reader.rows(sql, keys)}
        except sqlite3.Error as error:
            if not self._told:
                self._told = True
                log.warning("kept answers cannot be read (%s); tools are asked instead", error)
            return {}

    def _read_ended(self, reading: asyncio.Future[dict[bytes, tuple[str, str, float | None]]]) -> None:
        self._busy = False
        if not reading.cancelled() and (error := reading.exception()):
            log.warning("kept answers cannot be read: %s", type(error).__name__)

    def _hidden(self, place: Place) -> list[str]:
        """What the placeholders of the prompt stand for."""
        found = (unmask(token, place.uri, self._vault) for token in place.numbers)
        return [one.text for one in found if not one.rejected]

    def _restored(self, text: str, place: Place) -> str | None:
        tokens = {number: token for token, number in place.numbers.items()}
        wanted = set(_NUMBERED.findall(text))
        if not wanted <= tokens.keys():
            return None
        restored = unmask(_NUMBERED.sub(lambda found: tokens[found[1]], text), place.uri, self._vault)
        return None if restored.rejected else restored.text


def bound(masked: str, place: Place, vault: Vault) -> str | None:
    """A masked answer as it may lie on disk; None when a placeholder in it is not one of the prompt's, or something looks secret."""
    if not masked or len(masked) > TEXT_BYTES or _OPEN in masked or _CLOSE in masked:
        return None
    if any(one.text not in place.numbers for one in mentions(masked, vault.knows)):
        return None
    from orchestra_lsp.trust import secrets  # late: start-up does not pay for the detector

    text = _numbered(masked, place.numbers)
    # A tool never saw our secrets, but it may have made up something that nobody should find in a file.
    return text if _is_unicode(text) and next(iter(secrets.find(text)), None) is None else None


def text_digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _is_unicode(text: str) -> bool:
    """Half surrogates cannot be written."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _numbers(texts: Iterable[str], vault: Vault) -> dict[str, str]:
    """Placeholders in the order they stand in the texts, numbered within their kind."""
    numbers: dict[str, str] = {}
    count: Counter[str] = Counter()
    for text in texts:
        for mark in MARK.finditer(text):
            shape = SHAPE.match(text, mark.start())
            if shape and shape.group() not in numbers and vault.knows(shape.group()):
                kind = shape.group()[len("ORCSEC_") : -len("_ABCDE")]
                count[kind] += 1
                numbers[shape.group()] = f"{kind}#{count[kind]}"
    return numbers


def _numbered(text: str, numbers: dict[str, str]) -> str:
    if not numbers:
        return text
    return SHAPE.sub(lambda found: f"{_OPEN}{numbers[found.group()]}{_CLOSE}" if found.group() in numbers else found.group(), text)
