"""What a project says of its own review: its rule pages, what it has accepted, and which files are relaxed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestra_lsp.model import Buffer, Finding, Rule, Span
from orchestra_lsp.review import pages, policy
from orchestra_lsp.review.baseline import Baseline, BaselineError, inside, read_baseline
from orchestra_lsp.review.check import check_with, update_with
from orchestra_lsp.review.imported import Imported, ImportFailed, read_imported
from orchestra_lsp.review.others import left_to_others
from orchestra_lsp.review.own_pages import RULE, is_own_page, own_pages, page_findings
from orchestra_lsp.review.page import ANY, Page, PageError
from orchestra_lsp.review.table import Table, build_table

if TYPE_CHECKING:
    from orchestra_lsp.config import ReviewSettings

_TABLES: Final = 32  # of projects and languages; each project of a session has its own


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """One folder's own rules. `problems`: pages that cannot be used; `complaint`: why its baseline, or what was imported, cannot."""

    root: str = ""
    baseline: Baseline = Baseline()
    own: tuple[Page, ...] = ()
    problems: tuple[PageError, ...] = ()
    complaint: str = ""
    imported: Imported = Imported()

    def check(self, buffer: Buffer) -> tuple[Finding, ...]:
        """All findings of a buffer, by the built-in rules and the project's own."""
        return (*self._about_pages(buffer), *check_with(self.table(buffer.language), buffer))

    def update(self, before: Sequence[Finding], old: Buffer, new: Buffer, changed: Sequence[Span]) -> tuple[Finding, ...]:
        """Equal to `check(new)`, but cheaper, given all findings of `old` and the spans of `new` that changed."""
        kept = [finding for finding in before if finding.rule != RULE]
        return (*self._about_pages(new), *update_with(self.table(new.language), kept, (old, new), changed))

    def wanted(self, findings: Iterable[Finding], buffer: Buffer, settings: ReviewSettings) -> tuple[Finding, ...]:
        """The findings that are told: as the person's settings say, less strictly in relaxed files, and none that is accepted."""
        found = policy.apply(left_to_others(findings, settings.others, buffer.language), settings, buffer.language)
        said = policy.apply(self.imported.findings(buffer), settings, buffer.language)
        if not found and not said:
            return found
        if policy.is_relaxed(inside(self.root, buffer.path) if self.root else os.path.basename(buffer.path), settings.relaxed):
            found = policy.relaxed(found)
        return self.baseline.new(buffer.path, buffer, (*found, *said))

    def table(self, language: str) -> Table:
        return _table(self, language) if self.own else pages.table(language)

    def rule(self, name: str) -> Rule | None:
        own = next((page.rule for page in self.own if page.rule.id == name), None)
        return own or pages.rules().get(name)

    def _about_pages(self, buffer: Buffer) -> tuple[Finding, ...]:
        return page_findings(buffer) if is_own_page(self.root, buffer.path) else ()


def read_project(root: str, settings: ReviewSettings, baseline: str = "") -> Project:
    """`baseline`: a file named by the person, for which BaselineError is raised; otherwise the one of the settings, if it is there."""
    if not root:
        return Project(baseline=read_baseline(Path(baseline), root)) if baseline else Project()
    own, problems = own_pages(root)
    complaints = []
    accepted, imported = Baseline(), Imported()
    default = Path(root, settings.baseline)
    try:
        if baseline or (settings.baseline and default.is_file()):
            accepted = read_baseline(Path(baseline) if baseline else default, root)
    except BaselineError as error:
        if baseline:
            raise
        complaints.append(str(error))
    try:
        imported = read_imported(root)
    except ImportFailed as error:
        complaints.append(str(error))
    return Project(root, accepted, own, problems, "; ".join(complaints), imported)


@lru_cache(maxsize=_TABLES)
def _table(project: Project, language: str) -> Table:
    own = (page for page in project.own if language in page.rule.languages or page.rule.languages == (ANY,))
    return build_table(language, (*pages.of_language(language), *own))
