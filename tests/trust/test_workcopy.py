"""The copy an agent works in: what is in it, what is not, and that nothing of it stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestra_lsp.trust import shelf, workcopy
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.workcopy import Copier, MaskedFolder, Refused, Stopped, Workspace

from .copying import CONFIG, SECRET, copied, document, git, write

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + SECRET.encode()


def seen(folder: Path) -> bytes:
    """Every byte of every file, and every name: what an agent can read."""
    everything = b""
    for here, folders, files in os.walk(folder):
        everything += " ".join([*folders, *files]).encode()
        everything += b"".join((Path(here) / name).read_bytes() for name in files)
    return everything


def names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("repository", [True, False], ids=["git", "no git"])
def test_it_holds_the_masked_text_files_and_nothing_else(tmp_path: Path, repository: bool) -> None:
    files = {
        "src/config.py": CONFIG,
        "src/shop.py": "def pay():\n    return 1\n",
        "run.sh": "#!/bin/sh\n",
        ".gitignore": "out/\n*.log\n!keep.log\n/top\n",
        "out/made.txt": "made",
        "a.log": "log",
        "keep.log": "kept",
        "deep/top": "kept, for the rule counts from the root alone",
        ".env": f"TOKEN={SECRET}",
        "certs/server.pem": "-----BEGIN PRIVATE KEY-----",
        "logo.png": PNG,
        f"notes-{SECRET}.txt": "its name tells",
    }
    with copied(tmp_path, files, repository=repository) as made:
        assert names(made.path) == {"src/config.py", "src/shop.py", "run.sh", ".gitignore", "keep.log", "deep/top"}
        assert SECRET.encode() not in seen(made.path)
        assert "ORCSEC_github_pat_" in (made.path / "src/config.py").read_text()
        assert (made.path / "src/shop.py").read_bytes() == files["src/shop.py"].encode()  # type: ignore[union-attr]  # it is a str
        assert set(made.left_out()) == {".env", "certs/server.pem", "logo.png", f"notes-{SECRET}.txt"}
        assert "environment file" in made.left_out()[".env"]
        assert made.copy.secrets
        assert list(made.copy.folder.home.iterdir()) == [made.copy.folder.home / "tmp"]


def test_it_is_a_repository_of_one_commit_by_nobody(tmp_path: Path) -> None:
    with copied(tmp_path, {"a.txt": "old\n"}, repository=True) as made:
        assert git(made.path, "status", "--porcelain") == ""
        assert git(made.path, "log", "--format=%an <%ae> %s").splitlines() == ["workspace <workspace@localhost> workspace"]
        assert not (made.path / ".git" / "hooks").exists()
        assert git(made.path, "rev-list", "--all", "--count").strip() == "1"


def test_history_is_not_there(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {"a.txt": f"token: {SECRET}\n"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "with the secret")
    (root / "a.txt").write_text("clean\n")
    with copied(tmp_path, {}) as made:
        objects = git(made.path, "cat-file", "--batch-all-objects", "--batch")
        assert SECRET not in objects
        assert "clean" in objects


def test_links_are_left_out_and_never_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.txt": "not yours", "more/deep.txt": "nor this"})
    root = write(tmp_path / "work", {"inner/a.txt": "mine"})
    (root / "file").symlink_to(outside / "secret.txt")
    (root / "folder").symlink_to(outside / "more")
    (root / "self").symlink_to("inner/a.txt")
    os.mkfifo(root / "pipe")
    with copied(tmp_path, {}) as made:
        assert names(made.path) == {"inner/a.txt"}
        assert not any(path.is_symlink() for path in made.path.rglob("*"))
        assert made.left_out()["self"] == "it is a link"
        assert made.left_out()["pipe"] == "it is no regular file"


def test_a_folder_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    """Git goes on listing the files it tracks there."""
    outside = write(tmp_path / "outside", {"a.txt": "not yours"})
    root = write(tmp_path / "work", {"src/a.txt": "mine", "b.txt": "mine"})
    git(root, "init", "-q")
    git(root, "add", "-A")
    (root / "src" / "a.txt").unlink()
    (root / "src").rmdir()
    (root / "src").symlink_to(outside)
    with copied(tmp_path, {}) as made:
        assert names(made.path) == {"b.txt"}


def test_no_file_is_shared_with_the_workspace(tmp_path: Path) -> None:
    with copied(tmp_path, {"a.txt": "mine"}) as made:
        assert (made.path / "a.txt").stat().st_ino != (made.root / "a.txt").stat().st_ino
        assert (made.path / "a.txt").stat().st_nlink == 1


def test_unsaved_text_counts_and_keeps_the_form_on_disk(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "work"
    buffers = (
        document(root / "a.txt", f"unsaved {SECRET}\r\n"),
        document(root / "new.txt", "never saved\n"),
        document(root / "ignored.log", "nor this\n"),
        document(tmp_path / "elsewhere.txt", "not of this workspace"),
    )
    files = {"a.txt": b"\xef\xbb\xbfsaved\r\n", ".gitignore": "*.log\n"}
    with copied(tmp_path, files, *buffers) as made:
        written = (made.path / "a.txt").read_bytes()
        assert written.startswith(b"\xef\xbb\xbfunsaved ORCSEC_")
        assert written.endswith(b"\r\n")
        assert names(made.path) == {"a.txt", "new.txt", ".gitignore"}
        assert made.returned().changes == ()


def test_programs_stay_programs(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {"run.sh": "#!/bin/sh\n", "a.txt": "text"})
    (root / "run.sh").chmod(0o750)
    with copied(tmp_path, {}) as made:
        assert (made.path / "run.sh").stat().st_mode & 0o111
        assert not (made.path / "a.txt").stat().st_mode & 0o111


def test_files_of_your_own_globs_and_personal_data(tmp_path: Path) -> None:
    files = {"plans/next.md": "secret plans", "mail.txt": "write to anna.kowalska@mailbox.org\n"}
    with copied(tmp_path, files, never_send=("plans/",), personal=("email",)) as made:
        assert names(made.path) == {"mail.txt"}
        assert "anna.kowalska" not in (made.path / "mail.txt").read_text()


def test_what_was_clean_before_is_masked_once_it_holds_something(tmp_path: Path) -> None:
    vault = Vault()
    copier = Copier(vault)
    root = write(tmp_path / "work", {"a.txt": "write to anna.kowalska@mailbox.org\n"})
    for personal, there in (((), True), (("email",), False)):
        copy = copier.copy(Workspace((str(root),), personal=personal), parent=tmp_path)
        assert ("anna" in (copy.folder.path / "a.txt").read_text()) is there
        copy.remove()


def test_what_is_secret_in_one_file_is_hidden_in_all(tmp_path: Path) -> None:
    """Also where nothing tells that it is one, and when the file that tells is left out, ignored or comes later."""
    password = "Kx7mQ2vTz9Lw4Rb1"
    files = {
        ".gitignore": ".env\n",
        ".env": f"DB_PASSWORD={password}\nWORD=word\n",
        "a.txt": f"see {password} and word\n",
        "wide.txt": b"\xff\xfe" + f"see {password}\n".encode("utf-16-le"),
    }
    for repository in (True, False):
        top = tmp_path / str(repository)
        top.mkdir()
        with copied(top, files, repository=repository) as made:
            given = (made.path / "a.txt").read_text()
            assert password not in given
            assert given.startswith("see ORCSEC_")
            assert given.endswith(" and word\n")
            assert password.encode("utf-16-le") not in (made.path / "wide.txt").read_bytes()
            assert made.returned().changes == ()
            (made.path / "a.txt").write_text(given + "more\n")
            assert made.texts() == {"a.txt": f"see {password} and word\nmore\n"}


def test_several_folders_stand_side_by_side(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", {"a.txt": "1"}), write(tmp_path / "two", {"a.txt": "2", "sub/b.txt": "3"})
    roots = (str(one), str(two), str(two / "sub"))
    copy = Copier(Vault()).copy(Workspace(roots), parent=tmp_path)
    assert names(copy.folder.path) == {"folder-1/a.txt", "folder-2/a.txt", "folder-2/sub/b.txt"}
    assert copy.target("folder-2/sub/c.txt") == str(two / "sub" / "c.txt")
    assert copy.target("stray.txt") == ""
    assert copy.find(str(two / "sub")) == "folder-2/sub"
    assert copy.find(str(tmp_path)) == ""
    copy.remove()


def test_repositories_inside_repositories_are_part_of_it(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {"a.txt": "a", "inner/.gitignore": "*.log\n", "inner/b.txt": "b", "inner/c.log": "c"})
    for folder in (root, root / "inner"):
        git(folder, "init", "-q")
    with copied(tmp_path, {}) as made:
        assert names(made.path) == {"a.txt", "inner/.gitignore", "inner/b.txt"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a file name is always text")
@pytest.mark.parametrize("repository", [True, False], ids=["git", "no git"])
def test_names_that_are_no_text_or_look_like_options(tmp_path: Path, repository: bool) -> None:
    odd = os.fsdecode(b"odd-\xff.txt")
    strange = {odd, "-rf.txt", "new\nline.txt", "a b.txt", "\u00e4.txt", "*.txt"}
    with copied(tmp_path, dict.fromkeys(strange, "text\n"), repository=repository) as made:
        assert names(made.path) == strange
        for name in strange:
            (made.path / name).write_text("changed\n")
        (made.path / f"new-{odd}").write_text("new\n")
        assert made.texts() == {**dict.fromkeys(strange, "changed\n"), f"new-{odd}": "new\n"}


@pytest.mark.parametrize("repository", [True, False], ids=["git", "no git"])
def test_a_copy_below_its_own_workspace_does_not_hold_itself(tmp_path: Path, repository: bool) -> None:
    root = write(tmp_path.resolve() / "work", {"a.txt": "a", "z/b.txt": "b"})
    if repository:
        git(root, "init", "-q")
    copy = Copier(Vault()).copy(Workspace((str(root),)), parent=root)
    assert names(copy.folder.path) == {"a.txt", "z/b.txt"}
    copy.remove()


# --- refusals ---


def refused(tmp_path: Path, *roots: str) -> str:
    with pytest.raises(Refused) as caught:
        Copier(Vault()).copy(Workspace(roots), parent=tmp_path)
    assert not list(tmp_path.glob(f"{shelf.PREFIX}*"))
    return str(caught.value)


def test_what_cannot_be_copied_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    full = write(tmp_path / "full", {f"{number}.txt": "x" * 100 for number in range(5)})
    assert "No folder is open" in refused(tmp_path)
    assert "no folder" in refused(tmp_path, str(tmp_path / "nowhere"))
    assert "holds everything you have" in refused(tmp_path, "/")
    assert "holds everything you have" in refused(tmp_path, str(Path.home()))
    assert "nothing in" in refused(tmp_path, str(empty))
    monkeypatch.setattr(workcopy, "MAX_FILES", 4)
    assert "more than 4 files" in refused(tmp_path, str(full))
    monkeypatch.setattr(workcopy, "MAX_FILES", 50)
    monkeypatch.setattr(workcopy, "MAX_BYTES", 300)
    assert ".gitignore" in refused(tmp_path, str(full))


def test_large_files_are_left_out(tmp_path: Path) -> None:
    with copied(tmp_path, {"big.txt": "x" * 2_000_001, "a.txt": "x"}) as made:
        assert made.left_out() == {"big.txt": "it is larger than 2 MB"}


def test_a_copy_that_nobody_waits_for_leaves_nothing(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {f"{number}.txt": "x" for number in range(50)})
    asked = iter(range(20))
    with pytest.raises(Stopped):
        Copier(Vault()).copy(Workspace((str(root),)), stop=lambda: next(asked, None) is None, parent=tmp_path)
    assert not list(tmp_path.glob(f"{shelf.PREFIX}*"))


def test_only_the_copier_makes_a_masked_folder(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"trust\.workcopy alone"):
        MaskedFolder(tmp_path, tmp_path)


# --- cleaning up ---


def test_the_folder_of_a_crashed_process_is_swept_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from orchestra_lsp.trust import shelf\n"
        "made = shelf.make(Path(sys.argv[1]))\n"
        "(made / 'left').write_text('behind')\n"
        "os.chmod(made, 0o500)\n"
        "print('made', flush=True)\n"
        "sys.stdin.read()\n"
        "os._exit(9)\n"
    )
    crashing = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert crashing.stdout
    assert crashing.stdin
    assert crashing.stdout.readline() == b"made\n"
    own = shelf.make(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2, "the owner still lives"
    crashing.stdin.close()
    crashing.wait(10)
    crashing.stdout.close()
    mine = shelf.make(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([own, mine])


def test_a_number_that_was_used_again_is_another_process(tmp_path: Path) -> None:
    own = shelf.make(tmp_path)
    _, _, rest = own.name.removeprefix(shelf.PREFIX).partition("-")
    start, _, behind = rest.partition("-")
    stale = tmp_path / f"{shelf.PREFIX}{os.getpid()}-{int(start) + 1}-{behind}x"
    stale.mkdir()
    elsewhere = tmp_path / f"{shelf.PREFIX}{os.getpid()}-{int(start) + 1}-12-x"
    elsewhere.mkdir()
    assert shelf.left_behind(tmp_path) == [stale], "who is in another container cannot be seen"
    old = time.time() - shelf.MAX_AGE_S - 10
    os.utime(elsewhere, (old, old))
    assert set(shelf.left_behind(tmp_path)) == {stale, elsewhere}


def test_other_folders_and_links_are_never_swept(tmp_path: Path) -> None:
    precious = write(tmp_path / "precious", {"a.txt": "mine"})
    (tmp_path / f"{shelf.PREFIX}notes").mkdir()
    (tmp_path / f"{shelf.PREFIX}1-1-1-link").symlink_to(precious)
    shelf.sweep(tmp_path)
    assert (precious / "a.txt").exists()
    assert len(list(tmp_path.iterdir())) == 3
