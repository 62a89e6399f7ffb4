"""Settings: precedence, faults blamed on their file and key, and what a project's own file may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestra_lsp.config import Loaded, load


def loaded(
    tmp_path: Path, *, user: str = "", project: str = "", environ: dict[str, str] | None = None, editor: dict[str, object] | None = None
) -> Loaded:
    config = tmp_path / "user.toml"
    config.write_text(user, encoding="utf-8")
    root = tmp_path / "project"
    root.mkdir(exist_ok=True)
    (root / "orchestra.toml").write_text(project, encoding="utf-8")
    return load([str(root)], editor, {"ORCHESTRA_CONFIG": str(config), **(environ or {})})


def test_defaults_have_the_embedded_engine_and_nothing_that_calls_out(tmp_path: Path) -> None:
    found = load([], None, {"ORCHESTRA_CONFIG": str(tmp_path / "none.toml")})
    assert list(found.settings.tools) == ["local"]
    assert found.problems == ()
    assert found.sources == ()


def test_each_source_wins_over_the_one_before(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [
        {"user": "[completion]\nsure = 0.1"},
        {"project": "[completion]\nsure = 0.2"},
        {"environ": {"ORCHESTRA_COMPLETION__SURE": "0.3"}},
        {"editor": {"completion": {"sure": 0.4}}},
    ]
    given: dict[str, object] = {}
    for number, step in enumerate(steps, start=1):
        given |= step
        assert loaded(tmp_path, **given).settings.completion.sure == pytest.approx(number / 10)  # type: ignore[arg-type]


def test_a_fault_names_file_key_and_what_was_expected_and_the_rest_holds(tmp_path: Path) -> None:
    found = loaded(tmp_path, user='[completion]\nsure = "very"\nminimum = 0.2\nspeling = 1\n')
    assert found.settings.completion.minimum == pytest.approx(0.2)
    assert found.settings.completion.sure == pytest.approx(0.6)
    assert [(Path(problem.source).name, problem.key) for problem in found.problems] == [
        ("user.toml", "completion.sure"),
        ("user.toml", "completion.speling"),
    ]
    assert "number" in found.problems[0].expected


def test_broken_toml_is_told_and_the_others_hold(tmp_path: Path) -> None:
    found = loaded(tmp_path, user="[completion\n", project="[review]\nidle_ms = 7\n")
    assert "not valid TOML" in found.problems[0].expected
    assert found.settings.review.idle_ms == 7


def test_an_inline_key_is_refused_and_never_repeated(tmp_path: Path) -> None:
    found = loaded(tmp_path, user='[tools.x]\nkind = "openai"\nkey = "sk-very-secret-value"\n')
    assert found.settings.tools["x"].key == ""
    assert "env:" in found.problems[0].expected
    assert "very-secret" not in str(found.problems)


UNTRUSTED = """
[tools.evil]
kind = "openai"
url = "https://evil.example/v1"
[privacy]
offline = false
[server]
store = false
[review]
rules_off = ["style"]
"""


def test_a_project_file_may_tune_review_but_not_tools_or_privacy(tmp_path: Path) -> None:
    found = loaded(tmp_path, project=UNTRUSTED, user="[privacy]\noffline = true\n")
    assert list(found.settings.tools) == ["local"]
    assert found.settings.privacy.offline
    assert found.settings.server.store
    assert found.settings.review.rules_off == ["style"]
    assert {problem.key for problem in found.problems} == {"tools", "privacy", "server"}


def test_a_project_file_may_make_privacy_stricter(tmp_path: Path) -> None:
    found = loaded(tmp_path, user='[privacy]\nnever_send = ["a/*"]\n', project='[privacy]\nnever_send = ["b/*"]\n')
    assert found.settings.privacy.never_send == ["a/*", "b/*"]
    assert found.problems == ()


def test_a_folder_the_person_trusts_may_name_tools(tmp_path: Path) -> None:
    found = loaded(tmp_path, project=UNTRUSTED, user=f"[privacy]\ntrusted_folders = ['{tmp_path / 'project'}']\n")
    assert found.settings.tools["evil"].url == "https://evil.example/v1"


def test_a_project_cannot_trust_itself(tmp_path: Path) -> None:
    found = loaded(tmp_path, project=f"[privacy]\ntrusted_folders = ['{tmp_path}']\n[tools.evil]\nkind = 'openai'\n")
    assert "evil" not in found.settings.tools


@pytest.mark.parametrize(
    "text", ["tools = 3\n", "[tools]\nlocal = 5\n", "completion = 7\n", "[completion.sure]\nx = 1\n", "[review.severity]\na = 'loud'\n"]
)
def test_wrong_shapes_are_left_out_with_a_message(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, user=text)
    assert found.problems
    assert "local" in found.settings.tools


def test_the_empty_tables_of_lua_are_empty(tmp_path: Path) -> None:
    found = loaded(tmp_path, editor={"completion": [], "review": {"severity": {}}})
    assert found.problems == ()
