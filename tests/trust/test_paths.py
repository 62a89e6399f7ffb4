"""Which files are never sent, told by their path alone."""

from __future__ import annotations

import pytest

from orchestra_lsp.trust.paths import file_path, refusal

REFUSED = (
    *(".env", "app/.env", ".ENV", ".env.local", "C:\\proj\\.Env.Production", "prod.env", ".env::$DATA", ".env.", "/a/b/.envrc"),
    *("server.pem", "a/b/tls.key", "x.P12", "x.pfx", "release.jks", "id_rsa", ".ssh/config", "deploy/id_ed25519", "vpn.ovpn"),
    *(".npmrc", ".pypirc", ".netrc", "_netrc", "~/.aws/credentials", "home/me/.kube/config", ".docker/config.json", ".git-credentials"),
    *(
        "credentials.json",
        "gcp-service-account.json"[4:],
        "service-account-prod.json",
        "secrets.yaml",
        "secrets.toml",
        "config/secrets.yml",
        ".htpasswd",
    ),
    *(
        "passwords.kdbx",
        "terraform.tfstate",
        "a/terraform.tfstate.backup",
        "prod.tfvars",
        ".git/config",
        "repo/.git/hooks/pre-push",
        ".vault-token",
        ".bash_history",
    ),
)
SENT = (
    *(".env.example", "app/.env.sample", ".env.template", ".env.local.example", "id_rsa.pub", "environment.py", "env.py", "src/main.rs"),
    *(
        "secrets.py",
        "src/secrets.go",
        "credentials.ts",
        "key.py",
        "keys/index.ts",
        "public.html",
        "README.md",
        ".gitignore",
        "git/config",
        "token.go",
    ),
    *("docs/secrets.md", "monkey.js", "", "/", ".github/workflows/ci.yml", "package-lock.json", "docker-compose.yml"),
)


@pytest.mark.parametrize("path", REFUSED)
def test_refused_with_the_rule(path: str) -> None:
    reason = refusal(path, ())
    assert reason
    assert len(reason) < 80


@pytest.mark.parametrize("path", SENT)
def test_sent(path: str) -> None:
    assert refusal(path, ()) == ""


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.sql", "dump/a.SQL"),
        ("private", "src/private/a.py"),
        ("private/", "src/private/deep/a.py"),
        ("src/**/gen", "src/a/b/gen/x.go"),
        ("src/**", "code/src/a.py"),
        ("/code/secret", "/code/secret/a.py"),
        ("C:\\code\\x", "c:/code/x/a.py"),
        ("a?c.py", "abc.py"),
        ("[ab].py", "b.py"),
        ("[!ab].py", "c.py"),
        ("**/x.py", "x.py"),
        ("[z-a]", "[z-a]"),
        ("[", "["),
        ("a+(b)*", "a+(b)c.py"),
    ],
)
def test_the_users_own_globs(glob: str, path: str) -> None:
    assert glob in refusal(path, (glob,))


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.sql", "a.sqlite"),
        ("private", "privateer/a.py"),
        ("/code/secret", "/home/code/secret/a.py"),
        ("a/*.py", "a/b/c.py"),
        ("[!ab].py", "a.py"),
        ("", "a.py"),
        ("a?c", "a/c"),
    ],
)
def test_globs_match_no_more(glob: str, path: str) -> None:
    assert refusal(path, (glob,)) == ""


def test_a_wicked_glob_takes_no_time() -> None:
    assert refusal("a" * 5000, ("*a" * 500 + "b",)) == ""


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///code/a%20b/.env", "/code/a b/.env"),
        ("file:///c%3A/code/x.py", "c:/code/x.py"),
        ("FILE:///C:/x", "C:/x"),
        ("untitled:Untitled-1", "untitled:Untitled-1"),
        ("file://server/share/id_rsa", "server/share/id_rsa"),
    ],
)
def test_uris_are_read_as_paths(uri: str, path: str) -> None:
    assert file_path(uri) == path
