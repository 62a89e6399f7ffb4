"""Secrets and look-alikes in the places where people leave them: made from a seed, so that no secret-like text is stored.

The development corpus of the detector. It says how well the detector knows what its authors thought of, and no more.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from orchestra_lsp.trust.catalog import SecretKind, kinds
from orchestra_lsp.trust.checks import CHECKS

from .sampler import sample

B62 = string.ascii_letters + string.digits
HEX = "0123456789abcdef"

#: Kinds whose shape is a whole command or line: `_connection` has them.
_WRITTEN_OUT = ("curl_user", "curl_header", "command_password", "session_cookie", "basic_credentials", "pgpass_password", "netrc_password")

#: What to draw instead where the table's regex leaves lengths to a check.
_DRAWN = {
    "discord_bot_token": "([MNO][A-Za-z0-9_-]{23,27}[.][A-Za-z0-9_-]{6}[.][A-Za-z0-9_-]{27,38})",
    "facebook_app_token": "([0-9]{15,16}[|][0-9A-Za-z_-]{27,40})",
    "url_token": "https://([A-Za-z0-9]{20,40})@git[.]service[.]io",
}

#: {n} snake_case, {c} camelCase, {C} PascalCase, {N} UPPER_CASE, {k} kebab-case, {d} dotted, {s} the value.
QUOTED = (
    '{n} = "{s}"',
    "{n} = '{s}'",
    "    {n}: str = '{s}'",
    'os.environ["{N}"] = "{s}"',
    'value = os.getenv("{N}", "{s}")',
    'client = Client({n}="{s}", retries=3)',
    "    self.{n} = '{s}'  # rotate me",
    'config = {{"{n}": "{s}", "debug": True}}',
    'const {c} = "{s}";',
    "  {c}: '{s}',",
    'const x = process.env.{N} || "{s}";',
    "this.{c} = `{s}`;",
    'export const {N}: string = "{s}";',
    '{c} := "{s}"',
    'const {C} = "{s}"',
    'os.Setenv("{N}", "{s}")',
    'cfg := Config{{{C}: "{s}"}}',
    'let {n} = "{s}";',
    "pub const {N}: &str = \"{s}\";",
    'let {n} = String::from("{s}");',
    'private static final String {N} = "{s}";',
    'props.setProperty("{d}", "{s}");',
    '@Value("{s}") String {c} = "{s}";',
    '#define {N} "{s}"',
    'const char *{n} = "{s}";',
    'static const std::string {n}{{"{s}"}};',
    'string {c} = @"{s}";',
    '<add key="{C}" value="{s}" />',
    "define('{N}', '{s}');",
    "${n} = '{s}';",
    "    '{n}' => '{s}',",
    "ENV['{N}'] ||= '{s}'",
    '{n}: "{s}"',
    '"{c}": "{s}",',
    '{{\\"{n}\\": \\"{s}\\", \\"x\\": 1}}',
    '<property name="{d}" value="{s}"/>',
    '<string name="{n}">{s}</string>',
    '{n} = "{s}" # hcl',
    "SET {n} = '{s}';",
    '{N} := "{s}"',
    'headers["X-{C}"] = "{s}"',
    '-e {N}="{s}" \\',
    'let {c}: String = "{s}"',
    'val {c} = "{s}"',
    'setenv {N} "{s}"',
    'obj.set("{c}", "{s}")',
)
BARE = (
    "{N}={s}",
    "export {N}={s}",
    "{n}: {s}",
    "{d}={s}",
    "{n} = {s}",
    "  - name: {N}\n    value: {s}",
    "<{c}>{s}</{c}>",
    "ENV {N}={s}",
    "# old {n}: {s}",
    "// {c} = {s}",
    "tool --{k} {s} run",
    "tool --{k}={s} run",
    "GET https://api.service.io/v1/items?{n}={s}&page=2",
    "{N} := {s}",
    "curl https://api.service.io -H 'X-{C}: {s}'",
)
ALONE = (
    'client = Client("{s}")',
    "authenticate('{s}')",
    "# was: {s}",
    "// {s}",
    "Authorization: Bearer {s}",
    'req.Header.Set("Authorization", "Bearer {s}")',
    "echo {s} | login --stdin",
    '["{s}"]',
    "{s}",
    "/* key {s} */",
    "log: sent {s} to server",
    "- {s}",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One text with its secrets; none for a look-alike. `kind` is the table's name or the family of look-alikes."""

    text: str
    secrets: tuple[str, ...]
    kind: str


def secrets(seed: int, per_kind: int) -> Iterator[Case]:
    """Well-formed tokens of every kind in realistic places, and passwords people make up."""
    random = Random(seed)
    for kind in kinds():
        if kind.name not in _WRITTEN_OUT:
            yield from (_case(kind, random) for _ in range(per_kind))
    for _ in range(per_kind * 20):
        yield from (_password(random), _generic(random), _connection(random), _key_block(random))


def _case(kind: SecretKind, random: Random) -> Case:
    whole, value = _distinct(kind, random)
    if kind.named:
        name = _name(sample(random.choice(kind.named), random)[0], kind, random)
        return _placed(name, value, kind.name, random)
    if kind.near:
        head = "" if any(word in whole for word in kind.near) else f"# {random.choice(kind.near)}\n"
        return Case(head + (f'value = "{whole}"\n' if '"' not in whole and "\n" not in whole else whole), (value,), kind.name)
    return Case(f"{_filler(random)}\n{random.choice(ALONE).format(s=whole)}\n{_filler(random)}", (value,), kind.name)


def _distinct(kind: SecretKind, random: Random) -> tuple[str, str]:
    """A sample with digits and letters enough to be one: the classes also allow strings no provider would hand out."""
    for _ in range(200):
        start = random.choice(kind.starts) if kind.starts else ""
        whole, value = sample(_DRAWN.get(kind.name, kind.value), random)
        value = value if value != whole else start + whole
        checked = not kind.check or CHECKS[kind.check](value)
        if checked and len(set(value)) > min(9, len(value) * 0.5) and (len(value) < 12 or any(map(str.isdigit, value))):
            return start + whole, value
    raise AssertionError(kind.name)


def _name(word: str, kind: SecretKind, random: Random) -> str:
    words = word.replace("-", "_").replace(" ", "_").replace(".", "_").strip("_").lower()
    telling = any(part in words for part in ("key", "token", "secret", "password"))
    return words if telling and random.random() < 0.7 else f"{words}_{random.choice(('api_key', 'token', 'secret', 'access_token', 'key_secret'))}"


def _placed(name: str, value: str, kind: str, random: Random) -> Case:
    bare = not set(value) & set(" \"'`;,&<>|\\(){}#") and random.random() < 0.35
    template = random.choice(BARE if bare else QUOTED)
    return Case(f"{_filler(random)}\n{template.format(s=value, **_forms(name))}\n{_filler(random)}", (value,), kind)


def _forms(name: str) -> dict[str, str]:
    words = [word for word in name.split("_") if word]
    pascal = "".join(word.capitalize() for word in words)
    camel = pascal[:1].lower() + pascal[1:]
    return {"n": "_".join(words), "c": camel, "C": pascal, "N": "_".join(words).upper(), "k": "-".join(words), "d": ".".join(words)}


def _filler(random: Random) -> str:
    return random.choice(
        ("", "import os", "// settings", "total = sum(values)", "{", "services:", "# see README.md", "func main() {", "return None", "[section]", "<config>")
    )


def _password(random: Random) -> Case:
    word = random.choice(("Winter", "sunshine", "dragon", "Berlin", "tiger", "coffee", "Orion", "maple", "Falcon", "river"))
    value = random.choice(
        (
            f"{word}{random.randint(10, 9999)}!",
            f"{word[0].upper()}{word[1:].replace('o', '0').replace('e', '3').replace('i', '1')}{random.randint(10, 99)}",
            "".join(random.choice(B62 + "!@#%^*_-+") for _ in range(random.randint(9, 24))),
            f"{word}-{random.choice(('Lake', 'stone', 'Moon'))}-{random.randint(100, 999)}$",
        )
    )
    name = random.choice(("password", "db_password", "admin_passwd", "smtp_pwd", "root_password", "mysql_pass", "keystore_password", "user_password", "redis_password"))
    return _placed(name, value, "password", random)


def _generic(random: Random) -> Case:
    value = random.choice(
        (
            "".join(random.choice(B62) for _ in range(random.randint(16, 64))),
            "".join(random.choice(HEX) for _ in range(random.choice((32, 40, 64)))),
            base64.b64encode(random.randbytes(random.choice((16, 24, 32, 48)))).decode(),
            base64.urlsafe_b64encode(random.randbytes(random.choice((16, 24, 32, 48)))).decode().rstrip("="),
            "-".join("".join(random.choice(HEX) for _ in range(n)) for n in (8, 4, 4, 4, 12)),
        )
    )
    name = random.choice(("api_key", "secret_key", "auth_token", "client_secret", "access_token", "app_secret", "signing_key", "jwt_secret", "encryption_key", "service_token", "webhook_secret"))
    return _placed(name, value, "token", random)


def _connection(random: Random) -> Case:
    value = "".join(random.choice(B62) for _ in range(random.randint(16, 28)))
    template = random.choice(
        (
            "postgres://app:{s}@db.internal:5432/app",
            "DATABASE_URL=mysql://root:{s}@10.0.0.5/shop?charset=utf8",
            'client = MongoClient("mongodb+srv://svc:{s}@cluster0.ab1cd.mongodb.net/test")',
            "redis://:{s}@cache:6379/0",
            "broker = 'amqp://guest:{s}@rabbit:5672/%2f'",
            "https://deploy:{s}@git.service.io/team/repo.git",
            "Server=tcp:db.service.io,1433;Database=app;User ID=sa;Password={s};Encrypt=true;",
            "jdbc:postgresql://db/app?user=app&password={s}&ssl=true",
            "machine api.service.io login me password {s}",
            "curl -u admin:{s} https://api.service.io/v1",
            "curl -s -H 'X-Auth-Token: {s}' https://api.service.io/v1",
            "sshpass -p {s} ssh root@host",
            "redis-cli -h cache -a {s} ping",
            "db.service.io:5432:app:me:{s}",
            "Cookie: theme=dark; sessionid={s}",
            "https://api.service.io/hook?access_token={s}",
            "mysql -h db -u root -p{s} shop",
            "ALTER USER app IDENTIFIED BY '{s}';",
        )
    )
    return Case(template.format(s=value), (value,), "connection")


def _key_block(random: Random) -> Case:
    body = base64.b64encode(random.randbytes(random.randint(100, 900))).decode()
    lines = tuple(body[at : at + 64] for at in range(0, len(body), 64))
    label = random.choice(("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"))
    indent, joiner = random.choice((("", "\n"), ("    ", "\n"), ("", "\\n"), ("", "\r\n"), ('"', '\\n" +\n')))
    text = joiner.join(indent + line for line in (f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"))
    return Case(text, tuple(line for line in lines if len(line) > 8), "private_key")


# --- look-alikes ---


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


_NAMES = ("api_key", "token", "password", "secret", "access_token", "client_secret", "db_password", "auth_token", "apiKey", "SECRET_KEY", "privateKey")
_PLACEHOLDERS = (
    "xxxxxxxxxxxxxxxx", "changeme", "<your-token>", "${API_KEY}", "{{ token }}", "YOUR_API_KEY_HERE", "your-secret-key", "********", "", "password", "TODO", "example-token",
    "insert_key_here", "REDACTED", "null", "test", "dummy", "placeholder", "$SECRET", "%(password)s", "#{ENV['KEY']}", "...", "<secret>", "my-secret-token", "fake-token", "none",
)
_CODE = (
    "{n} = os.environ['{n}']", "{n} = get_{n}()", "const {n} = process.env.API_TOKEN;", "{n} = self.{n}", "if {n} == expected_{n}:", "def check(self, {n}: str) -> bool:", "{n}: string;",
    "{n} = config.get('{n}')", "{n}=None", "{n} = input('Enter {n}: ')", "assert {n} is not None", "{n} = data['{n}']", "let {n} = args.next().unwrap();", "{n} := flag.String(\"{n}\", \"\", \"usage\")",
    "private String {n};", "{n} = request.headers['X-Token']", "logger.info('no %s', {n})", "{n} = getpass.getpass()", "{n} = secrets.token_hex(32)", "{n}: ${{ secrets.MY_TOKEN }}", "{n} = vault.read('kv/app')['value']",
    "type {n}Provider interface {{", "import {{ {n}Service }} from './{n}.service';", "{n}_url = 'https://login.service.io/oauth/{n}'", "{n}Name: my-app-credentials", "<input type=\"password\" name=\"{n}\" />",
    "{n}_file = '/run/secrets/{n}'", "\"{n}\": \"Passwort vergessen\"", "{n}.type=text", "{n}Header = 'X-Api-Key'",
)
_LOOK_ALIKES: dict[str, Callable[[Random], str]] = {
    "commit": lambda r: r.choice(("commit {h}", "rev: {h}", '"gitHead": "{h}",', "uses: actions/checkout@{h}", "Subproject commit {h}", 'ref = "{h}"')).format(h=_hex(r, 40)),
    "checksum": lambda r: r.choice(("sha256: {h}", '"hash": "{h}"', "--hash=sha256:{h}", "{h}  package.tar.gz", 'checksum = "{h}"', "digest: sha256:{h}", "image: app@sha256:{h}")).format(h=_hex(r, 64)),
    "md5": lambda r: r.choice(("ETag: \"{h}\"", "md5 = '{h}'", "{h}  file.txt", '"contentHash": "{h}"')).format(h=_hex(r, 32)),
    "integrity": lambda r: f'"integrity": "sha512-{_b64(r, 64)}",',
    "lock file": lambda r: json.dumps({"resolved": f"https://registry.npmjs.org/a/-/a-{r.randint(1, 9)}.0.0.tgz", "integrity": f"sha1-{_b64(r, 20)}"}),
    "uuid": lambda r: r.choice(("id: {u}", 'uuid = "{u}"', '<Guid("{u}")>', '"requestId": "{u}",', "ProjectGuid = {{{u}}}", "tenant_id = '{u}'", "user_id={u}")).format(u=_uuid(r)),
    "image": lambda r: f"background: url(data:image/png;base64,iVBORw0KGgo{_b64(r, 300)});",
    "certificate": lambda r: "-----BEGIN CERTIFICATE-----\n" + "\n".join(_b64(r, 48) for _ in range(8)) + "\n-----END CERTIFICATE-----",
    "public key": lambda r: r.choice((f"ssh-rsa AAAAB3NzaC1yc2E{_b64(r, 180)} me@host", f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5{_b64(r, 33)} me@host", f"-----BEGIN PUBLIC KEY-----\n{_b64(r, 48)}\n-----END PUBLIC KEY-----", f'public_key = "{_b64(r, 32)}"')),
    "minified": lambda r: "".join(r.choice(("function e(t){return t.n}", "var r=n(3),o=n.n(r);", "!function(e,t){", "a.exports=i;", "e.token=t.token||null,", "c.password=d.password;")) for _ in range(12)),
    "source map": lambda r: "//# sourceMappingURL=data:application/json;base64," + _b64(r, 200),
    "placeholder": lambda r: r.choice(('{n} = "{p}"', "{n}: {p}", "{n}={p}", '"{n}": "{p}"', "const {n} = '{p}';")).format(n=r.choice(_NAMES), p=r.choice(_PLACEHOLDERS)),
    "code": lambda r: r.choice(_CODE).format(n=r.choice(_NAMES)),
    "code again": lambda r: r.choice(_CODE).format(n=r.choice(("token", "password", "secret", "credentials", "authToken"))),
    "identifier": lambda r: f"{r.choice(('get', 'set', 'parse', 'validate'))}{r.choice(('AccessToken', 'PasswordHash', 'SecretKeyRef', 'ApiKeyHeader'))}{r.choice(('Provider', 'Factory', 'Async', 'Handler'))}(request, response);",
    "url": lambda r: r.choice(("https://user@host.service.io/path", "http://localhost:8080/login?next=/home", "https://example.com/a/{h}/index.html", "git@github.com:org/repo.git", "ssh://git@host:22/repo", "postgres://localhost:5432/app", "postgres://user:password@localhost/db", "https://cdn.service.io/{h}.js", "postgres://$USER:$PASS@host/db", "redis://user:${{REDIS_PASSWORD}}@cache")).format(h=_hex(r, 20)),
    "i18n": lambda r: r.choice(('"password": "Password",', '"forgotPassword": "Forgot your password?",', '"token.expired": "Your session has expired",', "password_hint: At least 8 characters", '"secret": "Geheimnis"', "label.password=Mot de passe", "login.password.placeholder=Enter your password")),
    "prose": lambda r: r.choice(("The token is valid for 30 minutes.", "Pass the password: it must have at least 12 characters.", "An API key can be created in the settings page.", "Set SECRET_KEY to a random value.", "The auth token expires at 2024-05-17T12:30:45Z", "password must match ^[A-Za-z0-9]{8,}$")),
    "version": lambda r: f"token-parser=={r.randint(0, 9)}.{r.randint(0, 20)}.{r.randint(0, 9)}; python_version >= '3.{r.randint(8, 14)}'",
    "model token": lambda r: r.choice(('eos_token = "<|endoftext|>"', 'pad_token: "[PAD]"', "max_tokens=4096", "token_ids = [101, 2023, 2003]", 'TOKEN_TYPES = ("IDENTIFIER", "NUMBER")', "num_tokens: 128000", "secret_version = 3")),
    "config": lambda r: r.choice(("secretName: app-tls", "passwordPolicy: strong", "token_endpoint: https://id.service.io/oauth2/token", "credentialsId: 'jenkins-github-app'", "keySecretRef: app-signing-key", "auth_method: client_secret_post", "api_key_header: X-Api-Key", "credentials: include", "tokenUrl: /auth/token", "auth: { user: 'me' }")),
    "hash name": lambda r: f"{r.choice(('cache_key', 'partition_key', 'primary_key', 'etag', 'fingerprint', 'trace_id', 'span_id', 'object_key'))} = \"{_hex(r, r.choice((16, 32, 40)))}\"",
    "bytes": lambda r: "DATA = bytes.fromhex('" + _hex(r, 128) + "')",
    "font": lambda r: "src:url(data:font/woff2;charset=utf-8;base64,d09GMgABAAAAA" + _b64(r, 120) + ")",
    "css": lambda r: f".sk-{r.choice(('spinner', 'cube', 'folding'))}-{r.randint(1, 9)}-container-with-a-long-name-{r.choice(('left', 'right'))} {{ color: #{_hex(r, 6)}; }}",
    "address": lambda r: f"Contract: 0x{_hex(r, 40)}",
    "numbers": lambda r: ", ".join(str(r.random()) for _ in range(8)),
}
