"""What the detector finds and what it leaves, on a corpus of our own making, and the rules of its tables."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from orchestra_lsp.trust.catalog import kinds
from orchestra_lsp.trust.checks import CHECKS
from orchestra_lsp.trust.linear import compiled
from orchestra_lsp.trust.secrets import Secret, find, find_spans, joined

from .corpus import Case, secrets
from .look_alikes import look_alikes


def found(text: str, noisy: bool = True) -> list[str]:
    return [text[one.start : one.end] for one in find(text, noisy)]


def missed(case: Case) -> bool:
    """Whether a part of a secret worth the name is still readable."""
    left = case.text
    for one in reversed(find(case.text)):
        left = left[: one.start] + "\0" + left[one.end :]
    return any(secret in left for secret in case.secrets)


def test_recall_on_our_own_corpus() -> None:
    cases = list(secrets(99, 4))
    lost = Counter(case.kind for case in cases if missed(case))
    assert len(cases) > 1500
    assert lost.total() / len(cases) <= 0.03, lost.most_common(20)


def test_false_alarms_on_our_own_look_alikes() -> None:
    cases = list(look_alikes(99, 2600))
    alarms = [(case.kind, found(case.text)[0]) for case in cases if find(case.text)]
    assert len(alarms) / len(cases) <= 0.005, alarms[:20]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_every_kind_is_found(kind: object) -> None:
    mine = [case for case in CASES if case.kind == getattr(kind, "name", "")]
    assert not mine or not all(missed(case) for case in mine), mine[0].text


CASES = list(secrets(5, 3))


def test_the_tables_keep_their_rules() -> None:
    names = [kind.name for kind in kinds()]
    assert len(names) == len(set(names))
    assert len(names) >= 220
    for kind in kinds():
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", kind.name), kind.name
        assert len(kind.name) <= 40, kind.name
        assert sum(map(bool, (kind.starts, kind.near, kind.named))) <= 1, kind.name
        assert not kind.check or kind.check in CHECKS, kind.name
        groups = compiled(f"(?:{kind.value})").groups
        assert groups <= 1, kind.name
        assert groups == 1 or kind.starts or kind.named, f"{kind.name} needs a group that says what the secret is"
        for pattern in kind.named:
            compiled(pattern)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('aws_secret_access_key = "bYt6Qp0Vn3xKd8Zr1Lw5Ej7Hs9Mu2Ca4Fg6Ti8Ro"', "bYt6Qp0Vn3xKd8Zr1Lw5Ej7Hs9Mu2Ca4Fg6Ti8Ro"),
        ("Authorization: Basic bWU6WGsyOWZqUTdkZA==", "bWU6WGsyOWZqUTdkZA=="),
        ("curl -u me:Xk29fjQ7dd x.io", "Xk29fjQ7dd"),
        ("curl -s --user 'me:Xk29fjQ7dd' x.io", "Xk29fjQ7dd"),
        ("curl -H 'PRIVATE-TOKEN: Xk29fjQ7ddLm3' x.io", "Xk29fjQ7ddLm3"),
        ("curl -X POST \\\n  -H 'Accept: text/plain' \\\n  -d 'a' \\\n  -u me:Xk29fjQ7dd x.io", "Xk29fjQ7dd"),
        ("curl --user me:'Xk29fjQ7dd' x.io", "Xk29fjQ7dd"),
        ('curl -u "Xk29fjQ7ddLm3:" x.io', "Xk29fjQ7ddLm3"),
        ('snykToken = "7C1B9F04-AB3D-4E5F-8A6B-0D1E2F3A4B5C"', "7C1B9F04-AB3D-4E5F-8A6B-0D1E2F3A4B5C"),
        ("mysql -uroot -pXk29fjQ7dd shop", "Xk29fjQ7dd"),
        ("sshpass -p 'Xk29fjQ7dd' ssh a@b", "Xk29fjQ7dd"),
        ("machine a.io login me password Xk29fjQ7dd", "Xk29fjQ7dd"),
        ("//registry.npmjs.org/:_authToken=3f2a1c9e-77aa-4b1c-9f0e-6d5c4b3a2f1e", "3f2a1c9e-77aa-4b1c-9f0e-6d5c4b3a2f1e"),
        ("me:$apr1$Xk29fjQ7$ab12cd34ef56gh78ij90kl", "$apr1$Xk29fjQ7$ab12cd34ef56gh78ij90kl"),
        ("CREATE USER me IDENTIFIED BY 'Xk29fjQ7dd';", "Xk29fjQ7dd"),
        (
            "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWo=",
            "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZmdoaWo=",
        ),
        ("Server=db;User Id=sa;Password=Xk29fjQ7dd;", "Xk29fjQ7dd"),
        ('{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6WGsyOWZqUTdkZA=="}}}', "bWU6WGsyOWZqUTdkZA=="),
        ('<add key="ApiKey" value="Xk29fjQ7ddLm38Zr" />', "Xk29fjQ7ddLm38Zr"),
        ("ENV API_TOKEN Xk29fjQ7ddLm38Zr", "Xk29fjQ7ddLm38Zr"),
        ('password = "Tr0ub4dor&3x"', "Tr0ub4dor&3x"),
        ("# \u00e9\u00e8 \U0001f642\nsecret = 'Xk29fjQ7ddLm38Zr'", "Xk29fjQ7ddLm38Zr"),
        ('password = "p\u00e4ss-W\u00f6rt-77\u20ac"', "p\u00e4ss-W\u00f6rt-77\u20ac"),
        (
            "jwt = eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
        ),
    ],
)
def test_by_hand(text: str, secret: str) -> None:
    assert secret in found(text)


def test_a_kubernetes_secret() -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  user: c3Zj\n  pass: WGsyOWZqUTdkZA==\n"
        "stringData:\n  t: |\n    Xk29fjQ7dd\n---\nkind: ConfigMap\ndata:\n  a: WGsyOWZqUTdkZA==\n"
    )
    assert found(text) == ["c3Zj", "WGsyOWZqUTdkZA==", "Xk29fjQ7dd"]


KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDc"
MORE = ("WWomvlNGyQhA8iB0TcN3sYrGq0bX7tKjPw4LmZe", "Qz5fHs2JkV9uNxR1oTgM6yDaCpEiBh3lU8wSvAqXrFn", "x7w==")


@pytest.mark.parametrize(
    "joiner",
    ['"\n        + "', "'\n    '", '" +\n\t\t"', '\\n"\n"', "\n", "\r\n    ", '" \\\n  "', "' .\n  '", "`\n  + `"],
)
def test_a_key_that_goes_on_in_the_next_lines(joiner: str) -> None:
    quote = joiner[-1] if joiner[-1] in "\"'`" else '"'
    text = f"x = {quote}{joiner.join((KEY, *MORE))}{quote};\nreturn NextIdentifierOfTheProgram\nOTHER_NAME\n"
    assert found(text) == [KEY, *MORE]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        'token = "ORCSEC_github_pat_QABCD"',
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        'password = os.environ["DB_PASSWORD"]',
        "password: ${{ secrets.DB_PASSWORD }}",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "const passwordField = document.getElementById('password1');",
        'for token in tokenizer.tokenize("hello world 123"):',
        "postgres://postgres:postgres@localhost/db",
        "if password != confirm_password2: raise ValueError",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []


def test_guesses_can_be_left_out() -> None:
    text = 'secret = "Xk29fjQ7ddLm38Zr"\n' + "ghp_" + "a1B2c3D4e" * 4
    assert found(text) == ["Xk29fjQ7ddLm38Zr", "ghp_" + "a1B2c3D4e" * 4]
    assert found(text, noisy=False) == ["ghp_" + "a1B2c3D4e" * 4]


def test_bytes_and_characters_agree() -> None:
    text = "é" * 5 + ' secret = "Xk29fjQ7ddLm38Zr" 🙂 token = "aB3dE5gH7jK9mN1p"'
    data = text.encode()
    assert [data[one.start : one.end].decode() for one in find_spans(data)] == found(text)


def test_overlaps() -> None:
    sure, longer, guess = Secret(0, 10, "a", False), Secret(5, 30, "b", False), Secret(2, 50, "c", True)
    assert joined([guess, sure, longer]) == [Secret(0, 5, "a", False), longer]
    assert joined([guess]) == [guess]
    assert joined([Secret(0, 6, "a", False), Secret(5, 12, "b", False), Secret(11, 16, "c", False)]) == [
        Secret(0, 5, "a", False),
        Secret(5, 12, "b", False),
        Secret(12, 16, "c", False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "rookTable = 0071845Qmmn3YzpLGwcjZSUHgVg8crktypx9bPk1xe",
        "CameraKit: b71f5d02a9c3e8460d5a7e91c2f4380b6de19a75",
        "sumOfAll = sWq4Kp9dRz7Tb1",
        "credentialsId: '5b0f63c1-e2af-4c71-8d3e-7b42c09a66f1'",
        "<UserSecretsId>c1d3fd80-93b2-41a7-b65d-ecb47e19fa02</UserSecretsId>",
        'notes = "uses com.jsonwebtoken:jjwt-core-0.12.6"',
        "curl -u <user:password> https://shop.example/api",
    ],
)
def test_names_that_only_sound_like_one(text: str) -> None:
    assert found(text) == []
