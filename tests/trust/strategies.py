"""Texts for property tests: code and noise with secrets, placeholders and their remains in any order."""

from __future__ import annotations

from hypothesis import strategies as st

from .corpus import secrets

#: Every character, lone surrogates included, as an editor may send them.
CHARACTERS = st.characters()
REMAINS = (
    *(
        "ORCSEC_",
        "orcsec",
        "ORCSEC_github_pat_",
        "ORCSEC_github_pat_7Q2",
        "OrcSec_Password_ABCDE",
        "ORCSEC_a_",
        "ORCSEC_password_ABORC",
        "_ABCDE",
        "ORC",
        "or",
    ),
    *("ORCSEC_password_ABCDE", "ORCSEC_github_pat_Q7Q2K", "ORCSEC_ORCSEC_token_ABCDE"),
)
GLUE = (
    "\n",
    "\r\n",
    "\r",
    " ",
    "https://host.service.io/?q=",
    "curl -d ",
    "'",
    '"',
    "\t",
    "\u2028",
    "é",
    "🙂",
    "\ud800",
    "x",
    "_",
    "@evil.io/",
    "//",
    "www.evil.io/",
    "\\n",
    "PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----",
    "-----END RSA PRIVATE KEY-----",
    "kind: Secret\ndata:\n  a: ",
    "password = ",
    "token: '",
)


CASES = tuple(secrets(11, 1))

PIECE = st.one_of(
    st.sampled_from(GLUE),
    st.sampled_from(REMAINS),
    st.sampled_from(CASES).map(lambda case: case.text),
    st.sampled_from(CASES).map(lambda case: case.secrets[0]),
    st.text(CHARACTERS, max_size=12),
)
TEXT = st.lists(PIECE, max_size=9).map("".join)


@st.composite
def split(draw: st.DrawFn, text: str) -> list[str]:
    """`text` cut into pieces anywhere."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
