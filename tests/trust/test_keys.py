"""Keys come from where the settings point, or with a sentence that helps; never in the sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orchestra_lsp.trust.keys import KeyUnavailable, read_key

KEY = "sk-test-9fQ2xLr7"


def unavailable(reference: str) -> KeyUnavailable:
    with pytest.raises(KeyUnavailable) as caught:
        read_key(reference)
    assert caught.value.problem
    assert caught.value.remedy
    assert KEY not in f"{caught.value} {caught.value!r}"
    assert caught.value.__cause__ is None
    return caught.value


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> str:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return f"file:{path}"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRA_TEST_KEY", f" {KEY}\n")
    assert read_key("env:ORCHESTRA_TEST_KEY") == KEY
    monkeypatch.setenv("ORCHESTRA_TEST_KEY", "")
    assert "empty" in unavailable("env:ORCHESTRA_TEST_KEY").problem
    monkeypatch.delenv("ORCHESTRA_TEST_KEY")
    assert "ORCHESTRA_TEST_KEY" in unavailable("env:ORCHESTRA_TEST_KEY").problem


@pytest.mark.parametrize("content", [KEY.encode(), f"{KEY}\n".encode(), f"{KEY}\r\nsecond line\n".encode(), b"\xef\xbb\xbf" + KEY.encode()])
def test_from_a_file(tmp_path: Path, content: bytes) -> None:
    assert read_key(key_file(tmp_path, content)) == KEY


def test_from_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    key_file(tmp_path, KEY.encode())
    assert read_key("file:~/key") == KEY


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps who may read a file in access lists")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    assert "chmod 600" in unavailable(key_file(tmp_path, KEY.encode(), mode)).remedy


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"two words", "schl\u00fcssel".encode(), b"a\x00b"])
def test_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    unavailable(key_file(tmp_path, content))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "does not exist" in unavailable(f"file:{tmp_path / 'none'}").problem
    tmp_path.chmod(0o700)
    assert "cannot be read" in unavailable(f"file:{tmp_path}").problem


@pytest.mark.parametrize("reference", [KEY, "", "env:", "file: ", "vault:x", ":x", "ENV:HOME"])
def test_a_setting_that_points_nowhere_is_not_repeated(reference: str) -> None:
    error = unavailable(reference)
    assert not reference or reference not in str(error) or reference in ("env:",)


def test_a_keyring_that_cannot_be_used() -> None:
    """Without the package, without a backend, or without the entry: each time a sentence with a remedy."""
    unavailable("keyring:orchestra-test-no-such-entry")
