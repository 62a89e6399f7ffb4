"""Writes the settings of `config.py` and the commands of `commands/` into package.json:  python editors/vscode/generate.py"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orchestra_lsp import __version__
from orchestra_lsp.commands.registry import Place, commands
from orchestra_lsp.config import PROJECT_MAY_SET, Settings

PACKAGE = Path(__file__).with_name("package.json")
SECTION, PALETTE, OWN = "orchestra.", "orchestraLsp.", "client."
#: Keywords of JSON Schema that mean the same in a VS Code setting.
KEPT = ("type", "enum", "default", "minimum", "maximum", "pattern", "items", "additionalProperties", "properties", "propertyNames")

Json = dict[str, Any]


def main() -> None:
    PACKAGE.write_text(generated(PACKAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def generated(text: str) -> str:
    """package.json as it has to be, from what it is: everything that is not generated stays."""
    package = json.loads(text)
    package["version"] = __version__
    contributes = package["contributes"]
    properties = contributes["configuration"]["properties"]
    contributes["configuration"]["properties"] = own(properties, SECTION + OWN) | settings()
    listed = contributes["commands"]
    contributes["commands"] = [one for one in listed if one["command"].startswith(PALETTE + OWN)] + palette()
    return json.dumps(package, indent=2, ensure_ascii=False) + "\n"


def own(properties: Json, prefix: str) -> Json:
    return {name: value for name, value in properties.items() if name.startswith(prefix)}


def palette() -> list[Json]:
    return [
        {"command": PALETTE + command.name, "title": command.title, "category": "Orchestra"}
        for command in commands().values()
        if Place.EDITOR in command.places
    ]


def settings() -> Json:
    schema = Settings.model_json_schema()
    found: Json = {}
    for section, there in schema["properties"].items():
        inner = resolved(there, schema["$defs"])
        # What a project's own file may not set, a workspace's settings may not set either.
        scope = "window" if section in PROJECT_MAY_SET else "machine"
        if section == "tools":
            found[SECTION + section] = {**described(inner, schema["$defs"]), "default": {}, "scope": scope}
            continue
        for name, field in inner["properties"].items():
            found[f"{SECTION}{section}.{name}"] = {**described(field, schema["$defs"]), "scope": scope}
    return found


def described(field: Json, definitions: Json) -> Json:
    """One setting; `anyOf` with null becomes a list of types, because VS Code's settings editor shows that."""
    field = resolved(field, definitions)
    if options := field.get("anyOf"):
        one, *_ = [option for option in options if option.get("type") != "null"]
        field = {**field, **one, "type": [one["type"], "null"]}
    kept = {key: inlined(value, definitions) for key, value in field.items() if key in KEPT}
    if text := field.get("description"):
        kept["markdownDescription"] = " ".join(text.split())
    return kept


def inlined(value: Any, definitions: Json) -> Any:
    if isinstance(value, dict) and ("$ref" in value or "type" in value or "anyOf" in value):
        return described(value, definitions)
    if isinstance(value, dict):
        return {key: inlined(one, definitions) for key, one in value.items()}
    return value


def resolved(field: Json, definitions: Json) -> Json:
    if "$ref" not in field:
        return field
    return {**definitions[field["$ref"].rpartition("/")[2]], **{key: value for key, value in field.items() if key != "$ref"}}


if __name__ == "__main__":
    main()
