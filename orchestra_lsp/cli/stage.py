"""Shows what `orchestra try` saw, on a terminal of 100 columns or a plain one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Final

from orchestra_lsp.cli.findings import Entry, grid, source_line
from orchestra_lsp.cli.rehearse import Found, Offer, Seen
from orchestra_lsp.commands.result import counted
from orchestra_lsp.model import Complexity, Severity
from orchestra_lsp.review.dialect import dialects
from orchestra_lsp.syntax.language import UNKNOWN
from orchestra_lsp.syntax.text import Encoding, offset_at, position_at

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

FINDINGS: Final = 6
SEVERITIES: Final = {1: Severity.ERROR, 2: Severity.WARNING, 3: Severity.INFO, 4: Severity.HINT}
COLOURS: Final = {Complexity.SIMPLE: "green", Complexity.MODERATE: "yellow", Complexity.COMPLEX: "red"}
VERDICTS: Final = {
    "as written": ("as written", "green"),
    "as written so far": ("as written so far", "green"),
    "goes on": ("as written and on", "green"),
    "other": ("something else", "yellow"),
    "nothing": ("nothing", "dim"),
}
_FIGURE: Final = re.compile(r"; the embedded engine is \d+% sure| \(\d+%\)")
GOOD: Final = ("as written", "as written so far", "goes on")


class Stage:
    """One terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()  # why actions are disabled; once is enough
        fancy = not console.legacy_windows and (console.encoding or "").lower().startswith("utf")
        self._bar, self._dot, self._cursor = ("\u2502", "\u00b7", "\u258f") if fancy else ("|", "-", "|")
        self._line = "\u2500" if fancy else "-"

    def file(self, seen: Seen) -> None:
        self._console.print()
        self._console.rule(self._text((seen.path, "bold")), align="left", style="dim", characters=self._line)
        self._about(seen)
        self._findings(seen)
        self._shown(seen)
        self._actions(seen)
        self._offers(seen)

    def end(self, seen: list[Seen], started_ms: float) -> None:
        offers = [offer for one in seen for offer in one.offers]
        self._console.rule(style="dim", characters=self._line)
        parts = [f"server up in {started_ms:.0f} ms", counted(sum(len(one.found) for one in seen), "finding"), seen[-1].learned]
        self._console.print(self._text((f" {self._dot} ".join(filter(None, parts)), "bold")))
        if offers:
            ms = median(offer.ms for offer in offers)
            self._console.print(self._text((f"offers {tally(offers)} {self._dot} {ms:.0f} ms in the median", "bold")))

    def trouble(self, path: str, problem: str) -> None:
        self._console.print(self._text((f"{path}: ", "bold"), (problem, "red")))

    # --- parts ---

    def _about(self, seen: Seen) -> None:
        facts = seen.facts
        counts = [counted(facts.lines, "line"), counted(len(facts.functions), "function")]
        line = self._text((facts.language, "bold cyan"), *(f" {self._dot} {count}" for count in counts), f" {self._dot} ")
        line.append(facts.complexity.value, COLOURS[facts.complexity])
        if facts.functions:
            worst = max(facts.functions, key=lambda one: (one.cognitive, one.cyclomatic))
            line.append(f" {self._dot} hardest: {worst.name}")
            line.append(f" (line {worst.start_line + 1}, cognitive {worst.cognitive})", "dim")
        self._print_cut(line)

    def _findings(self, seen: Seen) -> None:
        self._head("Findings", str(len(seen.found) or "none"), f" {self._dot} {seen.first_ms:.0f} ms after opening")
        if seen.facts.language not in (*dialects(), UNKNOWN):
            self._console.print(self._text((f"          there are no rules for {seen.facts.language} yet", "dim")))
        found = [self._entry(seen, one) for one in seen.found[:FINDINGS]]
        if found:
            self._console.print(grid(self._console, seen.buffer, found))
        if len(seen.found) > FINDINGS:
            self._console.print(self._text((f"  and {len(seen.found) - FINDINGS} more: orchestra review {seen.path}", "dim")))

    def _shown(self, seen: Seen) -> None:
        """What hovering and code lenses show, by their first lines."""
        if seen.page:
            lines = [line for line in seen.page.splitlines() if line.strip()]
            self._head("Hover", lines[0].strip("*# "), f" {self._dot} a page of {len(lines)} lines on why it matters and how to fix it")
        if seen.lenses:
            self._head("Lenses", counted(len(seen.lenses), "function"), f" {self._dot} such as: {seen.lenses[0]}")

    def _entry(self, seen: Seen, found: Found) -> Entry:
        diagnostic = found.diagnostic
        line, start = _place(seen, diagnostic["range"]["start"])
        last, end = _place(seen, diagnostic["range"]["end"])
        stop = end if last == line else len(source_line(seen.buffer, line))
        notes = tuple((f"fix: {fix}", "green") for fix in found.fixes[:1])
        severity = SEVERITIES[diagnostic.get("severity", 2)]
        return Entry(line, (start, stop), severity, diagnostic["message"], str(diagnostic.get("code", "")), notes)

    def _actions(self, seen: Seen) -> None:
        by_reason: dict[str, list[str]] = {}
        for title, disabled in seen.actions:
            by_reason.setdefault(disabled, []).append(title)
        told = {reason for reason in by_reason if reason in self._told}
        self._told |= set(by_reason) - {""}
        for number, (reason, titles) in enumerate(sorted((key, by_reason[key]) for key in by_reason.keys() - told)):
            joined = f" {self._dot} ".join(titles)
            self._head("" if number else "Actions", "" if reason else joined, f"{joined} ({reason})" if reason else "")

    def _offers(self, seen: Seen) -> None:
        offers = seen.offers
        if not offers:
            return
        ms = median(offer.ms for offer in offers)
        self._head("Offers", tally(offers), f" {self._dot} {ms:.0f} ms in the median")
        for offer in offers:
            if offer.text:
                self._offer(offer)
        for (tool, reason), number in Counter((offer.tool, family(offer)) for offer in offers).most_common():
            self._console.print(self._text((f"  {number:>4} x ", "dim"), tool or "no offer", (f": {reason}", "dim")))

    def _offer(self, offer: Offer) -> None:
        """What was typed and what was offered as ghost text; below, who offered it and what really stands there."""
        lines = offer.text.splitlines() or [""]
        first = self._text((f"  {offer.place.line + 1:>4} {self._bar} ", "dim"), offer.place.typed.strip())
        first.append(" " * (len(offer.place.typed) - len(offer.place.typed.rstrip())))
        first.append(self._cursor, "dim")
        first.append(lines[0], "bold green" if offer.verdict in GOOD else "bold yellow")
        if len(lines) > 1:
            first.append(f"  +{counted(len(lines) - 1, 'line')}", "dim")
        self._print_cut(first)
        word, colour = VERDICTS[offer.verdict]
        sure = f" {offer.confidence:.0%} sure" if offer.confidence is not None else ""
        note = self._text((f"       {self._bar} ", "dim"), (word, colour), (f" {self._dot} {offer.tool}{sure}, {offer.ms:.0f} ms", "dim"))
        if offer.verdict == "other":
            note.append(f" {self._dot} really: ", "dim")
            note.append(offer.place.really.strip())
        self._print_cut(note)

    # --- text ---

    def _head(self, title: str, rest: str, aside: str = "") -> None:
        from rich.table import Table

        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=9, style="bold")
        table.add_column()
        table.add_row(title, self._text(rest, (aside, "dim")))
        self._console.print(table)

    def _print_cut(self, text: Text) -> None:
        text.truncate(self._console.width, overflow="ellipsis")
        self._console.print(text)

    def _text(self, *parts: str | tuple[str, str], style: str = "") -> Text:
        from rich.text import Text

        return Text.assemble(*parts, style=style)


def _place(seen: Seen, position: dict[str, int]) -> tuple[int, int]:
    """The server counts UTF-16, a terminal shows characters."""
    offset = offset_at(seen.buffer, position["line"], position["character"], Encoding.UTF16)
    return position_at(seen.buffer, offset, Encoding.UTF32)


def family(offer: Offer) -> str:
    """The reason without how sure the engine is, so that equal reasons count as one."""
    return _FIGURE.sub("", offer.reason) or "no reason was told"


def tally(offers: Sequence[Offer]) -> str:
    """An offer that stops early, or goes on behind the line, says less than one of just that line: each is counted by itself."""
    counts = Counter(offer.verdict for offer in offers)
    parts = [
        f"{counts[verdict]} {VERDICTS[verdict][0]}"
        for verdict in ("as written", "as written so far", "goes on", "other")
        if counts[verdict]
    ]
    made = len(offers) - counts["nothing"]
    return f"at {made} of {len(offers)} places" + (f": {', '.join(parts)}" if parts else "")
