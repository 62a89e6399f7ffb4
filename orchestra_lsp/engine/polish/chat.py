"""Takes away what a chat model says around the code: greetings, explanations, its thinking, and the marks of its prompt format."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, is_prose

_THINKING = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?(?:</\1>\s*|\Z)", re.DOTALL)
_MARKS = re.compile(
    r"<[|\uff5c](?:fim[_▁]?(?:prefix|middle|suffix|pad|begin|hole|end)|endoftext|end[_▁]of[_▁]sentence|im_start|im_end|file_sep(?:arator)?|"
    r"repo_name|eot_id|eom_id|cursor|user_cursor_is_here)[|\uff5c]>|<(?:PRE|SUF|MID|EOT|COMPLETION|END)>|</?s>|\[/?(?:PREFIX|SUFFIX|MIDDLE|INST)\]"
)
_GREETING = re.compile(
    r"(?:sure|certainly|of course|absolutely|okay|ok|got it|great|here(?:'s|\u2019s| is| are)|below (?:is|are)|"
    r"the (?:completed?|following|missing|updated|rest of the|continuation|remaining)|this (?:code|completes)|"
    r"i(?:'ve| have| will|'ll)|let me|completion|answer|output)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[:.!]\s*\Z")
_AFTERWORD = re.compile(
    r"(?:explanation|note(?:s| that)?|this (?:code|function|method|implementation|completes|will|adds|change)|in this|"
    r"the (?:above|code|function)|i(?:'ve| have)|let me know|hope this|feel free|key changes|changes made)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"\s*(?:i(?:'m| am) sorry|i can(?:'|\u2019)?t|i cannot|as an ai|unfortunately, i|sorry, )", re.IGNORECASE)
#: A model that goes on talking with itself, or begins another file as it saw them in its prompt.
_NEXT_TURN = re.compile(r"\n\n(?:Human|Assistant):|\n[ \t]*(?:#|//|--) Path: ")
_CODE = re.compile(r"[={}();\[\]]|^\s*(?:#|//|\*|import|from|return|def|class|func|fn|let|const|var|if|for)\b")


def polish(draft: Draft) -> Draft | None:
    """Files of prose keep everything but prompt marks."""
    text = _THINKING.sub("", draft.text)
    mark = _MARKS.search(text)
    # What stands behind a mark that ends the answer is the model running on.
    text = text[: mark.start()] if mark and mark.start() else _MARKS.sub("", text)
    if is_prose(draft):
        return replace(draft, text=text) if text.strip() else None
    if _REFUSAL.match(text):
        return None
    if turn := _NEXT_TURN.search(text):
        text = text[: turn.start()]
    lines = _without_afterword(_without_greeting(text.split("\n")))
    text = "\n".join(lines)
    return replace(draft, text=text) if text.strip() else None


def _without_greeting(lines: list[str]) -> list[str]:
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    if first >= len(lines) - 1 or not _is_talk(lines[first], _GREETING):
        return lines
    rest = lines[first + 1 :]
    return rest[1:] if rest and not rest[0].strip() else rest


def _without_afterword(lines: list[str]) -> list[str]:
    """Talk at the end begins after a blank line."""
    for number in range(1, len(lines)):
        if not lines[number - 1].strip() and lines[number][:1].strip() and _is_talk(_plain(lines[number]), _AFTERWORD):
            return lines[: number - 1]
    return lines


def _plain(line: str) -> str:
    """Without the marks of a Markdown heading or bold type; one `#` is a comment."""
    return (line.lstrip("#") if line.startswith("##") else line).strip("* ")


def _is_talk(line: str, opening: re.Pattern[str]) -> bool:
    line = line.strip()
    return bool(opening.match(line)) and not _CODE.search(line) and (bool(_SENTENCE.search(line)) or len(line.split()) > 5)
