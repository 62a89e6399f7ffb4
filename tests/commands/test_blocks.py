"""Masking a stream: wherever it is cut, no secret comes through and nothing else is changed."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

from hypothesis import given, settings, strategies

from orchestra_lsp.commands.parts import blocks
from orchestra_lsp.trust.mask import Vault

# Made up, of the right shape: detectors look at form, not at whether anybody would let it in.
TOKEN = "ghp_" + "q8Rk2Zt7Wm4Xv9Lc1Bn6Hd3Jf5Gs0PyTaEuI"
KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join("MIIEpQ7fKd0x9sLwVtYb3ZcHnRg2Jm5Xo8Au1Ei6Tq4Pz" for _ in range(20))
    + "\n-----END RSA PRIVATE KEY-----\n"
)


def masked(data: bytes, seen: Counter[str] | None = None) -> bytes:
    source = BytesIO(data)
    return b"".join(blocks.masked(source.read, Vault(), Counter() if seen is None else seen))


def test_a_secret_is_replaced_and_counted() -> None:
    seen: Counter[str] = Counter()
    out = masked(f'a = 1\ntoken = "{TOKEN}"\nb = 2\n'.encode(), seen)
    assert TOKEN.encode() not in out
    assert out.startswith(b'a = 1\ntoken = "ORCSEC_')
    assert out.endswith(b'"\nb = 2\n')
    assert seen.total() == 1


def test_every_byte_of_the_rest_is_kept() -> None:
    data = b"caf\xe9 \xff\xfe\r\nlone\rreturn\ttab\x00null\n\xf0\x9f\x98\x80 no end"
    assert masked(data) == data
    assert masked(b"") == b""


def test_a_long_stream_hides_secrets_at_every_place() -> None:
    """Several blocks, with a secret near each border."""
    filler = "".join(f"value_{number} = compute(value_{number - 1}, offset={number})\n" for number in range(6000))
    lines = filler.splitlines(keepends=True)
    some, most = "".join(lines[:1700]), "".join(lines[:3300])
    parts = [some, f'token = "{TOKEN}"\n', some, KEY, most, f"{TOKEN}\n", filler]
    data = "".join(parts).encode()
    assert len(data) > 5 * blocks.BLOCK
    out = masked(data)
    assert TOKEN.encode() not in out
    assert b"MIIEpQ7f" not in out
    assert out.count(b"\n") == data.count(b"\n")


def test_a_key_that_lies_over_a_border_is_one_secret() -> None:
    for shift in range(0, 900, 150):
        head = "x = 1\n" * ((blocks.BLOCK - shift) // 6)
        assert b"MIIEpQ7f" not in masked((head + KEY + "y = 2\n").encode()), shift


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    data = b"word " * (3 * blocks.HELD // 5) + TOKEN.encode() + b" " + b"word " * 1000
    out = masked(data)
    assert TOKEN.encode() not in out
    assert len(out) < len(data) + 100


@settings(max_examples=60, deadline=None)
@given(strategies.binary(max_size=2000))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert masked(data).count(b"\n") == data.count(b"\n")


@settings(max_examples=60, deadline=None)
@given(
    strategies.lists(strategies.sampled_from([b"a\n", b"\n", b"-----BEGIN X\n", b"-----END X\n", b"long line " * 30 + b"\n"]), max_size=400)
)
def test_blocks_join_to_what_came_in(lines: list[bytes]) -> None:
    data = b"".join(lines) * 8
    source = BytesIO(data)
    assert b"".join(blocks._blocks(source.read)) == data
