"""The specification's own meta model as JSON Schema: parameters and results of every method, checked property by property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.lsp.wire import ROOT

Json = dict[str, Any]

PLACE = ROOT.parent / "shared" / "kit" / "lsp" / "metaModel.json"
LIMIT = 2**31
BASE: dict[str, Json] = {
    "string": {"type": "string"},
    "integer": {"type": "integer", "minimum": -LIMIT, "maximum": LIMIT - 1},
    "uinteger": {"type": "integer", "minimum": 0, "maximum": LIMIT - 1},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "URI": {"type": "string"},
    "DocumentUri": {"type": "string"},
    "RegExp": {"type": "string"},
}


@cache
def find_model() -> Model | None:
    """None where the meta model is not beside the project: lsprotocol's types have to do."""
    return Model(PLACE) if PLACE.exists() else None


class Model:
    """`strict` below also refuses properties that the specification does not name: what we send must be exact."""

    def __init__(self, path: Path) -> None:
        raw = json.loads(path.read_text(encoding="utf-8"))
        self._raw = raw
        self._structures = {one["name"]: one for one in raw["structures"]}
        self._calls = {one["method"]: one for one in [*raw["requests"], *raw["notifications"]]}
        self._definitions = {strict: self._define(strict) for strict in (False, True)}
        self._validators: dict[tuple[str, bool], Any] = {}

    def params_faults(self, method: str, value: object, strict: bool) -> Iterator[str]:
        return self._faults(f"{method} params", self._calls.get(method, {}).get("params"), value, strict)

    def result_faults(self, method: str, value: object, strict: bool) -> Iterator[str]:
        return self._faults(f"{method} result", self._calls.get(method, {}).get("result"), value, strict)

    def _faults(self, what: str, kind: Json | None, value: object, strict: bool) -> Iterator[str]:
        if kind is None:
            return
        from jsonschema import Draft202012Validator

        key = (what, strict)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({"$defs": self._definitions[strict], **self._schema(kind, strict)})
        for error in self._validators[key].iter_errors(value):
            yield f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"

    def _define(self, strict: bool) -> dict[str, Json]:
        found = {name: self._object(self._properties(one), strict) for name, one in self._structures.items()}
        for enum in self._raw["enumerations"]:
            values = {"enum": [value["value"] for value in enum["values"]]}
            found[enum["name"]] = self._schema(enum["type"], strict) if enum.get("supportsCustomValues") else values
        for alias in self._raw["typeAliases"]:
            found[alias["name"]] = {} if alias["name"] in ("LSPAny", "LSPArray") else self._schema(alias["type"], strict)
        return found | {"LSPObject": {"type": "object"}}

    def _properties(self, structure: Json) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for base in [*structure.get("extends", []), *structure.get("mixins", [])]:
            if base["kind"] == "reference":
                found |= self._properties(self._structures[base["name"]])
        return found | {one["name"]: one for one in structure["properties"]}

    def _object(self, properties: dict[str, Json], strict: bool) -> Json:
        schema: Json = {
            "type": "object",
            "properties": {name: self._schema(one["type"], strict) for name, one in properties.items()},
            "required": [name for name, one in properties.items() if not one.get("optional")],
        }
        return schema | ({"additionalProperties": False} if strict else {})

    def _schema(self, kind: Json, strict: bool) -> Json:
        match kind["kind"]:
            case "base":
                return BASE[kind["name"]]
            case "reference":
                return {"$ref": f"#/$defs/{kind['name']}"}
            case "array":
                return {"type": "array", "items": self._schema(kind["element"], strict)}
            case "map":
                return {"type": "object", "additionalProperties": self._schema(kind["value"], strict)}
            case "and":
                return {"allOf": [self._schema(item, strict) for item in kind["items"]]}
            case "or":
                return {"anyOf": [self._schema(item, strict) for item in kind["items"]]}
            case "tuple":
                items = [self._schema(item, strict) for item in kind["items"]]
                return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
            case "literal":
                return self._object({one["name"]: one for one in kind["value"]["properties"]}, strict)
            case "stringLiteral" | "integerLiteral" | "booleanLiteral":
                return {"const": kind["value"]}
        raise ValueError(f"unknown kind {kind}")
