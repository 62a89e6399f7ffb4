"""Which files a command looks at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestra_lsp.cli.perform import project_of
from orchestra_lsp.commands.parts import files
from orchestra_lsp.commands.parts.git import staged as staged_files
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.model import Buffer
from orchestra_lsp.trust import git
from tests.commands.support import git as run_git
from tests.commands.support import repository, write

TREE = {
    "app.py": "a = 1\n",
    "README.md": "# readme\n",
    "src/page.ts": "let a = 1\n",
    "src/page.min.js": "let a=1\n",
    "src/tool": "#!/usr/bin/env python3\nprint(1)\n",
    "node_modules/left/index.js": "let a = 1\n",
    "build/made.py": "a = 1\n",
    ".hidden/secret.py": "a = 1\n",
    ".env": "A=1\n",
}


def found(folder: Path, *paths: str) -> list[str]:
    return sorted(os.path.relpath(path, folder).replace(os.sep, "/") for path in files.find(paths or (str(folder),)))


def test_a_folder_without_git_is_walked(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    assert found(tmp_path) == ["app.py", "src/page.ts", "src/tool"]


def test_a_repository_says_itself_what_is_ignored(tmp_path: Path) -> None:
    repository(tmp_path, TREE)
    write(tmp_path, {".gitignore": "made/\n", "made/page.py": "a = 1\n", "new.py": "a = 1\n"})
    assert found(tmp_path) == ["app.py", "build/made.py", "new.py", "src/page.ts", "src/tool"]


def test_a_deleted_file_is_not_named(tmp_path: Path) -> None:
    repository(tmp_path, TREE)
    (tmp_path / "app.py").unlink()
    assert "app.py" not in found(tmp_path)


def test_what_is_named_outright_is_looked_at(tmp_path: Path) -> None:
    repository(tmp_path, TREE)
    hidden = str(tmp_path / ".hidden" / "secret.py")
    vendored = str(tmp_path / "node_modules")
    assert list(files.find([hidden, vendored, hidden])) == [hidden, str(tmp_path / "node_modules" / "left" / "index.js")]


def test_an_ignored_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    repository(tmp_path, {".gitignore": "made/\n", "app.py": "a = 1\n"})
    write(tmp_path, {"made/page.py": "a = 1\n"})
    assert found(tmp_path, str(tmp_path / "made")) == ["made/page.py"]


def test_a_repository_in_a_repository_is_entered(tmp_path: Path) -> None:
    repository(tmp_path, {"app.py": "a = 1\n"})
    repository(tmp_path / "inner", {"page.py": "a = 1\n"})
    assert found(tmp_path) == ["app.py", "inner/page.py"]


def test_the_folder_one_is_in_needs_no_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TREE)
    monkeypatch.chdir(tmp_path)
    assert "app.py" in list(files.find(["."]))


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"one/app.py": "a = 1\n"})
    try:
        (tmp_path / "two").symlink_to(tmp_path / "one", target_is_directory=True)
        (tmp_path / "app.py").symlink_to(tmp_path / "one" / "app.py")
    except OSError:  # Windows lets only some people make links
        return
    assert found(tmp_path) == ["one/app.py"]


def test_a_missing_path_is_told() -> None:
    with pytest.raises(WrongUse, match=r"There is no file or folder 'nowhere\.py'"):
        list(files.find(["nowhere.py"]))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="only POSIX has such rights, and root may read everything")
def test_a_closed_folder_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(WrongUse, match="closed cannot be read: you have no right to"):
        list(files.find([str(closed)]))
    assert project_of(str(closed)) == str(closed)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"large.py": "a = 1\n" * 100, "good.py": "a = 1\n"})
    (tmp_path / "binary.py").write_bytes(b"a\0b")
    assert isinstance(files.read(str(tmp_path / "good.py"), 1000), Buffer)
    assert files.read(str(tmp_path / "large.py"), 100) == "is larger than server.max_document_bytes (600 of 100 bytes)"
    assert files.read(str(tmp_path / "binary.py"), 1000) == files.BINARY
    assert files.read(str(tmp_path), 1000) == "is not a regular file"
    assert str(files.read(str(tmp_path / "gone.py"), 1000)).startswith("cannot be read: ")


def test_staged_content_comes_with_its_changed_lines(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "one\ntwo\nthree\n", "gone.py": "x\n", "sub/b.py": "one\n"})
    write(tmp_path, {"a.py": "one\nTWO\nthree\nfour\n", "sub/with space.py": "new\n", "sub/h\u00fc.py": "new\n"})
    (tmp_path / "gone.py").unlink()
    run_git(tmp_path, "add", "-A")
    write(tmp_path, {"a.py": "not staged\n"})
    staged = {one.path: one for one in staged_files(tmp_path)}
    assert set(staged) == {"a.py", "sub/with space.py", "sub/h\u00fc.py"}
    assert staged["a.py"].data == b"one\nTWO\nthree\nfour\n"
    assert staged["a.py"].lines == {1, 3}
    assert staged["sub/with space.py"].lines == {0}


def test_staged_binary_and_tricky_content_keep_their_order(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "x\n"})
    (tmp_path / "b.bin").write_bytes(bytes(range(256)) * 3)
    write(tmp_path, {"c.py": "diff --git a/x b/x\n@@ -1 +1 @@\n+++ b/y\n", "d.py": "", "e.py": "no end"})
    run_git(tmp_path, "add", "-A")
    staged = {one.path: one for one in staged_files(tmp_path)}
    assert staged["c.py"].lines == {0, 1, 2}
    assert staged["b.bin"].data == bytes(range(256)) * 3
    assert staged["d.py"].lines == frozenset()
    assert staged["e.py"].lines == {0}


def test_a_clones_own_settings_start_no_program(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "x\n"})
    mark = tmp_path / "started"
    for key in ("core.fsmonitor", "diff.external"):
        run_git(tmp_path, "config", key, f"touch {mark}")
    write(tmp_path, {"a.py": "y\n"})
    run_git(tmp_path, "-c", "core.fsmonitor=false", "add", "-A")
    assert git.listed(tmp_path) == ["a.py"]
    assert [one.path for one in staged_files(tmp_path)] == ["a.py"]
    assert not mark.exists()


def test_git_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(git.GitFailed, match="not a git repository"):
        git.root_of(tmp_path)
