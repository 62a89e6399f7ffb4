"""Install the real programs that `pytest -m peers` drives, from npm into a cache of their own:  python tests/peers/install.py [NAME ...]

They weigh 0.2 to 0.6 GB each. Needs npm and node 20 or newer. The versions are the ones that the recorded wires are from; the
cache is `$ORCHESTRA_PEERS`, else ~/.cache/orchestra-peers. What is there already is left alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "claude": "@anthropic-ai/claude-code@2.1.197",
    "claude-agent-acp": "@agentclientprotocol/claude-agent-acp@0.49.0",
    "copilot": "@github/copilot@1.0.102",
    "copilot-language-server": "@github/copilot-language-server@1.539.0",
    "droid": "droid@0.215.0",
}
LIMIT_SECONDS = 900


def cache() -> Path:
    """Where the programs are; each has a folder of its name there."""
    return Path(os.environ.get("ORCHESTRA_PEERS") or Path.home() / ".cache" / "orchestra-peers")


def program(name: str) -> Path | None:
    """The installed program `name`, if it is there."""
    found = shutil.which(name, path=str(cache() / name / "node_modules" / ".bin"))
    return Path(found) if found else None


def install(name: str) -> bool:
    """Whether it is there afterwards."""
    if program(name):
        print(f"{name}: there already, {PACKAGES[name]}")
        return True
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not on the PATH; install node 20 or newer", file=sys.stderr)
        return False
    folder = cache() / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel=error", PACKAGES[name]]
    try:
        subprocess.run(command, check=True, timeout=LIMIT_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{name}: {error}", file=sys.stderr)
    print(f"{name}: {program(name) or 'not installed'}")
    return program(name) is not None


def main() -> int:
    """Install the named programs, or all."""
    wanted = sys.argv[1:] or list(PACKAGES)
    unknown = [name for name in wanted if name not in PACKAGES]
    if unknown:
        print(f"there is no {', '.join(unknown)}; there are {', '.join(PACKAGES)}", file=sys.stderr)
        return 2
    done = [install(name) for name in wanted]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
