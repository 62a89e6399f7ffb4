"""A text as two parallel strings, one character for each token and one for each gap, so that matching a context is `str.rfind`."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestra_lsp.tools.local.lexer import BREAKS, DEEPER, NOTHING, SAME, SHALLOWER, class_of, lex
from orchestra_lsp.tools.local.skips import call_keys, hash_of

#: A text is encoded in blocks of about this many characters, so that a new line costs one block and not the whole file.
_BLOCK = 4000
#: Blocks kept in encoded form; each costs about twice its own size.
_MAX_BLOCKS = 1500
#: Lines kept in encoded form, about 10 MB: a keystroke changes one line, so all others are found here.
_MAX_LINES = 20_000
#: Words known to one process; a day of typing stays far below it. One character has room for 1.1 million.
_MAX_WORDS = 600_000


@dataclass(frozen=True, slots=True)
class Document:
    """An encoded text. `calls`: the call around each token; `levels`: indentation of the blocks of code open at its end, outermost
    first; `blank`: empty lines there."""

    tokens: str
    gaps: str
    calls: str = ""
    levels: tuple[int, ...] = (0,)
    blank: int = 0


NO_DOCUMENT = Document("", "")


@dataclass(frozen=True, slots=True)
class EncodedLine:
    """Tokens and gaps of one line; `indent` as in `lexer.Line`."""

    indent: int
    tokens: str
    gaps: str
    calls: str


class Encoder:
    """Gives every token text one character and encodes texts, remembering the last ones. Not thread-safe."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.hashes = array("I")
        self.classes = bytearray()
        self._characters: dict[str, str] = {}
        self._lines: dict[tuple[str, str], EncodedLine] = {}
        self._blocks: OrderedDict[tuple[object, ...], Document] = OrderedDict()
        for text in (NOTHING, *BREAKS):
            self.character(text)

    @property
    def full(self) -> bool:
        """Whether it has seen so many words that it should be replaced by a new one."""
        return len(self._texts) > _MAX_WORDS

    def character(self, text: str) -> str:
        """The character for a token, a new one when it was never seen."""
        found = self._characters.get(text)
        if found is None:
            found = self._characters[text] = chr(len(self._texts))
            self._texts.append(text)
            self.hashes.append(hash_of(text))
            self.classes.append(class_of(text))
        return found

    def known(self, text: str) -> str:
        """The character for a token, or the one for NOTHING, which matches nowhere."""
        return self._characters.get(text, NOTHING)

    def text(self, character: str) -> str:
        return self._texts[ord(character)]

    def texts(self, counts: Mapping[str, int]) -> dict[str, int]:
        """Counts of characters as counts of token texts, without the one for NOTHING."""
        known = self._texts
        return {known[ord(character)]: count for character, count in counts.items() if character != NOTHING}

    def document(self, text: str, language: str) -> Document:
        """Encode a text of whole lines."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        done: list[Document] = []
        before = NO_DOCUMENT
        for block in _blocks(text):
            before = self._block(block, language, before)
            done.append(before)
        if len(done) == 1:
            return before
        tokens, gaps, calls = ("".join(parts) for parts in zip(*[(one.tokens, one.gaps, one.calls) for one in done], strict=True))
        return Document(tokens, gaps, calls, before.levels, before.blank)

    def line(self, text: str, language: str) -> EncodedLine:
        key = (text, language)
        found = self._lines.get(key)
        if found is None:
            if len(self._lines) >= _MAX_LINES:
                self._lines.clear()
            line = lex(text, language)
            tokens = "".join([self.character(token) for token in line.tokens])
            calls = "".join([self.character(call) if call else NOTHING for call in call_keys(line.tokens)[:-1]])
            found = self._lines[key] = EncodedLine(line.indent, tokens, line.gaps, calls)
        return found

    def _block(self, text: str, language: str, before: Document) -> Document:
        key = (text, language, before.levels, before.blank)
        found = self._blocks.get(key)
        if found is None:
            found = self._blocks[key] = self._encode(text.split("\n"), language, before)
            if len(self._blocks) > _MAX_BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(key)
        return found

    def _encode(self, lines: list[str], language: str, before: Document) -> Document:
        tokens: list[str] = []
        gaps: list[str] = []
        calls: list[str] = []
        levels = list(before.levels)
        blank = before.blank
        for text in lines:
            line = self.line(text, language)
            if line.indent < 0:
                blank += not text or text.isspace()
                continue
            tokens += (self._characters[line_break(levels, line.indent)], line.tokens)
            gaps += (chr(min(blank, 3)), line.gaps)
            calls += (NOTHING, line.calls)
            blank = 0
        return Document("".join(tokens), "".join(gaps), "".join(calls), tuple(levels), min(blank, 3))


def _blocks(text: str) -> Iterator[str]:
    start = 0
    while start <= len(text):
        end = text.find("\n", start + _BLOCK)
        yield text[start:] if end < 0 else text[start:end]
        start = end + 1 if end >= 0 else len(text) + 1


def line_break(levels: list[int], indent: int) -> str:
    """The kind of line break in front of a line indented by `indent`; brings `levels` up to date."""
    if indent > levels[-1]:
        levels.append(indent)
        return DEEPER
    out = 0
    while len(levels) > 1 and levels[-1] > indent:
        levels.pop()
        out += 1
    if out and levels[-1] < indent:
        levels.append(indent)  # between two levels: the nearer one counts as still open
        out -= 1
    return SHALLOWER[min(out, len(SHALLOWER)) - 1] if out else SAME


def lines_of(text: str) -> list[str]:
    """Lines of a text, whatever its line ends are."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")
