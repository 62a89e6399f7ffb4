"""How good the embedded engine's completions are: types through files that were held out of real repositories.

`python tests/bench/run.py completion [--repository FOLDER ...] [--places N]` goes through the real server, over LSP. Without folders
it takes packages of this Python's own library, which are always there. Development: `completion.py FOLDER... --direct` asks the
engine in this process, which is ten times faster and leaves the polish out.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from client import CAPABILITIES, Client, Json
from witten_bell import WittenBell, tokens_of

from orchestra_lsp.model import Buffer
from orchestra_lsp.syntax.language import detect
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.local.files import is_source, read
from orchestra_lsp.tools.local.lexer import is_comment, lex

SEED = 20
#: Held-out files of one repository, and lines in each that are typed for the keystroke and latency figures.
HELD_FILES = 12
TYPED_LINES = 12
LINES = (40, 1500)
LANGUAGES = ("python", "go", "rust", "typescript", "tsx", "javascript")
ALWAYS = ("asyncio", "email", "unittest", "json")
POPUP_WORDS = 5
BARS = "bars: exact .38 or +.03 on Witten-Bell, top-1 .66 or +.05, offered .60/.40, saved 1.4 x"
SETTINGS = "[completion]\nminimum = {minimum}\nremote = false\ncache = false\n"
SERVER = (sys.executable, "-m", "orchestra_lsp.server.door")
INVOKED, AUTOMATIC = 1, 2
ERROR = 1  # of window/showMessage


@dataclass(frozen=True)
class File:
    relative: str
    language: str
    text: str


@dataclass(frozen=True)
class Place:
    """A cursor in a held-out file with nothing below it. `truth`: the rest of its line."""

    file: File
    above: str
    left: str
    truth: str


@dataclass(frozen=True)
class Guess:
    """An answer at a place. `chance`: the confidence; `right`: the whole rest of the line; `first`: the next token."""

    chance: float
    right: bool
    first: bool


@dataclass
class Typing:
    """What typing lines cost: keys without help, with ghost text, with a popup of words; seconds of each answer."""

    plain: int = 0
    ghost: int = 0
    popup: int = 0
    shown: int = 0
    accepted: int = 0
    several: int = 0  # shown of more than one line
    several_right: int = 0
    seconds: list[float] = field(default_factory=list)


# --- repositories ---


def always_there(folder: Path) -> Iterator[Path]:
    """Packages of the standard library, copied: as they stand they lie among everything else."""
    for name in ALWAYS:
        copied = folder / name
        for path in sorted((Path(sysconfig.get_paths()["stdlib"]) / name).rglob("*.py")):
            _write(copied, path.name, path.read_text("utf-8"))
        yield copied


def sources(root: Path) -> list[File]:
    """The files of a repository that the engine would learn."""
    found = []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if is_source(relative) and (source := read(str(path))):
            found.append(File(relative, detect("", relative, b""), source.text.replace("\r\n", "\n")))
    return found


def main_language(files: Sequence[File]) -> str:
    counted: Counter[str] = Counter(dict.fromkeys(LANGUAGES, 0))
    for one in files:
        if one.language in LANGUAGES:
            counted[one.language] += one.text.count("\n")
    return counted.most_common(1)[0][0]


def held_out(files: Sequence[File], chance: random.Random) -> list[File]:
    language = main_language(files)
    fitting = [one for one in files if one.language == language and LINES[0] <= one.text.count("\n") <= LINES[1]]
    return chance.sample(fitting, min(HELD_FILES, max(1, len(fitting) // 4)))


def code_lines(file: File) -> list[int]:
    """Numbers of the lines that are code: no blanks, comments or strings over several lines."""
    buffer = open_buffer("file:///held", file.relative, 1, file.language, file.text)
    lines = file.text.split("\n")
    found = []
    for number, line in enumerate(lines):
        body = line.strip()
        if len(body) < 3 or is_comment(body, file.language) or len(line) > 160:
            continue
        if not _in_long_string(buffer, number, len(line) - len(line.lstrip())):
            found.append(number)
    return found


def _in_long_string(buffer: Buffer, line: int, column: int) -> bool:
    assert buffer.tree
    node = buffer.tree.root_node.descendant_for_point_range((line, column), (line, column + 1))
    while node is not None:
        if ("string" in node.type or "comment" in node.type) and node.start_point.row != node.end_point.row:
            return True
        node = node.parent
    return False


def places(held: Sequence[File], count: int, chance: random.Random, at_tokens: bool) -> list[Place]:
    """Cursors in code lines with something behind them: where a token starts, or at any character."""
    lines = {file: code_lines(file) for file in held}
    found: list[Place] = []
    usable = [file for file in held if lines[file]]
    while len(found) < count and usable:
        file = chance.choice(usable)
        whole = file.text.split("\n")
        number = chance.choice(lines[file])
        line = whole[number].rstrip()
        indent = len(line) - len(line.lstrip())
        column = indent + (chance.choice(_starts(line.strip(), file.language)) if at_tokens else chance.randrange(len(line) - indent))
        above = "".join(one + "\n" for one in whole[:number])
        found.append(Place(file, above, line[:column], line[column:]))
    return found


def _starts(body: str, language: str) -> list[int]:
    """Where the tokens of a line begin."""
    found, at = [], 0
    for token in lex(body, language).tokens:
        at = body.index(token, at)
        found.append(at)
        at += len(token)
    return found


# --- judging ---


def judged(place: Place, text: str, chance: float) -> Guess:
    """An offer of text, compared character by character; of several lines only the first counts."""
    offered = text.split("\n", 1)[0].rstrip()
    wanted, given = (lex(place.left + rest, place.file.language).tokens for rest in (place.truth, offered))
    at = _next_token(place)
    first = len(given) > at < len(wanted) and given[at] == wanted[at] and given[:at] == wanted[:at]
    return Guess(chance if offered else 0.0, offered == place.truth, bool(offered) and first)


def witten_bell(place: Place, model: WittenBell) -> Guess:
    wanted = lex(place.left + place.truth, place.file.language).tokens
    at = _next_token(place)
    typed = lex(place.left, place.file.language).tokens
    start = typed[at] if len(typed) > at else ""
    above = tokens_of(place.above + place.left, place.file.language)
    if not place.left.strip():  # the line's indentation is given
        above = tokens_of(place.above + place.left + "x", place.file.language)[:-1]
    elif start:
        above.pop()
    tokens, chance = model.rest_of_line(above, start)
    return Guess(chance, tuple(tokens) == wanted[at:], bool(tokens) and tokens[0] == wanted[at])


def _next_token(place: Place) -> int:
    """The number of the token at or around the cursor."""
    typed = lex(place.left, place.file.language).tokens
    inside = bool(typed) and not place.left[-1].isspace() and (typed[-1][-1].isalnum() or typed[-1][-1] == "_")
    # The first two of three quotes are two tokens on their own.
    return min(len(typed) - inside, len(lex(place.left + place.truth, place.file.language).tokens) - 1)


def offered_at(guesses: Sequence[Guess], precision: float) -> float:
    """The largest share of places that can be answered, surest first, with so much of it right."""
    best, right = 0, 0
    for number, guess in enumerate(sorted(guesses, key=lambda one: -one.chance), 1):
        if not guess.chance:
            break
        right += guess.right
        if right / number >= precision:
            best = number
    return best / max(1, len(guesses))


def row(name: str, tokens: Sequence[Guess], guesses: Sequence[Guess]) -> list[float]:
    figures = [sum(one.first for one in tokens) / max(1, len(tokens)), sum(one.right for one in guesses) / max(1, len(guesses))]
    figures += [offered_at(guesses, 0.6), offered_at(guesses, 0.8)]
    print(f"  {name:14} top-1 {figures[0]:.3f}   rest of line {figures[1]:.3f}   offered {figures[2]:.2f} / {figures[3]:.2f}")
    return figures


# --- through the server ---


class Editor:
    """A server with one folder open, and one document in it that is replaced as needed."""

    def __init__(self, folder: Path, minimum: float) -> None:
        (folder / "none.toml").write_text(SETTINGS.format(minimum=minimum), encoding="utf-8")
        self.client = Client(SERVER, folder)
        self.client.initialize(CAPABILITIES | {"window": {"workDoneProgress": True}})
        self.client.wait_for(_has_learned, 240)
        self._folder = folder
        self._versions: Counter[str] = Counter()

    def show(self, file: File, text: str) -> None:
        """Open a file with this text, or put this text into it."""
        uri = (self._folder / file.relative).as_uri()
        self._versions[uri] += 1
        document: Json = {"uri": uri, "version": self._versions[uri]}
        if self._versions[uri] == 1:
            self.client.notify("textDocument/didOpen", {"textDocument": {**document, "languageId": file.language, "text": text}})
        else:
            self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def type(self, file: File, line: int, column: int, text: str) -> None:
        path = self._folder / file.relative
        self._versions[path.as_uri()] += 1
        self.client.change(path, self._versions[path.as_uri()], (line, column), (line, column), text)

    def ask(self, file: File, line: int, column: int, kind: int) -> tuple[float, str, float]:
        """Seconds, the text offered and its confidence."""
        params = {"textDocument": {"uri": (self._folder / file.relative).as_uri()}, "position": {"line": line, "character": column}}
        seconds, result = self.client.request("textDocument/inlineCompletion", params | {"context": {"triggerKind": kind}})
        items = (result or {}).get("items") or []
        if not items:
            return seconds, "", 0.0
        item = items[0]
        kept = column - item["range"]["start"]["character"]
        told = (item.get("command") or {}).get("arguments") or [{}]
        return seconds, item["insertText"][kept:], told[0].get("confidence") or 0.0


def _has_learned(message: Json) -> bool:
    """What is learned in a moment is told in the status alone; what takes longer is shown as progress, which ends.

    Raises RuntimeError when the server says that it cannot.
    """
    if message.get("method") == "window/showMessage" and message["params"]["type"] == ERROR:
        raise RuntimeError(message["params"]["message"])
    if message.get("method") == "$/progress":
        return bool(message["params"]["value"]["kind"] == "end")
    return message.get("method") == "orchestra/status" and "learned" in json.dumps(message)


def through_server(folder: Path, asked: Sequence[Place]) -> list[Guess]:
    editor = Editor(folder, 0.0)
    with editor.client:
        guesses = []
        for place in asked:
            editor.show(place.file, place.above + place.left)
            _, text, chance = editor.ask(place.file, place.above.count("\n"), len(place.left), INVOKED)
            guesses.append(judged(place, text, chance))
        return guesses


def typed_through(folder: Path, held: Sequence[File], words: Counter[str], chance: random.Random) -> tuple[Typing, float]:
    """Type lines of each held-out file at default settings; gives what it cost and the server's memory in MB."""
    typing = Typing()
    editor = Editor(folder, 0.4)
    with editor.client:
        for file in held:
            lines = file.text.split("\n")
            code = code_lines(file)
            for number in sorted(chance.sample(code, min(TYPED_LINES, len(code)))):
                _type_line(editor, file, lines, number, typing)
                typing.popup += _popup_keys(lines, number, words)
        return typing, editor.client.rss_mb()


def _type_line(editor: Editor, file: File, lines: Sequence[str], number: int, typing: Typing) -> None:
    """Indentation is free, and an offer is taken with one key when all of it is right."""
    line = lines[number].rstrip()
    column = len(line) - len(line.lstrip())
    typing.plain += len(line) - column
    editor.show(file, "".join(one + "\n" for one in lines[:number]) + line[:column])
    while column < len(line):
        seconds, text, _ = editor.ask(file, number, column, AUTOMATIC)
        typing.seconds.append(seconds)
        first = text.split("\n", 1)[0]
        taken = bool(text) and "\n".join([line, *lines[number + 1 :]])[column:].startswith(text) and len(first) > 1
        typing.shown += bool(text)
        typing.accepted += taken
        typing.several += first != text
        typing.several_right += taken and first != text
        step = len(first) if taken else 1
        editor.type(file, number, column, line[column : column + step])
        column += step
        typing.ghost += 1


def _popup_keys(lines: Sequence[str], number: int, words: Counter[str]) -> int:
    """Keys for a line with a popup of POPUP_WORDS words of buffer and workspace; the word of rank k costs k + 1 keys."""
    recent = {word: at for at, word in enumerate(_words("\n".join(lines[:number])))}
    body = lines[number].strip()
    keys = column = 0
    while column < len(body):
        keys, column = keys + 1, column + 1
        word = _word_around(body, column)
        start = word[1] if word else ""
        if not word or not start or len(start) >= len(word[0]):
            continue
        known = [one for one in recent if one.startswith(start) and len(one) > len(start)]
        shown = sorted(known, key=lambda one: -recent[one])[:POPUP_WORDS]
        if len(shown) < POPUP_WORDS:
            shown += [one for one, _ in words.most_common() if one.startswith(start) and one not in recent][: POPUP_WORDS - len(shown)]
        if word[0] in shown and shown.index(word[0]) + 1 < len(word[0]) - len(start):
            keys += shown.index(word[0]) + 1
            column += len(word[0]) - len(start)
    return keys


def _words(text: str) -> list[str]:
    return [token for line in text.split("\n") for token in lex(line, "text").tokens if len(token) > 2 and token.isidentifier()]


def _word_around(body: str, column: int) -> tuple[str, str] | None:
    """The word that the cursor stands in or behind, and its part before the cursor."""
    start = column
    while start and (body[start - 1].isalnum() or body[start - 1] == "_"):
        start -= 1
    end = column
    while end < len(body) and (body[end].isalnum() or body[end] == "_"):
        end += 1
    return (body[start:end], body[start:column]) if start < column else None


# --- the index alone ---


def index_cost(folder: Path) -> tuple[float, float]:
    """CPU seconds and the megabytes of the finished index."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    job = json.dumps({"roots": [str(folder)], "max_files": 100_000, "max_bytes": 1_000_000_000, "only": None}).encode() + b"\n"
    with subprocess.Popen(
        [sys.executable, "-m", "orchestra_lsp.tools.local.indexer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(job)
        process.stdin.flush()
        said: Json = {}
        while line := process.stdout.readline():
            said = json.loads(line)
            if "size" in said:
                break
        process.stdout.read(int(said.get("size", 0)))
        process.stdin.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said.get("size", 0) / 1e6


# --- one repository ---


def _write(root: Path, relative: str, text: str) -> None:
    path = root / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def in_this_process(folder: Path, asked: Sequence[Place]) -> list[Guess]:
    """The engine alone, without the server around it."""
    from orchestra_lsp.config import IndexSettings
    from orchestra_lsp.tools.local.engine import LocalEngine

    engine = LocalEngine()
    engine.learn_workspace([str(folder)], IndexSettings(max_files=100_000, max_bytes=1_000_000_000))
    while engine.progress.state not in ("ready", "failed"):
        time.sleep(0.02)
    guesses = []
    for place in asked:
        path = str(folder / place.file.relative)
        buffer = open_buffer(Path(path).as_uri(), path, 1, place.file.language, place.above + place.left)
        offer = engine.offer(buffer, len(buffer.data), (), False, None)
        guesses.append(judged(place, offer.text, offer.confidence))
    return guesses


def measured(root: Path, count: int, answering: Callable[[Path, Sequence[Place]], list[Guess]], typing: bool) -> list[list[float]]:
    """Print the figures of one repository; gives the rows of ours and of Witten-Bell."""
    chance = random.Random(SEED)
    files = sources(root)
    held = held_out(files, chance)
    tokens, anywhere = places(held, count, chance, at_tokens=True), places(held, count, chance, at_tokens=False)
    learned = [one for one in files if one not in held]
    lines = sum(one.text.count("\n") for one in learned)
    print(f"{root.name}: {main_language(files)}, {lines} lines learned, {len(held)} files held out, 2 x {count} places")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        for one in learned:
            _write(folder, one.relative, one.text)
        model = WittenBell((one.text, one.language) for one in learned if one.language == main_language(files))
        rows = []
        for name, guesses in (
            ("orchestra", answering(folder, [*tokens, *anywhere])),
            ("Witten-Bell", [witten_bell(place, model) for place in (*tokens, *anywhere)]),
        ):
            rows.append(row(name, guesses[:count], guesses[count:]))
        seconds, size = index_cost(folder)
        per = 1e5 / lines
        print(f"  index          {seconds:.2f} CPU-s, {size:.1f} MB; for 100k lines {seconds * per:.1f} CPU-s, {size * per:.0f} MB")
        if typing:
            words = Counter(word for one in learned for word in set(_words(one.text)))
            rows[0] += _told(*typed_through(folder, held, words, chance))
    return rows


def _told(typing: Typing, memory: float) -> list[float]:
    ghost, popup = 1 - typing.ghost / max(1, typing.plain), 1 - typing.popup / max(1, typing.plain)
    took = sorted(typing.seconds)
    p50, p95 = (took[int(len(took) * share)] * 1e3 for share in (0.5, 0.95))
    print(f"  keystrokes     ghost text {ghost:.1%} saved, popup of words {popup:.1%}: {ghost / max(popup, 1e-9):.2f} x", end="")
    print(f"; {typing.accepted / max(1, typing.shown):.0%} of {typing.shown} offers taken", end="")
    print(f"; {typing.several} of several lines, {typing.several_right} of them right")
    print(f"  answers        p50 {p50:.1f} ms, p95 {p95:.1f} ms of {len(took)}; server {memory:.0f} MB")
    return [ghost / max(popup, 1e-9), p50, p95]


def measure(repositories: Sequence[str], count: int, direct: bool = False) -> None:
    """The whole table; `repositories` are folders, none for packages of the standard library."""
    print(f"completion, seed {SEED}   [{BARS}; p50/p95 8/20 ms; index 6 CPU-s, 80 MB for 100k lines]")
    with tempfile.TemporaryDirectory() as made:
        roots = [Path(one).resolve() for one in repositories] or list(always_there(Path(made)))
        rows = [measured(root, count, in_this_process if direct else through_server, not direct) for root in roots]
    for number, name in enumerate(("orchestra", "Witten-Bell")):
        means = [sum(column) / len(rows) for column in zip(*(one[number] for one in rows), strict=True)]
        print(f"mean {name:12} top-1 {means[0]:.3f}   rest of line {means[1]:.3f}   offered {means[2]:.2f} / {means[3]:.2f}", end="")
        print(f"   saved {means[4]:.2f} x, p50 {means[5]:.1f}, p95 {means[6]:.1f} ms" if len(means) > 4 else "")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("repositories", nargs="*")
    parser.add_argument("--places", type=int, default=200)
    parser.add_argument("--direct", action="store_true", help="ask the engine in this process")
    given = parser.parse_args()
    measure(given.repositories, given.places, given.direct)


if __name__ == "__main__":
    main()
