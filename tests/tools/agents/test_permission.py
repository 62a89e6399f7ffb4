"""What agents are allowed: nothing but work on files of the copy, and each time only once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra_lsp.tools.wire.environment import scrubbed
from orchestra_lsp.tools.wire.permission import ON_FILES, ToolCall, allowed, outcome

FOLDER = Path(os.path.realpath("/tmp")) / "copy"
OPTIONS = [{"optionId": f"id-{kind}", "kind": kind} for kind in ("allow_always", "allow_once", "reject_always", "reject_once")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.sampled_from(["path", "kind"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def check(call: dict[str, Any], *, granted: bool) -> None:
    told = outcome(OPTIONS, ToolCall().told(call), FOLDER)["outcome"]
    assert told == {"outcome": "selected", "optionId": "id-allow_once" if granted else "id-reject_once"}


@pytest.mark.parametrize(
    "call",
    [
        {"kind": "edit", "rawInput": {"path": "a.py"}},
        {"kind": "edit", "rawInput": {"file_path": f"{FOLDER}/sub/new.py", "content": "../../etc/passwd is only text"}},
        {"kind": "edit", "locations": [{"path": f"{FOLDER}/a.py", "line": 3}], "content": [{"type": "diff", "path": "a.py"}]},
        {"kind": "delete", "rawInput": {"fileName": "a.py"}},
        {"kind": "move", "rawInput": {"old_path": "a.py", "new_path": "b.py"}},
        {"kind": "search", "rawInput": {"pattern": "/etc/.*", "path": str(FOLDER)}},
        {"kind": "read", "rawInput": {"paths": ["a.py", "./b.py"]}},
    ],
)
def test_work_on_files_of_the_copy_is_allowed_once(call: dict[str, Any]) -> None:
    check(call, granted=True)


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"kind": "execute", "rawInput": {"command": "ls"}},
        {"kind": "fetch"},
        {"kind": "other"},
        {"kind": ["edit"]},
        {"kind": "edit", "rawInput": {"path": "../a.py"}},
        {"kind": "edit", "rawInput": {"path": f"{FOLDER}-2/a.py"}},
        {"kind": "edit", "rawInput": {"path": f"{FOLDER}/../a.py"}},
        {"kind": "edit", "rawInput": {"path": "a.py\0"}},
        {"kind": "edit", "rawInput": {"path": "file:///etc/passwd"}},
        {"kind": "read", "rawInput": {"files": ["a.py", "/etc/passwd"]}},
        {"kind": "move", "rawInput": {"source_path": "a.py", "target_path": "/tmp/b.py"}},
        {"kind": "edit", "rawInput": [[{"edit": {"filename": "~/.bashrc"}}]]},
    ],
)
def test_everything_else_is_rejected(call: dict[str, Any]) -> None:
    check(call, granted=False)


def test_what_a_call_said_before_counts_when_it_asks() -> None:
    """Droid names the path only when it begins."""
    begun = ToolCall().told({"kind": "edit", "locations": [{"path": "/etc/hosts"}]})
    assert not allowed(begun.told({"title": "Edit"}), FOLDER)


@given(JSON, JSON, JSON, JSON)
def test_no_shape_of_a_request_breaks_it_or_gets_more_than_once(options: object, raw: object, places: object, kind: object) -> None:
    call = ToolCall().told({"kind": kind, "rawInput": raw, "locations": places, "content": places})
    for listed in (options, OPTIONS):
        told = outcome(listed, call, FOLDER)["outcome"]
        assert told["outcome"] == "cancelled" or told["optionId"] in ("id-allow_once", "id-reject_once") or listed is options
    assert call.kind in ON_FILES or not allowed(call, FOLDER)


@given(st.lists(st.sampled_from(["..", "a", ".", "~", "link", "b.py"]), min_size=1, max_size=6))
def test_a_path_is_allowed_exactly_when_it_stays_inside(parts: list[str]) -> None:
    path = "/".join(parts)
    inside = os.path.normpath(FOLDER / path).startswith(f"{FOLDER}{os.sep}") or os.path.normpath(FOLDER / path) == str(FOLDER)
    assert allowed(ToolCall("edit", (path,)), FOLDER) == (inside and not path.startswith("~"))


def test_the_environment_keeps_what_programs_need_and_no_more() -> None:
    ours = {"PATH": "/bin", "LC_ALL": "C", "HOME": "/me", "XDG_CONFIG_HOME": "/me/.config", "HTTPS_PROXY": "http://p", "GH_TOKEN": "x"}
    assert scrubbed((), None, ours).keys() >= {"PATH", "LC_ALL", "HOME", "XDG_CONFIG_HOME", "HTTPS_PROXY"}
    assert "GH_TOKEN" not in scrubbed((), None, ours)
    assert scrubbed(("GH_TOKEN",), None, ours)["GH_TOKEN"] == "x"


def test_another_home_has_nothing_of_the_persons_own() -> None:
    ours = {
        "PATH": "/bin",
        "HOME": "/me",
        "XDG_CONFIG_HOME": "/me/.config",
        "APPDATA": "/me/data",
        "TMPDIR": "/me/tmp",
        "USERPROFILE": "/me",
    }
    seen = scrubbed((), Path("/home-of-its-own"), ours)
    assert not [value for value in seen.values() if value.startswith("/me")]
    assert seen["HOME"] == str(Path("/home-of-its-own"))
