"""A confined program sees its copy, its home and the system, and nothing of the person's; tried for real with what this machine has."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from orchestra_lsp.trust import confine, workcopy
from orchestra_lsp.trust.confine import Confinement, confined, confinement, installation
from orchestra_lsp.trust.workcopy import MaskedFolder

WAYS = {confine.BUBBLEWRAP: confine._bubblewrap, confine.LANDLOCK: confine._landlock}
#: What works here. Where nothing does, the first test says that this is what people are told.
WORKING = [name for name, way in WAYS.items() if sys.platform.startswith("linux") and confine._works(way)]

#: Tries to read and write what it is told, and says what it got.
PROBE = """
import json, os, sys
asked = json.loads(sys.argv[1])
got = {}
for path in asked["read"]:
    try:
        got[path] = open(path).read() if not os.path.isdir(path) else sorted(os.listdir(path))
    except OSError as error:
        got[path] = None
for path in asked["write"]:
    try:
        open(path, "w").write("written")
        got[path] = "written"
    except OSError as error:
        got[path] = None
if asked.get("link"):
    os.symlink(*asked["link"])
    try:
        got["link"] = open(asked["link"][1]).read()
    except OSError as error:
        got["link"] = None
if asked.get("signal"):
    try:
        os.kill(asked["signal"], 0)
        got["signal"] = "heard"
    except OSError as error:
        got["signal"] = None
print(json.dumps(got))
"""


@pytest.fixture
def folder(tmp_path: Path) -> MaskedFolder:
    top = tmp_path.resolve() / "copy"
    top.mkdir()
    made = workcopy.probe_folder(top)
    (made.path / "inside.txt").write_text("inside")
    (tmp_path / "secret.txt").write_text("not yours")
    return made


def probe(name: str, folder: MaskedFolder, **asked: object) -> dict[str, object]:
    argv = (sys.executable, "-c", PROBE, json.dumps({"read": [], "write": [], **asked}))
    own = tuple(installation(argv, (folder.path, folder.home)))
    done = subprocess.run(WAYS[name](argv, folder, own), cwd=folder.path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_it_says_what_it_does_here() -> None:
    found = confinement()
    assert (found.by in WORKING) if WORKING else (not found.by and "bubblewrap" in found.why)
    assert str(Confinement("", "no")) == "not confined: no"
    assert str(Confinement("Landlock")) == "confined by Landlock"


def test_without_a_way_the_command_line_is_empty(folder: MaskedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "confinement", lambda: Confinement("", "no"))
    assert confined(("/bin/true",), folder) == ()


@pytest.mark.parametrize("name", WORKING)
def test_nothing_outside_can_be_read(folder: MaskedFolder, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "secret.txt"
    home = Path.home()
    asked = [str(outside), "../../secret.txt", str(tmp_path), str(home), __file__, "/etc/shadow", f"/proc/{os.getpid()}/environ"]
    asked += [f"/proc/{os.getpid()}/cwd/pyproject.toml", "inside.txt", str(folder.path / "inside.txt")]
    got = probe(name, folder, read=asked, link=[str(outside), "link"])
    assert {path for path, text in got.items() if text == "inside"} == {"inside.txt", str(folder.path / "inside.txt")}
    assert "not yours" not in json.dumps(got)
    assert got["link"] is None
    assert got[__file__] is None
    assert got["/etc/shadow"] is None
    assert got[f"/proc/{os.getpid()}/environ"] is None
    seen = got[str(home)]
    assert seen is None or not {".ssh", ".bashrc", ".config", ".gitconfig"} & set(seen if isinstance(seen, list) else ())


@pytest.mark.parametrize("name", WORKING)
def test_only_the_copy_and_its_home_can_be_written(folder: MaskedFolder, tmp_path: Path, name: str) -> None:
    wanted = [str(folder.path / "new.txt"), str(folder.home / "new.txt")]
    refused = [
        str(tmp_path / "secret.txt"),
        str(tmp_path / "new.txt"),
        "/usr/new.txt",
        str(Path(sys.prefix) / "new.txt"),
        str(Path.home() / "new.txt"),
    ]
    got = probe(name, folder, write=[*wanted, *refused])
    assert all((folder.path.parent / Path(path).relative_to(folder.path.parent)).read_text() == "written" for path in wanted)
    assert (tmp_path / "secret.txt").read_text() == "not yours"
    assert not any(Path(path).exists() for path in refused[1:])
    assert got[wanted[0]] == "written"


@pytest.mark.parametrize("name", WORKING)
def test_git_works_inside(folder: MaskedFolder, name: str) -> None:
    argv = ("git", "init", "-q")
    done = subprocess.run(WAYS[name](argv, folder, ()), cwd=folder.path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder.path / ".git").is_dir()


@pytest.mark.parametrize("name", WORKING)
def test_ending_the_group_ends_everything_inside(folder: MaskedFolder, name: str) -> None:
    script = "sleep 1000 & echo started; wait"
    running = subprocess.Popen(
        WAYS[name](("/bin/sh", "-c", script), folder, ()), cwd=folder.path, stdout=subprocess.PIPE, start_new_session=True
    )
    assert running.stdout
    assert running.stdout.readline() == b"started\n"
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(10)
    assert running.stdout.read() == b"", "whoever holds the other end is still there"
    running.stdout.close()


@pytest.mark.parametrize("name", WORKING)
def test_a_workspace_among_the_systems_own_files_is_hidden(tmp_path: Path, name: str) -> None:
    """As in many containers, where the project lies in /opt or /usr/src; here the installation of the program stands for those."""
    tree = tmp_path.resolve() / "opt"
    work = tree / "src" / "app"
    for path in (work / ".env", work / ".venv" / "lib.txt", tree / "src" / "other.txt", tree / "lib.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    folder = workcopy.probe_folder(tmp_path.resolve() / "copy", work)
    asked = [str(path) for path in (work / ".env", work / ".venv" / "lib.txt", tree / "src" / "other.txt", tree / "lib.txt")]
    argv = (sys.executable, "-c", PROBE, json.dumps({"read": asked, "write": []}))
    own = (*installation(argv), tree, work / ".venv")
    done = subprocess.run(WAYS[name](argv, folder, own), cwd=folder.path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert list(json.loads(done.stdout).values()) == [None, "text", "text", "text"]


def check(argv: Sequence[str], is_there: Callable[[set[Path]], bool]) -> None:
    assert is_there(set(installation(argv)))


def test_an_installation_is_the_program_and_its_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path.resolve() / "home"
    for name in (
        ".local/bin",
        ".local/lib",
        "tool/bin",
        "tool/lib",
        "modules/lib/node_modules/agent",
        "modules/bin",
        "work/.git",
        "work/bin",
        "work/lib",
    ):
        (home / name).mkdir(parents=True)
    for name in (".local/bin/agent", "tool/bin/agent", "modules/lib/node_modules/agent/index.js", "work/bin/agent"):
        (home / name).write_text("#!/bin/sh\n")
        (home / name).chmod(0o755)
    (home / "modules/bin/agent").symlink_to("../lib/node_modules/agent/index.js")
    monkeypatch.setenv("HOME", str(home))
    check([str(home / "tool/bin/agent")], lambda found: home / "tool" in found and home not in found)
    check([str(home / "modules/bin/agent")], lambda found: home / "modules/lib/node_modules" in found)
    check([str(home / ".local/bin/agent")], lambda found: home / ".local" not in found and home / ".local/bin/agent" in found)
    check([str(home / "work/bin/agent")], lambda found: home / "work" not in found and home / "work/bin" not in found)
    check(["/bin/sh", str(home / "work/bin/agent")], lambda found: home / "work/bin/agent" in found and home / "work" not in found)
    check(["there-is-no-such-program"], lambda found: not found)
