"""Which files are read, and the real indexing process: started, killed, closed, talking nonsense."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestra_lsp.config import IndexSettings
from orchestra_lsp.model import State
from orchestra_lsp.syntax.parse import open_buffer
from orchestra_lsp.tools.local.build import Builder
from orchestra_lsp.tools.local.engine import LocalEngine
from orchestra_lsp.tools.local.files import MAX_FILE_BYTES, Caps, is_source, listed, read
from orchestra_lsp.tools.local.segment import Segment
from orchestra_lsp.tools.local.workspace import Workspace, read_result

CAPS = Caps(1000, 10_000_000)
LINE = "connection = open_connection(address, timeout)\n"


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def names(root: Path, caps: Caps = CAPS) -> set[str]:
    return {Path(path).relative_to(root).as_posix() for path in listed(str(root), caps)}


# --- files ---


def test_walking_skips_what_nobody_wrote(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(
            ["a.py", "b/c.go", "b/d.lua", "node_modules/x.js", ".venv/y.py", "target/z.rs", "data.csv", "pic.png", ".env", "app.min.js"],
            LINE,
        ),
    )
    assert names(tmp_path) == {"a.py", "b/c.go", "b/d.lua"}


def test_links_make_no_loops(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LINE, "b/c.py": LINE})
    (tmp_path / "b" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    assert names(tmp_path) == {"a.py", "b/c.py", "link.py"}
    assert read(str(tmp_path / "link.py")) is None


def test_git_decides_what_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LINE, "new.py": LINE, "made/b.py": LINE, ".gitignore": "made/\n*_made.py\n", "c_made.py": LINE})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=20)
    subprocess.run(["git", "-C", str(tmp_path), "add", "a.py"], check=True, timeout=20)
    assert names(tmp_path) == {"a.py", "new.py"}


def test_a_repository_cannot_name_a_program_to_run(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LINE})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=20)
    ran = tmp_path / "ran"
    subprocess.run(["git", "-C", str(tmp_path), "config", "core.fsmonitor", f"touch {ran}; false"], check=True, timeout=20)
    assert names(tmp_path) == {"a.py"}
    assert not ran.exists()


def test_the_files_changed_last_win(tmp_path: Path) -> None:
    write(tmp_path, {f"f{number}.py": LINE for number in range(10)})
    for number in range(10):
        os.utime(tmp_path / f"f{number}.py", (number, number))
    assert names(tmp_path, Caps(3, 10_000)) == {"f9.py", "f8.py", "f7.py"}


@pytest.mark.parametrize(
    "data", [b"a\0b", b"x = 1;" * 1000, b"x = 1\n" * (MAX_FILE_BYTES // 5), b""], ids=["binary", "minified", "too large", "empty"]
)
def test_not_worth_reading(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert read(str(tmp_path / "a.py")) is None


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert read(str(tmp_path / "gone.py")) is None
    assert read(str(tmp_path)) is None


def test_damaged_text_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = '\xff'\n")
    source = read(str(tmp_path / "a.py"))
    assert source
    assert source.text == "x = '\ufffd'\n"


@pytest.mark.parametrize("name", ["secrets/id_rsa", ".git/x.py", "a/.hidden.py", "b/node_modules/c/d.js", "service.env"])
def test_no_source(name: str) -> None:
    assert not is_source(name)


# --- the indexing process ---


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    made = Workspace(quiet_s=0.05, again_s=0.05)
    yield made
    made.close()


def words(segment: Segment | None) -> set[str]:
    return set() if segment is None else {segment.word(number) for number in range(*segment.starting_with("", "python"))}


def test_learned_updated_and_deleted(tmp_path: Path, workspace: Workspace) -> None:
    write(tmp_path, {"a.py": "alpha = 1\n", "b.py": "beta = 2\n"})
    workspace.learn([str(tmp_path)], 100, 1_000_000)
    until(lambda: workspace.progress.state == "ready")
    assert workspace.progress.files == 2
    assert {"alpha", "beta"} <= words(workspace.snapshot.base)
    write(tmp_path, {"a.py": "gamma = 3\n", "new.py": "delta = 4\n"})
    (tmp_path / "b.py").unlink()
    for name in ("a.py", "new.py", "b.py", "not-code.bin"):
        workspace.update(str(tmp_path / name))
    until(lambda: workspace.snapshot.changed)
    assert {"gamma", "delta"} <= words(workspace.snapshot.changed)
    assert {Path(path).name for path in workspace.snapshot.outdated} == {"a.py", "b.py", "new.py"}


def test_the_caps_hold(tmp_path: Path, workspace: Workspace) -> None:
    write(tmp_path, {f"f{number}.py": LINE * 10 for number in range(20)})
    workspace.learn([str(tmp_path)], 5, 1_000_000)
    until(lambda: workspace.progress.state == "ready")
    assert workspace.progress.files == 5
    workspace.learn([str(tmp_path)], 100, len(LINE) * 30)
    until(lambda: workspace.progress.state == "ready")
    assert workspace.progress.files == 3


def test_a_killed_process_is_tried_again(tmp_path: Path, workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, {"a.py": LINE})
    with caplog.at_level(logging.WARNING):
        workspace.learn([str(tmp_path)], 100, 1_000_000)
        until(lambda: workspace._process)
        process = workspace._process
        assert process
        process.kill()
        until(lambda: workspace.progress.state == "ready")
    assert "try 1 of 3" in caplog.text
    assert workspace.progress.files == 1


def test_closing_ends_the_process(tmp_path: Path, workspace: Workspace) -> None:
    write(tmp_path, {"a.py": LINE})
    workspace.learn([str(tmp_path)], 100, 1_000_000)
    until(lambda: workspace._process)
    process = workspace._process
    assert process
    workspace.close()
    workspace.close()
    until(lambda: process.poll() is not None)
    workspace.learn([str(tmp_path)], 100, 1_000_000)
    assert workspace.snapshot.base is None


def test_a_folder_that_is_not_there(tmp_path: Path, workspace: Workspace) -> None:
    workspace.learn([str(tmp_path / "gone")], 100, 1_000_000)
    until(lambda: workspace.progress.state == "ready")
    assert workspace.progress.files == 0


def test_the_process_ends_with_its_server(tmp_path: Path) -> None:
    import sys

    process = subprocess.Popen([sys.executable, "-m", "orchestra_lsp.tools.local.indexer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    job = {"roots": [str(tmp_path)], "max_files": 1, "max_bytes": 1, "only": None}
    process.stdin.write(json.dumps(job).encode() + b"\n")
    process.stdin.close()
    assert process.wait(20) in (0, 1)
    assert process.stdout
    process.stdout.close()


RESULT = Builder()
RESULT.add("/code/a.py", LINE, "python")
SEGMENT = RESULT.finish()
SAID = json.dumps({"size": len(SEGMENT), "files": 1, "bytes": 9, "skipped": 0}).encode() + b"\n"


def test_a_whole_result() -> None:
    told: list[tuple[int, int]] = []
    segment, size = read_result(
        io.BytesIO(b'{"files": 1, "bytes": 5}\n' + SAID + SEGMENT), lambda files, count: told.append((files, count))
    )
    assert (size, told, segment.paths) == (9, [(1, 5)], ("/code/a.py",))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\n",
        b"[]\n",
        b'{"failed": "no memory"}\n',
        SAID + SEGMENT[:50],
        b'{"size": -1, "files": 0, "bytes": 0}\n',
        b'{"size": 99999999999, "files": 0, "bytes": 0}\n',
        b'{"size": 5, "files": 0, "bytes": 0}\nhello',
        b'{"other": 1}\n',
    ],
)
def test_nonsense_is_a_value_error(said: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_result(io.BytesIO(said), lambda files, count: None)


# --- the engine on top ---


async def test_the_engine_learns_a_workspace(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LINE * 3, "b.py": "x = 1\n"})
    engine = LocalEngine()
    assert (await engine.check()).state is State.READY
    engine.learn_workspace([str(tmp_path)], IndexSettings())
    end = time.monotonic() + 20
    while engine.progress.state != "ready":
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    assert (await engine.check()).reason == "learned 2 files"
    path = str(tmp_path / "b.py")
    text = "connection = open_c"
    offer = engine.offer(open_buffer("file:///b.py", path, 1, "python", text), len(text))
    assert offer.text == "onnection(address, timeout)"
    # What the file on disk says is no longer true when the file is open.
    own = str(tmp_path / "a.py")
    assert "address" not in engine.offer(open_buffer("file:///a.py", own, 1, "python", text), len(text)).text
    await engine.close()
    await engine.close()


async def test_switched_off_it_reads_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": LINE})
    engine = LocalEngine()
    engine.learn_workspace([str(tmp_path)], IndexSettings(enabled=False))
    engine.update_file(str(tmp_path / "a.py"))
    assert engine.progress.state == "off"
    assert "open files only" in (await engine.check()).reason
    await engine.close()
