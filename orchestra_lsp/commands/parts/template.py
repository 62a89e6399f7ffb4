"""The text of a settings file: every setting with its default and what it does, read off `config.py`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel

from orchestra_lsp.config import PROJECT_MAY_SET, Settings, ToolSettings

WIDTH: Final = 96

PROJECT_HEAD: Final = """\
# Orchestra LSP: settings of this project. Every line is a default; take away the mark to change it.
# A project's own file may tune review, completion and the index. Tools, endpoints and keys belong into
# your own settings: `orchestra init --user` writes those.
"""
USER_HEAD: Final = """\
# Orchestra LSP: your own settings. Every line is a default; take away the mark to change it.
"""
EXAMPLES: Final = """
# AI tools. The embedded engine, "local", is always there; add as many others as you have.
# A key never stands here: name the environment variable, the keyring entry or the file that holds it.

#[tools.claude]
#model = "<a model of yours>"
#key = "env:ANTHROPIC_API_KEY"

#[tools.openai]
#model = "<a model of yours>"
#key = "env:OPENAI_API_KEY"

# A model server on this machine (llama.cpp, Ollama and others speak the same language).
#[tools.here]
#kind = "openai"
#url = "http://127.0.0.1:8080/v1"
#model = "<a model of yours>"
#local = true

# All that can be said of a tool:
#[tools.name]
"""


def project_text() -> str:
    """What a project's own file may set."""
    parts = [section for name, section in _sections() if name in PROJECT_MAY_SET]
    return PROJECT_HEAD + "".join(parts) + "\n#[privacy]\n" + _setting(Settings().privacy, "never_send")


def user_text() -> str:
    """Everything."""
    fields = "".join(_setting(ToolSettings(), name) for name in ToolSettings.model_fields)
    return USER_HEAD + "".join(section for _, section in _sections()) + EXAMPLES + fields


def _sections() -> Iterator[tuple[str, str]]:
    defaults = Settings()
    for name in Settings.model_fields:
        section = getattr(defaults, name)
        if name != "tools":
            about = _comment(type(section).__doc__ or "")
            yield name, f"\n{about}[{name}]\n" + "".join(_setting(section, key) for key in type(section).model_fields)


def _setting(section: BaseModel, key: str) -> str:
    field = type(section).model_fields[key]
    value = getattr(section, key)
    if value is None and field.examples:  # TOML has no word for "not set"
        return f"{_comment(field.description or '')}# {key} = {_toml(field.examples[0])}\n"
    shown = list(_choices(field.annotation)) if value is None else value
    return f"{_comment(field.description or '')}#{key} = {_toml(shown)}\n"


def _choices(annotation: Any) -> Iterator[str]:
    """The words of every Literal in a type: what an unset list of choices amounts to."""
    for part in get_args(annotation):
        if isinstance(part, str):
            yield part
        else:
            yield from _choices(part)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(" ".join(text.split()), WIDTH))


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case [*items]:
            return "[" + ", ".join(_toml(item) for item in items) + "]"
        case dict():
            return "{" + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"a setting of type {type(value).__name__} cannot be written as TOML")
