"""Texts that look as if they held a secret and hold none: hashes, ids, placeholders, code, prose."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from random import Random

from .corpus import HEX, Case


def look_alikes(seed: int, count: int) -> Iterator[Case]:
    """`count` texts without a secret."""
    random = Random(seed)
    makers: tuple[tuple[str, Callable[[Random], str]], ...] = tuple(_LOOK_ALIKES.items())
    for number in range(count):
        family, make = makers[number % len(makers)]
        yield Case(make(random), (), family)


def _hex(random: Random, length: int) -> str:
    return "".join(random.choice(HEX) for _ in range(length))


def _b64(random: Random, length: int) -> str:
    return base64.b64encode(random.randbytes(length)).decode()


def _uuid(random: Random) -> str:
    return "-".join(_hex(random, n) for n in (8, 4, 4, 4, 12))


_NAMES = (
    "api_key",
    "token",
    "password",
    "secret",
    "access_token",
    "client_secret",
    "db_password",
    "auth_token",
    "apiKey",
    "SECRET_KEY",
    "privateKey",
)
_PLACEHOLDERS = (
    "xxxxxxxxxxxxxxxx",
    "changeme",
    "<your-token>",
    "${API_KEY}",
    "{{ token }}",
    "YOUR_API_KEY_HERE",
    "your-secret-key",
    "********",
    "",
    "password",
    "TODO",
    "example-token",
    "insert_key_here",
    "REDACTED",
    "null",
    "test",
    "dummy",
    "placeholder",
    "$SECRET",
    "%(password)s",
    "#{ENV['KEY']}",
    "...",
    "<secret>",
    "my-secret-token",
    "fake-token",
    "none",
)
_CODE = (
    "{n} = os.environ['{n}']",
    "{n} = get_{n}()",
    "const {n} = process.env.API_TOKEN;",
    "{n} = self.{n}",
    "if {n} == expected_{n}:",
    "def check(self, {n}: str) -> bool:",
    "{n}: string;",
    "{n} = config.get('{n}')",
    "{n}=None",
    "{n} = input('Enter {n}: ')",
    "assert {n} is not None",
    "{n} = data['{n}']",
    "let {n} = args.next().unwrap();",
    '{n} := flag.String("{n}", "", "usage")',
    "private String {n};",
    "{n} = request.headers['X-Token']",
    "logger.info('no %s', {n})",
    "{n} = getpass.getpass()",
    "{n} = secrets.token_hex(32)",
    "{n}: ${{ secrets.MY_TOKEN }}",
    "{n} = vault.read('kv/app')['value']",
    "type {n}Provider interface {{",
    "import {{ {n}Service }} from './{n}.service';",
    "{n}_url = 'https://login.service.io/oauth/{n}'",
    "{n}Name: my-app-credentials",
    '<input type="password" name="{n}" />',
    "{n}_file = '/run/secrets/{n}'",
    '"{n}": "Passwort vergessen"',
    "{n}.type=text",
    "{n}Header = 'X-Api-Key'",
)
_PARTS = (
    ("get", "set", "parse", "validate"),
    ("AccessToken", "PasswordHash", "SecretKeyRef", "ApiKeyHeader"),
    ("Provider", "Factory", "Async", "Handler"),
)
_HASHED = ("cache_key", "partition_key", "primary_key", "etag", "fingerprint", "trace_id", "span_id", "object_key")
_LOOK_ALIKES: dict[str, Callable[[Random], str]] = {
    "commit": lambda r: r.choice(
        ("commit {h}", "rev: {h}", '"gitHead": "{h}",', "uses: actions/checkout@{h}", "Subproject commit {h}", 'ref = "{h}"')
    ).format(h=_hex(r, 40)),
    "checksum": lambda r: r.choice(
        (
            "sha256: {h}",
            '"hash": "{h}"',
            "--hash=sha256:{h}",
            "{h}  package.tar.gz",
            'checksum = "{h}"',
            "digest: sha256:{h}",
            "image: app@sha256:{h}",
        )
    ).format(h=_hex(r, 64)),
    "md5": lambda r: r.choice(('ETag: "{h}"', "md5 = '{h}'", "{h}  file.txt", '"contentHash": "{h}"')).format(h=_hex(r, 32)),
    "integrity": lambda r: f'"integrity": "sha512-{_b64(r, 64)}",',
    "lock file": lambda r: json.dumps(
        {"resolved": f"https://registry.npmjs.org/a/-/a-{r.randint(1, 9)}.0.0.tgz", "integrity": f"sha1-{_b64(r, 20)}"}
    ),
    "uuid": lambda r: r.choice(
        ("id: {u}", 'uuid = "{u}"', '<Guid("{u}")>', '"requestId": "{u}",', "ProjectGuid = {{{u}}}", "tenant_id = '{u}'", "user_id={u}")
    ).format(u=_uuid(r)),
    "image": lambda r: f"background: url(data:image/png;base64,iVBORw0KGgo{_b64(r, 300)});",
    "certificate": lambda r: "-----BEGIN CERTIFICATE-----\n" + "\n".join(_b64(r, 48) for _ in range(8)) + "\n-----END CERTIFICATE-----",
    "public key": lambda r: r.choice(
        (
            f"ssh-rsa AAAAB3NzaC1yc2E{_b64(r, 180)} me@host",
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{_b64(r, 33)} me@host",
            f"-----BEGIN PUBLIC KEY-----\n{_b64(r, 48)}\n-----END PUBLIC KEY-----",
            f'public_key = "{_b64(r, 32)}"',
        )
    ),
    "minified": lambda r: "".join(
        r.choice(
            (
                "function e(t){return t.n}",
                "var r=n(3),o=n.n(r);",
                "!function(e,t){",
                "a.exports=i;",
                "e.token=t.token||null,",
                "c.password=d.password;",
            )
        )
        for _ in range(12)
    ),
    "source map": lambda r: "//# sourceMappingURL=data:application/json;base64," + _b64(r, 200),
    "placeholder": lambda r: r.choice(('{n} = "{p}"', "{n}: {p}", "{n}={p}", '"{n}": "{p}"', "const {n} = '{p}';")).format(
        n=r.choice(_NAMES), p=r.choice(_PLACEHOLDERS)
    ),
    "code": lambda r: r.choice(_CODE).format(n=r.choice(_NAMES)),
    "code again": lambda r: r.choice(_CODE).format(n=r.choice(("token", "password", "secret", "credentials", "authToken"))),
    "identifier": lambda r: "".join(map(r.choice, _PARTS)) + "(request, response);",
    "url": lambda r: r.choice(
        (
            "https://user@host.service.io/path",
            "http://localhost:8080/login?next=/home",
            "https://example.com/a/{h}/index.html",
            "git@github.com:org/repo.git",
            "ssh://git@host:22/repo",
            "postgres://localhost:5432/app",
            "postgres://user:password@localhost/db",
            "https://cdn.service.io/{h}.js",
            "postgres://$USER:$PASS@host/db",
            "redis://user:${{REDIS_PASSWORD}}@cache",
        )
    ).format(h=_hex(r, 20)),
    "i18n": lambda r: r.choice(
        (
            '"password": "Password",',
            '"forgotPassword": "Forgot your password?",',
            '"token.expired": "Your session has expired",',
            "password_hint: At least 8 characters",
            '"secret": "Geheimnis"',
            "label.password=Mot de passe",
            "login.password.placeholder=Enter your password",
        )
    ),
    "prose": lambda r: r.choice(
        (
            "The token is valid for 30 minutes.",
            "Pass the password: it must have at least 12 characters.",
            "An API key can be created in the settings page.",
            "Set SECRET_KEY to a random value.",
            "The auth token expires at 2024-05-17T12:30:45Z",
            "password must match ^[A-Za-z0-9]{8,}$",
        )
    ),
    "version": lambda r: f"token-parser=={r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}; python_version >= '3.{r.randint(8, 14)}'",
    "model token": lambda r: r.choice(
        (
            'eos_token = "<|endoftext|>"',
            'pad_token: "[PAD]"',
            "max_tokens=4096",
            "token_ids = [101, 2023, 2003]",
            'TOKEN_TYPES = ("IDENTIFIER", "NUMBER")',
            "num_tokens: 128000",
            "secret_version = 3",
        )
    ),
    "config": lambda r: r.choice(
        (
            "secretName: app-tls",
            "passwordPolicy: strong",
            "token_endpoint: https://id.service.io/oauth2/token",
            "credentialsId: 'jenkins-github-app'",
            "keySecretRef: app-signing-key",
            "auth_method: client_secret_post",
            "api_key_header: X-Api-Key",
            "credentials: include",
            "tokenUrl: /auth/token",
            "auth: { user: 'me' }",
        )
    ),
    "hash name": lambda r: f'{r.choice(_HASHED)} = "{_hex(r, r.choice((16, 32, 40)))}"',
    "bytes": lambda r: "DATA = bytes.fromhex('" + _hex(r, 128) + "')",
    "font": lambda r: "src:url(data:font/woff2;charset=utf-8;base64,d09GMgABAAAAA" + _b64(r, 120) + ")",
    "css": lambda r: f".sk-{r.choice(('spinner', 'cube'))}-{r.randint(1, 9)}-container-with-a-long-name {{ color: #{_hex(r, 6)}; }}",
    "address": lambda r: f"Contract: 0x{_hex(r, 40)}",
    "numbers": lambda r: ", ".join(str(r.random()) for _ in range(8)),
}
