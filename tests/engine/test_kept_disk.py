"""Answers over restarts: found again by another process, filled with the secrets of the text at hand, and never with a secret on disk."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra_lsp.engine.kept.disk import Disk, Maker, Place, bound
from orchestra_lsp.model import Answer, Kind, Prompt, Snippet
from orchestra_lsp.store.store import Store
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask
from orchestra_lsp.trust.placeholder import SHAPE

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OTHER = "ghp_" + "Z9y8X7w6V5u4T3s2R1q0P9o8N7m6L5k4J3i2"
URI = "file:///w/a.py"
FAR = Maker("far", "OpenAI", "m")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "s.sqlite3")
    yield made
    made.close()


def prompt(prefix: str, suffix: str = "", **more: object) -> Prompt:
    return Prompt(Kind.COMPLETE, "python", URI, "a.py", prefix, "", suffix, **more)


def masked(text: str, vault: Vault, **more: object) -> MaskedPrompt:
    made = mask(prompt(text, **more), vault)
    assert not made.refused
    return made


def written(template: str, seen: MaskedPrompt) -> Answer:
    """What a tool says: $1, $2 are the placeholders in the order it saw them."""
    text = template
    for number, token in enumerate(dict.fromkeys(found.group() for found in SHAPE.finditer(seen.prefix + seen.suffix)), 1):
        text = text.replace(f"${number}", token)
    return Answer("as restored", "far", 1.0, masked=text)


async def told(store: Store, text: str, makers: list[Maker] | None = None, **more: object) -> str | None:
    """What another process, with another vault, gets for this prompt."""
    vault = Vault()
    disk = Disk(store, vault)
    place = disk.place(masked(text, vault, **more), URI)
    for _ in range(50):  # a loaded machine may be slower than a look may take
        found = await disk.find(place, makers or [FAR])
        if found:
            break
    disk.close()
    return found.answer.text if found else None


def put(store: Store, text: str, answer: str, **more: object) -> tuple[bytes, bytes] | None:
    vault = Vault()
    seen = masked(text, vault, **more)
    disk = Disk(store, vault)
    kept = disk.put(disk.place(seen, URI), FAR, written(answer, seen))
    assert store.flush()
    disk.close()
    return kept


async def test_another_process_finds_the_answer_with_its_own_secret_in_place(store: Store) -> None:
    put(store, f'token = "{TOKEN}"\nlogin(', '"$1")')
    assert await told(store, f'token = "{TOKEN}"\nlogin(') == f'"{TOKEN}")'
    assert await told(store, f'token = "{OTHER}"\nlogin(') == f'"{OTHER}")'  # the same code with another secret


async def test_secrets_are_numbered_in_their_order(store: Store) -> None:
    text = f'one = "{TOKEN}"\ntwo = "{OTHER}"\nuse('
    put(store, text, '"$2", "$1")')
    assert await told(store, text) == f'"{OTHER}", "{TOKEN}")'
    assert store.read("SELECT text FROM kept_answer")[0][0].count("#2") == 1


async def test_other_text_model_adapter_or_steady_context_is_another_answer(store: Store) -> None:
    put(store, "x = ", "1")
    assert await told(store, "x = ") == "1"
    assert await told(store, "y = ") is None
    assert await told(store, "x = ", suffix="\n") is None
    assert await told(store, "x = ", multiline=False) is None
    assert await told(store, "x = ", [Maker("far", "OpenAI", "m2")]) is None
    assert await told(store, "x = ", [Maker("far", "Claude", "m")]) is None
    assert await told(store, "x = ", [Maker("other name", "OpenAI", "m")]) == "1"
    assert await told(store, "x = ", snippets=(Snippet("b.py", "def f(): ...", steady=True),)) is None
    assert await told(store, "x = ", snippets=(Snippet("b.py", "def f(): ..."),)) == "1"


async def test_an_answer_that_cannot_be_filled_is_a_miss(store: Store) -> None:
    vault = Vault()
    disk = Disk(store, vault)
    two = masked(f'one = "{TOKEN}"\ntwo = "{OTHER}"\nuse(', vault)
    place = disk.place(two, URI)
    assert disk.put(place, FAR, written('"$2")', two))
    assert store.flush()
    poorer = Place(place.digest, place.kind, URI, dict(list(place.numbers.items())[:1]))
    assert await disk.find(poorer, [FAR]) is None
    assert await disk.find(replace(place, uri="file:///w/elsewhere.py"), [FAR]) is None  # the secret did not come from there
    disk.close()


DOUBTFUL = ("", "\x02aws#1\x03", "ORCSEC_github_QQQQQ", "orcsec_github_qqqqq", f'"{TOKEN}"', "half \ud83d", "x" * 60_000)


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_cannot_be_kept_without_a_doubt_is_not_kept(text: str) -> None:
    assert bound(text, Place(b"", Kind.COMPLETE), Vault()) is None


def test_what_a_tool_on_this_machine_saw_in_plain_text_is_not_kept(store: Store) -> None:
    vault = Vault()
    disk = Disk(store, vault)
    assert disk.put(disk.place(masked("x = ", vault), URI), FAR, Answer("1", "far", 1.0)) is None
    disk.close()


secret = st.sampled_from(
    [
        TOKEN,
        OTHER,
        "AKIA" + "3XJ7QZ5LWN2RVTK4",
        "sk-ant-api03-" + "EMnY9tlicZLhCUJwnHBdHIyvNLVlRXFwF8JlMaLNy02K35uDNHfkf7J8Rszi0z4JxT3PzPmhDJEpQwL6dfTkKPcPKPt0j" + "AA",
    ]
)
answers = st.lists(st.sampled_from(["$SECRET", "$1", "$2", "foo(", ")", "\n", '"', "x = 1"]), max_size=8).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(secret, min_size=1, max_size=3), answers, st.text(max_size=20))
def test_no_planted_secret_is_ever_in_the_files(secrets: list[str], answer: str, noise: str) -> None:
    code = "".join(f'key_{number} = "{one}"\n' for number, one in enumerate(secrets)) + noise.replace("\r", "")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.sqlite3")
        put(store, code, answer.replace("$SECRET", secrets[0]))  # as if the tool had guessed it
        for path in Path(folder).iterdir():
            data = path.read_bytes()
            assert not [one for one in secrets if one.encode() in data], path.name
        store.close()


async def test_a_dismissed_answer_is_gone_for_every_process(store: Store) -> None:
    kept = put(store, "x = ", "1")
    assert kept
    disk = Disk(store, Vault())
    disk.dismiss(*kept)
    assert store.flush()
    disk.close()
    assert await told(store, "x = ") is None
    put(store, "x = ", "1")
    assert await told(store, "x = ") is None
    put(store, "x = ", "2")
    assert await told(store, "x = ") == "2"


async def test_a_database_that_went_away_is_a_miss(tmp_path: Path) -> None:
    store = Store(tmp_path / "gone.sqlite3")
    store.flush()
    _drop(store.path)
    assert await told(store, "x = ") is None
    store.close()


def _drop(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE kept_answer")
    connection.commit()
    connection.close()


async def test_a_look_fits_an_instant_answer_even_while_another_process_writes(store: Store) -> None:
    put(store, "x = ", "1")
    vault = Vault()
    disk = Disk(store, vault)
    place = disk.place(masked("x = ", vault), URI)
    await disk.find(place, [FAR])
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    took = []
    for _ in range(100):
        start = time.perf_counter()
        await disk.find(place, [FAR])
        took.append(time.perf_counter() - start)
    connection.execute("ROLLBACK")
    connection.close()
    disk.close()
    assert sorted(took)[50] < 0.02, "half of the looks, on a loaded machine"
