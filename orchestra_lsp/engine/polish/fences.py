"""Takes the code out of a Markdown code fence, with what was said around it."""

from __future__ import annotations

import re
from dataclasses import replace

from orchestra_lsp.engine.polish.chain import Draft, is_prose

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*[\w+#.-]*[ \t]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)


def polish(draft: Draft) -> Draft | None:
    """Prose files keep their fences; an answer whose fence is empty is dropped."""
    if is_prose(draft):
        return draft
    fence = _FENCE.search(draft.text)
    if fence is None:
        return _without_a_lone_end(draft)
    # A fence in the middle of code belongs to it, for instance in a docstring.
    if _is_code(draft.text[: fence.start()]):
        return draft
    inside = fence.group(2).removesuffix("\n")
    return replace(draft, text=inside) if inside.strip() else None


def _without_a_lone_end(draft: Draft) -> Draft:
    """A tool that was stopped, or was given the opening fence, closes it alone."""
    body, _, last = draft.text.rstrip().rpartition("\n")
    return replace(draft, text=body) if last.strip() in ("```", "~~~") and "```" not in body else draft


def _is_code(lead: str) -> bool:
    """Whether what stands before the fence is code and not talk: talk has words and ends like a sentence."""
    last = lead.strip().rpartition("\n")[2].strip()
    return bool(last) and not (" " in last and last[-1] in ":.!?" and not re.search(r"[(){}\[\]=;]", last))
