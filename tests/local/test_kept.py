"""The index on disk: used again at the next start, brought up to date, built anew when it is of another version or broken."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestra_lsp.tools.local import kept
from orchestra_lsp.tools.local.segment import MAGIC, Segment
from orchestra_lsp.tools.local.workspace import Workspace

LIMITS = (100, 1_000_000)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORCHESTRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("alpha = 1\n", encoding="utf-8")
    (folder / "b.py").write_text("beta = 2\n", encoding="utf-8")
    return folder


@pytest.fixture
def start(project: Path) -> Iterator[Callable[[], Workspace]]:
    """Starts a workspace on the project, as a new process of the server would."""
    made: list[Workspace] = []

    def started() -> Workspace:
        workspace = Workspace(quiet_s=0.05, again_s=0.05)
        made.append(workspace)
        workspace.learn([str(project)], *LIMITS, keep=True)
        until(lambda: workspace.progress.state == "ready")
        return workspace

    yield started
    for one in made:
        one.close()


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def words(segment: Segment | None) -> set[str]:
    return set() if segment is None else {segment.word(number) for number in range(*segment.starting_with("", "python"))}


def files(cache: Path) -> list[Path]:
    return sorted(cache.glob("*" + kept.ENDING))


def test_it_is_used_again(start: Callable[[], Workspace], cache: Path) -> None:
    start()
    (written,) = files(cache)
    assert written.stat().st_mode & 0o077 == 0
    again = start()
    assert {"alpha", "beta"} <= words(again.snapshot.base)
    assert again.snapshot.changed is None
    assert files(cache) == [written]


def test_what_changed_meanwhile_is_read_and_nothing_else(start: Callable[[], Workspace], project: Path, cache: Path) -> None:
    start().close()
    (project / "a.py").write_text("gamma = 33\n", encoding="utf-8")
    (project / "b.py").unlink()
    (project / "c.py").write_text("delta = 4\n", encoding="utf-8")
    again = start()
    assert {Path(path).name for path in again.snapshot.outdated} == {"a.py", "b.py", "c.py"}
    assert {"gamma", "delta"} <= words(again.snapshot.changed)
    assert "beta" not in words(again.snapshot.changed)
    assert len(files(cache)) == 1


@pytest.mark.parametrize("damage", ["version", "cut", "bytes", "empty"])
def test_a_broken_one_is_built_anew(start: Callable[[], Workspace], cache: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    start().close()
    (written,) = files(cache)
    data = written.read_bytes()
    broken = {
        "version": data.replace(MAGIC, MAGIC[:-2] + b"0\n", 1),
        "cut": data[: len(data) // 2],
        "bytes": data[:-8] + b"\xff" * 8,
        "empty": b"",
    }
    written.write_bytes(broken[damage])
    with caplog.at_level(logging.WARNING):
        again = start()
    assert {"alpha", "beta"} <= words(again.snapshot.base)
    assert "built anew" in caplog.text
    (anew,) = files(cache)
    assert anew != written


def test_where_nothing_can_be_written_it_learns_all_the_same(
    start: Callable[[], Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ORCHESTRA_CACHE", str(tmp_path / "file" / "below"))
    with caplog.at_level(logging.WARNING):
        assert "alpha" in words(start().snapshot.base)
    assert "not kept" in caplog.text


def test_not_kept_unless_wanted(project: Path, cache: Path) -> None:
    workspace = Workspace()
    workspace.learn([str(project)], *LIMITS)
    until(lambda: workspace.progress.state == "ready")
    workspace.close()
    assert files(cache) == []


def test_those_used_longest_ago_go_first(cache: Path) -> None:
    cache.mkdir()
    for number in range(20):
        (cache / f"{number:02}-1{kept.ENDING}").write_bytes(b"x")
        time.sleep(0.002)
    kept.tidy("19", str(cache / f"19-1{kept.ENDING}"))
    assert [path.name[:2] for path in files(cache)] == [f"{number:02}" for number in range(4, 20)]


def test_beside_the_store_when_that_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORCHESTRA_CACHE")
    monkeypatch.setenv("ORCHESTRA_STORE", str(tmp_path / "store.sqlite3"))
    assert kept.folder() == tmp_path / "index"
    monkeypatch.delenv("ORCHESTRA_STORE")
    assert "orchestra-lsp" in str(kept.folder())
