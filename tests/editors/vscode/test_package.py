"""The extension's package.json says what the server has: its settings, its commands, its version."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from orchestra_lsp.config import PROJECT_MAY_SET, Settings

EXTENSION = Path(__file__).parents[3] / "editors" / "vscode"
PACKAGE = EXTENSION / "package.json"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", EXTENSION / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_and_commands_are_those_of_the_server() -> None:
    text = PACKAGE.read_text(encoding="utf-8")
    assert _generator().generated(text) == text, "stale: run  python editors/vscode/generate.py"


def test_every_setting_is_there_and_explained() -> None:
    properties = json.loads(PACKAGE.read_text(encoding="utf-8"))["contributes"]["configuration"]["properties"]
    for section, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        for name in [f"{section}.{one}" for one in inner] if inner else [section]:
            assert properties[f"orchestra.{name}"]["markdownDescription"], name


def test_a_folder_may_only_set_what_its_own_file_may() -> None:
    properties = json.loads(PACKAGE.read_text(encoding="utf-8"))["contributes"]["configuration"]["properties"]
    loose = {name.split(".")[1] for name, one in properties.items() if one["scope"] == "window"}
    assert loose == set(PROJECT_MAY_SET)


def test_what_could_start_a_program_is_restricted_in_an_untrusted_folder() -> None:
    package = json.loads(PACKAGE.read_text(encoding="utf-8"))
    own = {name for name in package["contributes"]["configuration"]["properties"] if name.startswith("orchestra.client.")}
    assert own == set(package["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
