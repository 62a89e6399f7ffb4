"""Changes on disk: whole or not at all, and never over something that has changed meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestra_lsp.cli.render import Screen
from orchestra_lsp.cli.word import Options
from orchestra_lsp.cli.write import after, make
from orchestra_lsp.commands.registry import WrongUse
from orchestra_lsp.commands.result import Edits, FileEdit
from orchestra_lsp.model import Edit, Span
from orchestra_lsp.syntax.parse import read_buffer


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
