"""Changes on disk: whole or not at all, and never over something that has changed meanwhile."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.cli.render import Screen
from orchestra_lsp.cli.word import Options
from orchestra_lsp.cli.write import after, make
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.parse import open_text, read_buffer
from orchestra_lsp.trust.encoding import Form


def change(path: Path, *edits: Edit) -> Edits:
    buffer = read_buffer(path) if path.exists() else None
    return Edits("Change it", (FileEdit(str(path), path.as_uri(), buffer, edits),))


def test_edits_refer_to_the_old_text_and_keep_every_other_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"one\r\ntwo \xff\r\nthree")
    edits = change(path, Edit(Span(0, 3), "ONE"), Edit(Span(5, 8), ""), Edit(Span(12, 12), "\u00fc"))
    assert make(edits, Screen(), Options()) == 0
    assert path.read_bytes() == b"ONE\r\n \xff\r\n\xc3\xbcthree"
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_new_file_may_need_new_folders(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.py"
    make(change(path, Edit(Span(0, 0), "new\n")), Screen(), Options())
    assert path.read_bytes() == b"new\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such bits")
def test_the_rights_of_a_file_stay(tmp_path: Path) -> None:
    path = tmp_path / "run.py"
    path.write_text("a\n", encoding="utf-8")
    path.chmod(0o755)
    make(change(path, Edit(Span(0, 1), "b")), Screen(), Options())
    assert path.stat().st_mode & 0o777 == 0o755


def test_what_has_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old\n", encoding="utf-8")
    edits = change(path, Edit(Span(0, 3), "new"))
    path.write_text("other\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="has changed meanwhile"):
        make(edits, Screen(), Options())
    new = change(tmp_path / "b.py", Edit(Span(0, 0), "mine\n"))
    (tmp_path / "b.py").write_text("there already\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="has changed meanwhile"):
        make(new, Screen(), Options())
    assert [path.read_text(encoding="utf-8"), (tmp_path / "b.py").read_text(encoding="utf-8")] == ["other\n", "there already\n"]


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WrongUse, match="cannot be written"):
        make(change(tmp_path / "file" / "a.py", Edit(Span(0, 0), "x")), Screen(), Options())


def test_the_whole_text_is_what_the_edits_make(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("abc", encoding="utf-8")
    assert after(change(path, Edit(Span(1, 1), "1"), Edit(Span(1, 2), "2"), Edit(Span(3, 3), "4")).files[0]) == b"a12c4"


# --- what agents do ---


def file(path: Path, *edits: Edit, **more: Any) -> FileEdit:
    return FileEdit(str(path), path.as_uri(), read_buffer(path) if path.exists() else None, edits, **more)


def agreed(*files: FileEdit, yes: bool = True) -> int:
    return make(Edits("Change it", files, "fake", "best of 1", ("Not taken over: .env: no.",)), Screen(), Options(yes=yes))


def test_files_are_renamed_and_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, gone, kept = (tmp_path / name for name in ("old.py", "gone.py", "kept.py"))
    for path in (old, gone, kept):
        path.write_text("one\ntwo\n", encoding="utf-8")
    old.chmod(0o755)
    moved = file(old, Edit(Span(0, 3), "1"), moved_to=str(tmp_path / "deep" / "new.py"))
    assert agreed(moved, file(gone, deleted=True), yes=False) == 0
    assert sorted(os.listdir(tmp_path)) == ["gone.py", "kept.py", "old.py"]
    told = capsys.readouterr()
    assert f"rename from {old}" in told.out
    assert f"--- {gone}\n+++ {os.devnull}\n" in told.out
    assert "Not taken over: .env: no." in told.err
    assert agreed(moved, file(gone, deleted=True)) == 0
    assert sorted(os.listdir(tmp_path)) == ["deep", "kept.py"]
    assert (tmp_path / "deep" / "new.py").read_text(encoding="utf-8") == "1\ntwo\n"
    assert os.name == "nt" or (tmp_path / "deep" / "new.py").stat().st_mode & 0o777 == 0o755


def test_nothing_is_written_when_anything_has_changed_meanwhile(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a.py", "b.py", "c.py"))
    for path in (first, second):
        path.write_text("old\n", encoding="utf-8")
    edits = (file(first, Edit(Span(0, 3), "new")), file(second, deleted=True))
    second.write_text("mine\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="has changed meanwhile"):
        agreed(*edits)
    moved = file(first, moved_to=str(third))
    third.write_text("mine\n", encoding="utf-8")
    with pytest.raises(WrongUse, match="is there already"):
        agreed(moved)
    assert [path.read_text(encoding="utf-8") for path in (first, second, third)] == ["old\n", "mine\n", "mine\n"]


@pytest.mark.parametrize(
    "form", [Form("utf-8", b"\xef\xbb\xbf"), Form("utf-16-le", b"\xff\xfe"), Form("latin-1")], ids=lambda form: form.codec
)
def test_a_file_is_written_as_it_was(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(form.encode("\u00e4 one\n"))
    buffer = open_text(path.as_uri(), str(path), 0, "text", "\u00e4 one\n").buffer
    assert agreed(FileEdit(str(path), path.as_uri(), buffer, (Edit(Span(3, 6), "two"),), form=form)) == 0
    assert path.read_bytes() == form.encode("\u00e4 two\n")
    if form.codec == "latin-1":
        with pytest.raises(WrongUse, match="latin-1"):
            agreed(
                FileEdit(str(path), path.as_uri(), replace(buffer, data="\u00e4 two\n".encode()), (Edit(Span(3, 6), "\u4e00"),), form=form)
            )


def test_what_wants_a_word_of_its_own_is_not_covered_by_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook = tmp_path / ".pre-commit-config.yaml"
    assert agreed(file(hook, Edit(Span(0, 0), "x"), care="it runs when you commit"), file(tmp_path / "a.py", Edit(Span(0, 0), "x"))) == 0
    assert os.listdir(tmp_path) == ["a.py"]
    assert "it runs when you commit" in capsys.readouterr().err
