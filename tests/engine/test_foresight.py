"""The embedded engine's own next edits, on marked text: `before`, then one text for each state the person left it in."""

from __future__ import annotations

import pytest

from orchestra_lsp.engine.foresight import Foreseen, Foresight, foresee
from tests.engine.placing import ask


def follow(*texts: str, language: str = "python") -> tuple[Foresight, Foreseen | None]:
    """The last text has the cursor `|`."""
    foresight = Foresight()
    for text in texts:
        foresight.note(ask(text if "|" in text else f"{text}|", language=language).buffer)
    last = ask(texts[-1] if "|" in texts[-1] else f"{texts[-1]}|", language=language)
    return foresight, foresee(last, foresight.changes(last))


def applied(text: str, found: Foreseen) -> str:
    data = text.replace("|", "").encode()
    return (data[: found.span.start] + found.text.encode() + data[found.span.end :]).decode()


def check(texts: tuple[str, ...], wanted: str | None, language: str = "python") -> None:
    found = follow(*texts, language=language)[1]
    assert (applied(texts[-1], found) if found else None) == wanted


LOOP = "def f(items):\n    count = 0\n    for one in items:\n        count += one\n    return count\n\n\ncount = 7\n"


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        # A variable renamed where it is made, key by key; what stands outside of its function keeps its name.
        (
            (LOOP, LOOP.replace("count", "c", 1), LOOP.replace("count", "tot", 1), LOOP.replace("count", "total", 1)),
            LOOP.replace("count", "total", 2),
        ),
        # A parameter.
        (("def f(a, bee):\n    return bee\n", "def f(a, cat):\n    return bee\n"), "def f(a, cat):\n    return cat\n"),
        # A function: its calls follow, a word that only holds its name does not.
        (("def load():\n    pass\n\n\nreload()\nload()\n", "def fetch():\n    pass\n\n\nreload()\nload()\n"),
         "def fetch():\n    pass\n\n\nreload()\nfetch()\n"),
        # In a string it is another thing.
        (("def f(bee):\n    return 'bee'\n", "def f(cat):\n    return 'bee'\n"), None),
        # A use that was changed is no rename.
        (("def f(a, b):\n    g(a)\n    h(a)\n", "def f(a, b):\n    g(b)\n    h(a)\n"), None),
        # The same edit made twice.
        (
            (
                "get(one)\nget(two)\nget(six)\n",
                "get(one, timeout=5)\nget(two)\nget(six)\n",
                "get(one, timeout=5)\nget(two, timeout=5)\nget(six)\n",
            ),
            None,  # nothing but `)` is common to both places: that is too little to know a place by
        ),
        (
            (
                "self.get(a)\nself.get(b)\nself.get(c)\n",
                "self.fetch(a)\nself.get(b)\nself.get(c)\n",
                "self.fetch(a)\nself.fetch(b)\nself.get(c)\n",
            ),
            "self.fetch(a)\nself.fetch(b)\nself.fetch(c)\n",
        ),
        # Made once, it says nothing.
        (("self.get(a)\nself.get(b)\n", "self.fetch(a)\nself.get(b)\n"), None),
        # Nothing changed.
        (("x = 1\n",), None),
    ],
)  # fmt: skip
def test_the_next_edit(texts: tuple[str, ...], wanted: str | None) -> None:
    check(texts, wanted)


def test_in_another_language() -> None:
    was = "function f(bee) {\n  const ant = bee;\n  return ant + bee;\n}\n"
    check((was, was.replace("ant", "cat", 1)), was.replace("ant", "cat"), "javascript")
    check((was, was.replace("bee", "dog", 1)), was.replace("bee", "dog", 2), "javascript")


def test_wide_characters_are_not_cut() -> None:
    was = "def f(größe):\n    return 'ü', größe\n"
    check((was, was.replace("größe", "länge", 1)), was.replace("größe", "länge"))


def test_what_was_dismissed_is_not_offered_at_the_next_place() -> None:
    texts = (LOOP, LOOP.replace("count", "total", 1))
    foresight, found = follow(*texts)
    assert found
    foresight.offered("one", found)
    last = ask(texts[-1] + "|", language="python")
    foresight.dismissed("unknown")
    assert foresee(last, foresight.changes(last))
    foresight.dismissed("one")
    assert foresee(last, foresight.changes(last)) is None
