"""Everything that goes wrong with a program that runs beside us, told to people: what happened and the one thing to do."""

from __future__ import annotations

import re

from orchestra_lsp.tools.contract import SignedOut, ToolError

#: Escape sequences of terminals, and every other control character.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]+")
#: Words that stand in the line that says what is wrong, rather than in a trace of where.
TELLING = re.compile(r"(?i)error|fatal|fail|denied|cannot|not ")
LONGEST_QUOTE = 300


def signed_out(tool: str, what: str, remedy: str) -> SignedOut:
    return SignedOut(tool, f"{what} is not signed in", remedy, retryable=False)


def missing(tool: str, program: str, remedy: str) -> ToolError:
    return ToolError(tool, f"the program {program} is not on the PATH", remedy, retryable=False)


def not_started(tool: str, program: str, error: OSError) -> ToolError:
    reason = error.strerror or type(error).__name__
    return ToolError(tool, f"{program} cannot be started: {reason}", f"check tools.{tool}.command", retryable=False)


def ended(tool: str, what: str, code: int | None, complaint: str) -> ToolError:
    """It went away before it had answered. `complaint` is the end of its standard error, already masked."""
    said = f": {complaint}" if complaint else ""
    how = "" if code is None else f" by signal {-code}" if code < 0 else f" with code {code}"
    return ToolError(tool, f"{what} ended{how} before its answer was whole{said}", "try again; if it stays, run it by hand to see why")


def slow(tool: str, what: str, doing: str, seconds: float) -> ToolError:
    return ToolError(tool, f"{what} did not {doing} within {max(0.0, seconds):.3g} s", "try again, or give it more time in the settings")


def silent(tool: str, what: str, seconds: float) -> ToolError:
    return ToolError(tool, f"{what} has said nothing for {seconds:.3g} s", "try again")


def late(tool: str) -> ToolError:
    return ToolError(tool, "no time was left to ask it", "try again, or give it more time in the settings")


def too_much(tool: str, what: str, limit: int) -> ToolError:
    return ToolError(tool, f"{what} sent more than {limit:,} bytes, which is no answer", "update it", retryable=False)


def deaf(tool: str, what: str) -> ToolError:
    return ToolError(tool, f"{what} does not read what it is sent", "try again; if it stays, update it")


def foreign(tool: str, what: str, why: str) -> ToolError:
    """It does not speak what was agreed."""
    return ToolError(tool, f"{what} cannot be understood: {why}", f"check tools.{tool}.command, and update it", retryable=False)


def declined(tool: str) -> ToolError:
    return ToolError(tool, "the model declined to answer this", "ask differently, or ask another tool", retryable=False)


def stopped(tool: str, what: str) -> ToolError:
    return ToolError(tool, f"{what} stopped before it was done", "try again")


def failed(tool: str, what: str, why: str) -> ToolError:
    """It said that it failed; `why` is masked."""
    return ToolError(tool, f"{what} failed" + (f": {why}" if why else ""), "try again; if it stays, run it by hand to see why")


def empty(tool: str, what: str) -> ToolError:
    return ToolError(tool, f"{what} gave an empty answer", "try again")


def cut(tool: str) -> ToolError:
    return ToolError(tool, "the answer reached the limit of tokens before its end", "select less code", retryable=False)


def masked(text: str, known: tuple[str, ...] = ()) -> str:
    """A program's own words on one line, fit to be shown: no secrets (nor the `known` ones), no control characters, not long."""
    from orchestra_lsp.trust import secrets  # late: only errors pay for the detector

    for value in known:
        text = text.replace(value, "[masked]") if value else text
    position, parts = 0, []
    for secret in secrets.find(text):
        parts += [text[position : secret.start], "[masked]"]
        position = secret.end
    plain = CONTROL.sub(" ", "".join((*parts, text[position:])))
    return " ".join(plain.split())[-LONGEST_QUOTE:]
