"""The form in which models report what they found in a review: JSON, by a tool of ours where the endpoint knows tools."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

MOST: Final = 50  # findings of one answer
SEVERITIES: Final = ("error", "warning", "info", "hint")
#: What an answer is: the input of the tool for endpoints with tools, and what the others are told to write.
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["findings"],
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["file", "line", "quote", "severity", "message"],
                "properties": {
                    "file": {"type": "string", "description": "The path as it was given."},
                    "line": {"type": "integer", "minimum": 1, "description": "The line's number in the new text of the file."},
                    "quote": {"type": "string", "description": "That line exactly as it stands there."},
                    "severity": {"type": "string", "enum": list(SEVERITIES)},
                    "message": {"type": "string", "description": "What is wrong and when it hurts, in one or two sentences."},
                    "remedy": {"type": "string", "description": "The smallest change that mends it."},
                },
            },
        }
    },
}
TOOL: Final[dict[str, Any]] = {
    "name": "report",
    "description": "Report what the review found; nothing, if nothing.",
    "input_schema": SCHEMA,
}


@dataclass(frozen=True, slots=True)
class Reported:
    """One finding as a model tells it; nothing of it has been checked. `line` counts from 1."""

    file: str
    line: int
    quote: str
    severity: str
    message: str
    remedy: str = ""


def reported(text: str) -> tuple[Reported, ...]:
    """The findings of an answer, those that are malformed left out. Raises ValueError when it is no such JSON at all."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("the answer holds no JSON")
    try:
        document = json.loads(text[start : end + 1])
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the answer is no valid JSON: {error}") from None
    match document:
        case {"findings": [*found]}:
            return tuple(made for one in found[:MOST] if (made := _one(one)) is not None)
    raise ValueError('the answer has no list "findings"')


def _one(value: object) -> Reported | None:
    if not isinstance(value, dict):
        return None
    file, line, quote, message = (value.get(key) for key in ("file", "line", "quote", "message"))
    if isinstance(line, str) and re.fullmatch(r"\d{1,9}", line):
        line = int(line)
    if not (isinstance(file, str) and type(line) is int and line > 0 and isinstance(quote, str) and isinstance(message, str)):
        return None
    if not file or not message.strip():
        return None
    severity, remedy = value.get("severity"), value.get("remedy")
    return Reported(
        file, line, quote, severity if severity in SEVERITIES else "warning", message.strip(), remedy if isinstance(remedy, str) else ""
    )
