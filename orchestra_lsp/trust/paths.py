"""Which files no outside tool ever sees, told by their path alone."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any

#: Reason -> globs of a file name, or of "folder/name" at the end of the path. All in lower case.
_NEVER = {
    "environment file": (".env", ".env.*", "*.env", ".envrc", ".flaskenv", ".dev.vars", ".dev.vars.*"),
    "private key or certificate store": (
        *("*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore", "*.truststore", "*.ppk", "*.p8", "*.pvk", "*.snk"),
        *(
            "id_rsa",
            "id_dsa",
            "id_ecdsa",
            "id_ed25519",
            "id_ecdsa_sk",
            "id_ed25519_sk",
            "id_xmss",
            "*_rsa",
            "*_ed25519",
            "*_ecdsa",
            "*_dsa",
        ),
        *("*.gpg", "*.pgp", "*.asc.key", "secring.*", "ssh_host_*_key", "*.ovpn", "*.keytab", "*.agekey", "age.key", "keys.txt.age"),
    ),
    "password store": ("*.kdbx", "*.kdb", "*.psafe3", "*.agilekeychain", "*.opvault", "*.1pux", "logins.json", "key3.db", "key4.db"),
    "credentials of a package registry": (
        *(".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".gem/credentials", "nuget.config", ".nuget/nuget.config", ".cargo/credentials"),
        *(".cargo/credentials.toml", ".m2/settings.xml", "settings-security.xml", ".composer/auth.json", "auth.json", "pip/pip.conf"),
        *("pip/pip.ini", ".pip/pip.conf", ".hex/hex.config", ".bundle/config", ".cabal/config"),
    ),
    "credentials of a service": (
        *(".netrc", "_netrc", ".authinfo", ".authinfo.gpg", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".s3cfg", ".boto"),
        *(".aws/credentials", ".aws/config", ".azure/*.json", ".config/gcloud/*", "gcloud/*.db", "application_default_credentials.json"),
        *(".docker/config.json", ".dockercfg", ".dockerconfigjson", ".git-credentials", "git/credentials", "hub/hosts.yml", "gh/hosts.yml"),
        *("glab-cli/config.yml", ".terraformrc", "terraform.rc", "credentials.tfrc.json", ".vault-token", ".vault_pass", ".vault_pass.txt"),
        *("vault_pass.txt", "vault-password*", ".databrickscfg", ".snowsql/config", "connections.toml", ".dbt/profiles.yml", ".oci/config"),
        *(".fly/config.yml", ".netlify/config.json", ".config/doctl/config.yaml", ".irssi/config", ".muttrc", ".fetchmailrc", ".msmtprc"),
        *(".kaggle/kaggle.json", "kaggle.json", ".huggingface/token", "huggingface/token", ".rclone.conf", "rclone.conf", "filezilla.xml"),
        *("sitemanager.xml", "recentservers.xml", ".esmtprc", ".smbcredentials", "credentials.xml", "database.yml.key"),
    ),
    "credentials file": (
        *(
            "credentials",
            "credentials.json",
            "credentials.yml",
            "credentials.yaml",
            "credentials.toml",
            "credentials.ini",
            "credentials.csv",
        ),
        *("*credentials*.json", "client_secret*.json", "client-secret*.json", "service-account*.json", "service_account*.json"),
        *("serviceaccount*.json", "*firebase-adminsdk*.json", "gcp-key*.json", "*-keyfile.json", "accesskeys.csv", "*_accesskeys.csv"),
        *("token.json", "tokens.json", ".token", "oauth-token*", "passwd", "shadow", "gshadow", "master.passwd", "passwords.*"),
        *(".htpasswd", "htpasswd", "*.htpasswd", ".passwd", "*.passwd", "pwd.txt", "password.txt", "passwords.txt"),
    ),
    "secrets file": (
        *("secrets.*", "secret.*", ".secrets", ".secrets.*", "*.secret", "*.secrets", "*.secrets.*", "*-secrets.y*ml", "*-secret.y*ml"),
        *("secrets", "secrets.yml.enc", "credentials.yml.enc", "master.key", "application-secret*", "user-secrets/*/secrets.json"),
        *("local.settings.json", "*.publishsettings", "*.pubxml.user", "vault.y*ml", "vault_*.y*ml", "*.vault.y*ml"),
    ),
    "cluster credentials": (
        ".kube/config",
        "kubeconfig",
        "*.kubeconfig",
        "kubeconfig.*",
        "admin.conf",
        "kubelet.conf",
        ".talos/config",
        "talosconfig",
    ),
    "infrastructure state": ("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", "pulumi.*.yaml", ".chef/*.pem", "*.auto.tfvars"),
    "shell or database history": (
        *(".bash_history", ".zsh_history", ".sh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history"),
        *(".sqlite_history", ".rediscli_history", ".mongorc.js", "consolehost_history.txt", "fish_history", ".irb_history", ".pry_history"),
    ),
}

#: Any file below a folder of this name.
_FOLDERS = {
    ".git": "inside .git",
    ".hg": "inside .hg",
    ".svn": "inside .svn",
    ".ssh": "inside .ssh",
    ".gnupg": "inside .gnupg",
    ".password-store": "inside a password store",
    ".secrets": "inside a secrets folder",
}

#: Files that stand in for private ones and are made to be shown.
_SHOWN = ("*.example", "*.sample", "*.template", "*.tmpl", "*.dist", "*.pub", "*.example.*", "*.sample.*", "*.template.*", "*.schema.json")

#: Source code is read for secrets, not refused: `secrets.py` is a module name.
_CODE = (
    *("*.py", "*.pyi", "*.js", "*.mjs", "*.cjs", "*.jsx", "*.ts", "*.mts", "*.cts", "*.tsx", "*.go", "*.rs", "*.java", "*.c", "*.h"),
    *("*.cc", "*.cpp", "*.cxx", "*.hpp", "*.rb", "*.kt", "*.swift", "*.cs", "*.scala", "*.md", "*.rst"),
)
_NEVER_EVEN_AS_CODE = ("environment file", "private key or certificate store")


def refusal(path: str, globs: Sequence[str]) -> str:
    """Why the text of this file is never sent outside, as a short clause that names the rule; "" when it may be.

    `path` may be relative or absolute, with either kind of slash; case does not count. `globs` are the user's own: `*` and `?`
    stay within one name, `**` crosses folders, a glob that matches a folder covers all below it, and one that starts with
    "/", "~" or a drive is anchored. A glob matches at the start of any folder of the path otherwise.
    """
    whole = _normal(path)
    for glob in globs:
        if _user_glob(glob).search(whole):
            return f'your setting privacy.never_send has "{glob}"'
    parts = [part for part in whole.split("/") if part not in ("", ".")]
    for folder in parts[:-1]:
        if folder in _FOLDERS:
            return f"it lies {_FOLDERS[folder]}"
    return _by_name(parts[-1], "/".join(parts)) if parts else ""


def file_path(uri: str) -> str:
    """The path of a file: URI; any other URI as it is."""
    if not uri.lower().startswith("file://"):
        return uri
    from urllib.parse import unquote

    path = unquote(uri[len("file://") :])
    return path[1:] if path[2:3] == ":" else path  # /c:/work


def _by_name(name: str, whole: str) -> str:
    if not _any_rule().search(whole):  # nearly every file of a workspace: one look instead of two hundred
        return ""
    if any(fnmatchcase(name, glob) for glob in _SHOWN):
        return ""
    code = any(fnmatchcase(name, glob) for glob in _CODE)
    for reason, globs in _NEVER.items():
        for glob in globs:
            matched = _ends_with(whole, glob) if "/" in glob else fnmatchcase(name, glob)
            if matched and not (code and reason not in _NEVER_EVEN_AS_CODE):
                return f"{reason} ({glob})"
    return ""


@cache
def _any_rule() -> Any:
    import re2

    rules = "|".join(glob_body(glob) for globs in _NEVER.values() for glob in globs)
    return re2.compile(f"(?s)(?:^|/)(?:{rules})$")


def _ends_with(whole: str, glob: str) -> bool:
    parts, wanted = whole.split("/"), glob.split("/")
    tail = parts[-len(wanted) :]
    return len(tail) == len(wanted) and all(fnmatchcase(part, want) for part, want in zip(tail, wanted, strict=True))


def _normal(path: str) -> str:
    """Lower case, forward slashes, without what Windows ignores at the end of a name (blanks, dots, stream names)."""
    path = matchable(path.replace("\\", "/").casefold())
    folder, slash, name = path.rpartition("/")
    name = name.split("::$", 1)[0]
    return folder + slash + (name.rstrip(" .") or name)


@lru_cache(maxsize=256)
def _user_glob(glob: str) -> Any:
    """A linear-time regex, because globs come from files of other people."""
    import os

    import re2

    wanted = _normal(os.path.expanduser(glob)) if glob.startswith("~") else _normal(glob)
    anchored = wanted.startswith("/") or wanted[1:2] == ":"
    wanted = wanted.rstrip("/")
    body = glob_body(wanted)
    start = "^" if anchored else "(?:^|/)"
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"{start}{body}(?:/|$)", options)
    except re2.error:  # such as [z-a]: taken letter by letter, which refuses at least that very name
        return re2.compile(f"{start}{re2.escape(wanted)}(?:/|$)")


def matchable(path: str) -> str:
    """A path that a regular expression takes: in file names that are no text, the strange bytes become question marks."""
    return path.encode("utf-8", "replace").decode()


def glob_body(glob: str) -> str:
    """A glob as a linear-time regex without anchors: `*` and `?` stay within one name, `**` crosses folders."""
    body, position = "", 0
    while position < len(glob):
        piece, position = _glob_piece(glob, position)
        body += piece
    return body


def _glob_piece(glob: str, position: int) -> tuple[str, int]:
    import re2

    if glob.startswith("**/", position):
        return "(?:.*/)?", position + 3
    if glob.startswith("**", position):
        return ".*", position + 2
    character = glob[position]
    if character == "*":
        return "[^/]*", position + 1
    if character == "?":
        return "[^/]", position + 1
    if character == "[" and (end := glob.find("]", position + 2)) > 0:
        inside = glob[position + 1 : end].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        inside = "^" + inside[1:] if inside.startswith("!") else inside
        return f"[{inside}]", end + 1
    return str(re2.escape(character)), position + 1
