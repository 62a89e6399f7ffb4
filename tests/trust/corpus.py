"""Secrets and look-alikes in the places where people leave them: made from a seed, so that no secret-like text is stored.

The development corpus of the detector. It says how well the detector knows what its authors thought of, and no more.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Iterator
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
    'pub const {N}: &str = "{s}";',
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
    '{N} ::= "{s}"',
    "{n} <- '{s}'",
    '$env:{N} = "{s}"',
    "my ${n} = '{s}';",
    '(def {k} "{s}")',
    'var {c} string = "{s}"',
    'var {c}: String = """{s}"""',
    "{n} = '''{s}'''",
    'if ({c} == "{s}") {{',
    '{c} += "{s}";',
    '"{c}" => "{s}",',
    "- {k}: '{s}'",
    'echo "{N}={s}" >> .env',
    '"--{k}", "{s}",',
    'System.setProperty("{d}", "{s}");',
    '.with{C}("{s}")',
    '{c}("{s}")',
    'setenv {N} "{s}"',
    'obj.set("{c}", "{s}")',
)
BARE = (
    "{N}={s}",
    "export {N}={s}",
    "{n}: {s}",
    "{d}={s}",
    "{n} = {s}",
    "{n}: |\n  {s}",
    "{n}: >-\n    {s}",
    "{N} ?= {s}",
    "<{c}>\n    {s}\n</{c}>",
    "'config.ini': '{N}={s}\\nDEBUG=true'",
    "{n}={s} ./run.sh",
    "docker run -e {N}={s} app",
    "$ export {N}={s}",
    "; {d} = {s}",
    "{N}={s};OTHER=1",
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
    "token={s}",
    "x={s}&y=1",
    "'{s}'",
    "`{s}`",
    "<a>{s}</a>",
    "({s})",
    "key:{s},",
    '\\"{s}\\"',
    "a\\n{s}\\n",
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
    return (
        words
        if telling and random.random() < 0.7
        else f"{words}_{random.choice(('api_key', 'token', 'secret', 'access_token', 'key_secret'))}"
    )


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
        (
            "",
            "import os",
            "// settings",
            "total = sum(values)",
            "{",
            "services:",
            "# see README.md",
            "func main() {",
            "return None",
            "[section]",
            "<config>",
        )
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
    name = random.choice(
        (
            "password",
            "db_password",
            "admin_passwd",
            "smtp_pwd",
            "root_password",
            "mysql_pass",
            "keystore_password",
            "user_password",
            "redis_password",
        )
    )
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
    name = random.choice(
        (
            "api_key",
            "secret_key",
            "auth_token",
            "client_secret",
            "access_token",
            "app_secret",
            "signing_key",
            "jwt_secret",
            "encryption_key",
            "service_token",
            "webhook_secret",
        )
    )
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
    label = random.choice(
        ("RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK")
    )
    indent, joiner = random.choice((("", "\n"), ("    ", "\n"), ("", "\\n"), ("", "\r\n"), ('"', '\\n" +\n')))
    text = joiner.join(indent + line for line in (f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"))
    return Case(text, tuple(line for line in lines if len(line) > 8), "private_key")
