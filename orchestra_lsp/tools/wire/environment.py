"""What of our environment a child process gets to see: a short list, and never the rest, which may hold anybody's keys."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

#: What programs need to run at all, to find the network, and to speak the person's language.
ALLOWED = frozenset(
    {"PATH", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL"}
    | {
        "SYSTEMROOT",
        "SYSTEMDRIVE",
        "WINDIR",
        "COMSPEC",
        "PATHEXT",
        "PROGRAMFILES",
        "PROGRAMFILES(X86)",
        "PROGRAMDATA",
        "NUMBER_OF_PROCESSORS",
    }
    | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "NODE_USE_SYSTEM_CA"}
)
#: Where a person's own files are; another home has its own.
HOMES = frozenset({"HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "HOMEDRIVE", "HOMEPATH", "TEMP", "TMP", "TMPDIR"})
HOME_PREFIXES = ("XDG_",)
PREFIXES = ("LC_",)
#: For programs that would otherwise draw or ask.
QUIET = {"NO_COLOR": "1", "TERM": "dumb", "GIT_TERMINAL_PROMPT": "0"}


def scrubbed(names: Iterable[str] = (), home: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The allowed part of the environment and what `names` adds to it; `home` takes the place of everything of the person's own."""
    environ = os.environ if environ is None else environ
    wanted = ALLOWED | {name.upper() for name in names} | (frozenset() if home else HOMES)
    prefixes = PREFIXES if home else PREFIXES + HOME_PREFIXES
    kept = {name: value for name, value in environ.items() if name.upper() in wanted or name.upper().startswith(prefixes)}
    return {**kept, **QUIET, **(_at(home) if home else {})}


def _at(home: Path) -> dict[str, str]:
    """Everything that programs take for a home or a place of their own, inside `home`."""
    inside = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), home / "tmp"),
    }
    return {name: str(path) for name, path in inside.items()}
