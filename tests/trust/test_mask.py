"""What leaves is masked in every field; only trust.mask can make it."""

from __future__ import annotations

import ast
import dataclasses
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orchestra_lsp
from orchestra_lsp.model import Kind, Prompt, Snippet
from orchestra_lsp.trust.mask import MaskedPrompt, Vault, mask, mask_text, unmask, waive
from orchestra_lsp.trust.reach import loopback

from .corpus import secrets
from .strategies import TEXT

URI = "file:///code/a.py"
SECRET = "ghp_" + "a9B8c7D6e5F4" * 3
MARK = "│"
FIELDS = ("prefix", "selection", "suffix", "instruction", "path", "uri")


def prompt(text: str, **others: object) -> Prompt:
    """A prompt from a text with one cursor mark, or two around a selection."""
    parts = text.split(MARK)
    prefix, selection, suffix = parts if len(parts) == 3 else (parts[0], "", parts[-1] if len(parts) > 1 else "")
    base = Prompt(Kind.COMPLETE, "python", URI, "a.py", prefix, selection, suffix)
    return dataclasses.replace(base, **others)  # type: ignore[arg-type]  # names of fields, checked by dataclasses


def everything(masked: MaskedPrompt) -> str:
    return "\0".join([*(getattr(masked, field) for field in FIELDS), *(text for one in masked.snippets for text in (one.path, one.text))])


def check(text: str, **others: object) -> MaskedPrompt:
    """The secret is nowhere in what leaves, and its text comes back."""
    vault, plain = Vault(), prompt(text, **others)
    masked = mask(plain, vault)
    assert SECRET not in everything(masked)
    for field in ("prefix", "selection", "suffix", "instruction"):
        assert unmask(getattr(masked, field), plain.uri, vault).text == getattr(plain, field)
    assert masked.prefix.count("\n") == plain.prefix.count("\n")
    return masked


def test_every_field_is_masked() -> None:
    masked = check(
        f"key = '{SECRET}'\n{MARK}# {SECRET}{MARK}\nother('{SECRET}')",
        instruction=f"why does {SECRET} fail?",
        path=f"keys/{SECRET}.txt",
        uri=f"file:///keys/{SECRET}.txt",
        snippets=(Snippet(f"b/{SECRET}", f"token: {SECRET}"),),
    )
    assert masked.masked == ("github_pat",)
    assert (masked.kind, masked.language, masked.multiline, masked.max_tokens) == (Kind.COMPLETE, "python", True, 256)


@pytest.mark.parametrize("at", range(0, len(SECRET), 3))
def test_a_secret_with_the_cursor_in_it(at: int) -> None:
    masked = check(f"key = '{SECRET[:at]}{MARK}{SECRET[at:]}'\n")
    for half in (SECRET[:at], SECRET[at:]):
        assert len(half) < 8 or half not in everything(masked)


def test_a_secret_across_a_selection() -> None:
    masked = check(f"key = '{SECRET[:9]}{MARK}{SECRET[9:20]}{MARK}{SECRET[20:]}'\n")
    assert all(part not in everything(masked) for part in (SECRET[:9], SECRET[9:20], SECRET[20:]))


def test_a_secret_whose_end_is_spoiled_by_what_follows_the_cursor() -> None:
    check(f"AKIAQX2DP4L7TZ9WBN3K{MARK}foo()\n")
    masked = mask(prompt(f"aws = AKIAQX2DP4L7TZ9WBN3K{MARK}foo()\n"), Vault())
    assert "AKIAQX2DP4L7TZ9WBN3K" not in masked.prefix


def test_the_secret_of_another_file_does_not_come_back_here() -> None:
    vault = Vault()
    masked = mask(prompt(f"x = 1{MARK}", snippets=(Snippet("b.py", f"key = '{SECRET}'"),)), vault)
    assert unmask(masked.snippets[0].text, URI, vault).rejected
    assert unmask(masked.snippets[0].text, "b.py", vault).text == f"key = '{SECRET}'"


def test_a_secret_found_once_is_masked_everywhere() -> None:
    password = "Tr0ub4dor&3x"
    plain = prompt(
        f'password = "{password}"\nlogin("{password}")\nurl = "{password.replace("&", "%26")}"{MARK}',
        snippets=(Snippet("b.py", f"assert got == '{password}'"), Snippet("c.py", "dHIwdWI0ZG9yJjN4 VHIwdWI0ZG9yJjN4")),
    )
    masked = mask(plain, Vault())
    assert password not in everything(masked)
    assert "Tr0ub4dor%263x" not in masked.prefix
    assert "VHIwdWI0ZG9yJjN4" not in masked.snippets[1].text
    assert "dHIwdWI0ZG9yJjN4" in masked.snippets[1].text


def test_names_and_users_and_hosts_stay() -> None:
    masked = mask(prompt(f'DB_PASSWORD="Tr0ub4dor&3x"\nurl = "postgres://app:Xk29fjQ7dd@db.internal/x"\n{MARK}'), Vault())
    assert 'DB_PASSWORD="ORCSEC_password_' in masked.prefix
    assert "postgres://app:ORCSEC_url_password_" in masked.prefix
    assert "@db.internal/x" in masked.prefix


def test_a_key_block_keeps_its_lines() -> None:
    lines = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        "DEK-Info: AES-128-CBC,0123",
        "",
        "q8Zw" * 16,
        "M3kf" * 16,
        "aa9=",
        "-----END RSA PRIVATE KEY-----",
    ]
    text = "\n".join(lines) + "\n"
    masked = mask_text(text, URI, Vault()).splitlines()
    assert [line for line in masked if not line.startswith("ORCSEC_private_key_")] == [*lines[:4], lines[-1]]
    assert len(masked) == len(lines)


@pytest.mark.parametrize("cut", [2, 5, 9])
def test_a_key_block_cut_by_the_window(cut: int) -> None:
    body = [f"{number}q8Zw" * 12 for number in range(10)]
    whole = ["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----"]
    for part in (whole[:cut], whole[cut:]):
        masked = mask_text("\n".join(part), URI, Vault())
        assert not any(line in masked for line in body)


def test_nothing_of_a_refused_file_leaves() -> None:
    for path, uri, globs in (
        (".env", URI, ()),
        ("a.py", "file:///x/.env.local", ()),
        ("private/a.py", URI, ("private",)),
        ("a.py", "file:///x/%2Eenv", ()),
        ("a.py", URI, ("/code/**",)),
    ):
        masked = mask(prompt(f"A=1{MARK}B=2", path=path, uri=uri, instruction="C", snippets=(Snippet("b.py", "D"),)), Vault(), globs)
        assert masked.refused
        assert everything(masked).strip("\0") == ""


def test_snippets_of_refused_files_are_dropped() -> None:
    snippets = (Snippet(".env", "A"), Snippet("b.py", "B"), Snippet("deploy/id_rsa", "C"), Snippet("mine/c.py", "D"))
    masked = mask(prompt(f"x{MARK}", snippets=snippets), Vault(), ("mine/**",))
    assert [one.path for one in masked.snippets] == ["b.py"]


def test_plain_text_only_for_a_proven_loopback() -> None:
    plain = prompt(f"key = '{SECRET}'{MARK}", snippets=(Snippet("b.py", SECRET),))
    proof = loopback("http://127.0.0.1:8080", marked_local=True)
    assert proof
    waived = waive(plain, proof)
    assert (waived.prefix, waived.snippets, waived.masked) == (plain.prefix, plain.snippets, ())
    with pytest.raises(TypeError, match="loopback"):
        waive(plain, "http://127.0.0.1")  # type: ignore[arg-type]  # what a caller without a type checker may try


def test_only_trust_makes_one() -> None:
    fields = {field.name: "" for field in dataclasses.fields(MaskedPrompt)}
    with pytest.raises(TypeError, match=r"trust\.mask"):
        MaskedPrompt(**fields)  # type: ignore[arg-type]  # what a caller without a type checker may try
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(mask(prompt("x"), Vault()), prefix=SECRET)


def test_it_has_every_field_of_a_prompt() -> None:
    fields = [field.name for field in dataclasses.fields(Prompt)]
    assert [field.name for field in dataclasses.fields(MaskedPrompt)][: len(fields)] == fields
    plain = prompt("x", kind=Kind.TEST, language="go", multiline=False, max_tokens=7)
    masked = mask(plain, Vault())
    assert all(getattr(masked, name) == getattr(plain, name) for name in fields)


@pytest.mark.parametrize(("name", "home"), [("MaskedPrompt", "mask.py"), ("Loopback", "reach.py")])
def test_no_other_module_names_the_constructor(name: str, home: str) -> None:
    root = Path(orchestra_lsp.__file__).parent
    for path in root.rglob("*.py"):
        if path == root / "trust" / home:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                assert called != name, f"{path.relative_to(root)}:{node.lineno} makes a {name}; only trust/{home} may"


def test_500_planted_secrets_none_leaves() -> None:
    cases = [case for case in secrets(2024, 2) if case.kind not in ("password", "token", "connection")][:500]
    assert len(cases) == 500
    vault, leaked = Vault(), []
    for number, case in enumerate(cases):
        here, there = (case.text, "x = 1") if number % 2 else ("x = 1", case.text)
        masked = mask(prompt(here + MARK, snippets=(Snippet("b.txt", there),)), vault)
        leaked += [f"{case.kind}: {secret}" for secret in case.secrets if secret in everything(masked)]
    assert leaked == []


@settings(max_examples=150, deadline=None)
@given(TEXT, TEXT, TEXT, st.sampled_from(("a.py", "b/c.toml")))
def test_any_prompt_comes_back_exactly(prefix: str, selection: str, suffix: str, path: str) -> None:
    vault = Vault()
    plain = Prompt(Kind.EDIT, "python", URI, path, prefix, selection, suffix, instruction=selection)
    masked = mask(plain, vault)
    joined = masked.prefix + masked.selection + masked.suffix
    assert unmask(joined, URI, vault).text == prefix + selection + suffix
    for field in ("prefix", "selection", "suffix", "instruction"):
        assert getattr(masked, field).count("\n") == getattr(plain, field).count("\n")
    again = dataclasses.replace(plain, prefix=masked.prefix, selection=masked.selection, suffix=masked.suffix)
    assert (lambda m: m.prefix + m.selection + m.suffix)(mask(again, vault)) == joined


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        *((unit, 5_000_000) for unit in ("a", "é", "password=", "\\", "x" * 39 + "\n")),
        *(
            (unit, 300_000)
            for unit in ('token = "', "https://a:", "eyJ", "-----BEGIN PRIVATE KEY-----", "ORCSEC_", "AKIA", " ", "=", "0:A", "\n", "//")
        ),
        *(
            (unit, 300_000)
            for unit in ("ghp_" + "a1B2" * 9 + " ", '"kind": "Secret"\n', "kind: Secret\ndata:\n a: abcd1234\n", "machine a login b ")
        ),
    ],
)
def test_a_huge_line_takes_bounded_time(unit: str, size: int) -> None:
    text = unit * (size // len(unit))
    started = time.process_time()
    mask_text(text, URI, Vault())
    assert time.process_time() - started < 20  # a quadratic step would take hours
