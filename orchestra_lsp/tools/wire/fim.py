"""Fill in the middle by a model's own control tokens, for endpoints that take a plain prompt; the families stand in `fim.toml`.

Control tokens that stand in the person's text would be read as ours, so each gets one blank behind its first character: the
smallest change that a model can see and a person would understand, and the only one that is made to the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from orchestra_lsp.tools.contract import ToolError
from orchestra_lsp.tools.wire.prompt import commented

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra_lsp.trust.mask import MaskedPrompt

#: The places of a template, and the blanks and words between control tokens.
BETWEEN = re.compile(r"\{\w+\}|\s+|\bproject\b")


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of models wants the text around the cursor. `control` holds all its tokens that text may not contain."""

    name: str
    models: tuple[str, ...]
    template: str
    stop: tuple[str, ...]
    control: tuple[str, ...]
    before: str = ""
    file: str = ""
    here: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A prompt ready to be sent as it is, and where the answer ends."""

    prompt: str
    stop: tuple[str, ...]


def fill(prompt: MaskedPrompt, family: Family) -> Filled:
    """The text around the cursor, and the other files, between the family's control tokens."""
    stop = family.stop if prompt.multiline else (*family.stop, "\n")
    suffix = neutral(prompt.suffix, family)
    if not family.file or not prompt.snippets:
        return Filled(family.template.format(prefix=neutral(commented(prompt), family), suffix=suffix), stop)
    files = [family.file.format(path=neutral(one.path, family), text=neutral(one.text, family)) for one in prompt.snippets]
    middle = family.template.format(prefix=neutral(prompt.prefix, family), suffix=suffix)
    return Filled("".join([family.before, *files, family.here.format(path=neutral(prompt.path, family)), middle]), stop)


def neutral(text: str, family: Family) -> str:
    """`text` without any control token of the family: each has a blank behind its first character.

    No token holds a blank, so none can come into being where one was put.
    """
    return _tokens(family.control).sub(r"\g<0> ", text)


def family_for(tool: str, model: str, named: str = "") -> Family | None:
    """The family `named` in the settings, or the one that the model's name belongs to. Raises ToolError for a name there is not."""
    if named:
        found = next((family for family in families() if family.name == named), None)
        if found is None:
            remedy = f"set tools.{tool}.template to one of: {', '.join(family.name for family in families())}"
            raise ToolError(tool, f'there is no template "{named}"', remedy, retryable=False)
        return found
    return next((family for family in families() if any(fnmatchcase(model.lower(), one) for one in family.models)), None)


def unknown(tool: str, model: str) -> ToolError:
    """Nobody said which family the model belongs to."""
    what = f"the model {model}" if model else "a model without a name"
    remedy = f'set tools.{tool}.template to its family ({", ".join(family.name for family in families())}), or fill_in_middle = "chat"'
    return ToolError(tool, f"no template for filling in the middle is known for {what}", remedy, retryable=False)


@cache
def families() -> tuple[Family, ...]:
    """All families, in the order in which they are tried."""
    import tomllib
    from importlib.resources import files

    document = tomllib.loads(files("orchestra_lsp.tools.wire").joinpath("fim.toml").read_text(encoding="utf-8"))
    return tuple(_family(found) for found in document["family"])


def _family(found: Mapping[str, Any]) -> Family:
    frames = {name: found.get(name, "") for name in ("before", "file", "here")}
    own = [part for text in (found["template"], *frames.values()) for part in BETWEEN.split(text) if part]
    control = tuple(dict.fromkeys([*own, *found["stop"], *found["control"]]))
    return Family(found["name"], tuple(found["models"]), found["template"], tuple(found["stop"]), control, **frames)


@cache
def _tokens(control: tuple[str, ...]) -> re.Pattern[str]:
    """The first character of every control token, also of one inside another."""
    rests = "|".join(f"(?<={re.escape(one[0])}){re.escape(one[1:])}" for one in control)
    firsts = "".join(sorted({re.escape(one[0]) for one in control}))
    return re.compile(f"[{firsts}](?={rests})")
