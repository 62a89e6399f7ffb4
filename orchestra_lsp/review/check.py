"""Findings about a buffer: all of it, or only what an edit can have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestra_lsp.model import Buffer, Edit, Finding, Fix, Safety, Span
from orchestra_lsp.review import pages
from orchestra_lsp.review.chunk import Shift, chunk, joined, lines_around
from orchestra_lsp.review.compiled import Compiled
from orchestra_lsp.review.dialect import dialect
from orchestra_lsp.review.flow.findings import flows
from orchestra_lsp.review.flow.roots import dependents
from orchestra_lsp.review.imports import imports_of, tidied
from orchestra_lsp.review.match import Hit
from orchestra_lsp.review.plain_check import text_findings, update_texts
from orchestra_lsp.review.scene import Scene, first_line, is_test_path, span_of
from orchestra_lsp.review.suppress import is_suppressed, suppressions, touches_suppression
from orchestra_lsp.review.table import Table
from orchestra_lsp.review.template import filled, local_names, render
from orchestra_lsp.review.unify import Holes
from orchestra_lsp.review.values import module_bindings
from orchestra_lsp.syntax.text import decode

if TYPE_CHECKING:
    from tree_sitter import Node

log = logging.getLogger(__name__)
_HEAD = 2048  # bytes in which a file may say that it is generated
_GENERATED = re.compile(rb"^[ \t]*(?://|#|/?\*+) ?(?:Code generated .* DO NOT EDIT|@generated\b)", re.MULTILINE)


def check(buffer: Buffer, spans: Sequence[Span] | None = None) -> tuple[Finding, ...]:
    """The findings of a buffer in the order of its text, by the built-in rules.

    With `spans`, only those in the functions (or other top-level pieces) that the spans touch. A buffer without a tree, or in a
    language without rules, and a generated file have none. Suppressed findings, and those where the syntax is broken, are left out.
    """
    return check_with(pages.table(buffer.language), buffer, spans)


def update(before: Sequence[Finding], old: Buffer, new: Buffer, changed: Sequence[Span]) -> tuple[Finding, ...]:
    """The findings of `new`, given all findings of `old` and the spans of `new` that changed: equal to `check(new)`, but cheaper.

    Untouched findings are kept and moved along; what an edit can have changed is checked again.
    """
    return update_with(pages.table(new.language), before, (old, new), changed)


def check_with(table: Table, buffer: Buffer, spans: Sequence[Span] | None = None) -> tuple[Finding, ...]:
    """`check` by the rules of another table."""
    scene = _scene(buffer)
    nodes: dict[int, Node] = {}
    if scene is not None and spans is None:
        nodes[scene.root.id] = scene.root
    elif scene is not None:
        for span in spans or ():
            nodes.update((node.id, node) for node in chunk(scene, span, table.kinds).nodes)
    found = _findings(table, scene, [*nodes.values()]) if scene is not None else ()
    touched = None if spans is None else [lines_around(buffer.data, span) for span in spans]
    return _merged(found, text_findings(table.texts, buffer, scene, touched))


def update_with(table: Table, before: Sequence[Finding], buffers: tuple[Buffer, Buffer], changed: Sequence[Span]) -> tuple[Finding, ...]:
    """`update` by the rules of another table; `buffers` are the old and the new one."""
    plain = {rule.page.rule.id for rule in table.texts}
    by_text = [finding for finding in before if finding.rule in plain]
    others = [finding for finding in before if finding.rule not in plain]
    scenes = (_scene(buffers[0]), _scene(buffers[1]))
    return _merged(_update_structure(table, others, scenes, changed), update_texts(table.texts, by_text, buffers, scenes[1]))


def _update_structure(
    table: Table, before: Sequence[Finding], scenes: tuple[Scene | None, Scene | None], changed: Sequence[Span]
) -> tuple[Finding, ...]:
    old, new = scenes
    if new is None:
        return ()
    if old is None or old.dialect is not new.dialect or old.in_test_file != new.in_test_file:
        return _findings(table, new, [new.root])
    shift = Shift.between(old.data, new.data)
    if shift.is_nothing and not changed:
        return tuple(before)
    touched = lines_around(new.data, joined([*changed, *([] if shift.is_nothing else [Span(shift.start, shift.new_end)])]))
    touched_before = shift.back_span(touched)
    if _changes_file(old, new, shift) or touches_suppression(new.data, touched) or touches_suppression(old.data, touched_before):
        return _findings(table, new, [new.root])
    earlier = chunk(old, touched_before, table.kinds)
    region = chunk(new, joined([touched, shift.forth_span(earlier.span)]), table.kinds)
    if module_bindings(old, earlier.nodes) != module_bindings(new, region.nodes):
        return _findings(table, new, [new.root])
    others = dependents((old, new), (earlier.nodes, region.nodes), table.kinds) if table.flows else []
    gone = [shift.back_span(span) for span in (region.span, *map(span_of, others))]
    kept = [shift.moved(one) for one in before if not any(span.start <= one.span.start and one.span.end <= span.end for span in gone)]
    return tuple(sorted({*kept, *_findings(table, new, [*region.nodes, *others])}, key=_order))


def _merged(one: Iterable[Finding], other: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted({*one, *other}, key=_order))


def _scene(buffer: Buffer) -> Scene | None:
    rules = dialect(buffer.language)
    if rules is None or buffer.tree is None or _GENERATED.search(buffer.data, 0, _HEAD):
        return None
    in_test_file = is_test_path(buffer.path or buffer.uri)
    return Scene(buffer, buffer.data, buffer.tree.root_node, rules, imports_of(buffer, rules), in_test_file, {})


def _changes_file(old: Scene, new: Scene, shift: Shift) -> bool:
    """Whether an edit changed something that every finding of the file may depend on."""
    one, other = old.imports, new.imports
    # The order counts: of two names for one module a fix uses the first.
    same = ([*one.names.items()], one.modules, one.form) == ([*other.names.items()], other.modules, other.form)
    return not same or shift.forth(one.insert_at) != other.insert_at


def _findings(table: Table, scene: Scene, nodes: Sequence[Node]) -> tuple[Finding, ...]:
    flowing = flows(table.flows, scene, nodes)
    found: dict[tuple[str, Span], tuple[Compiled, Hit, Holes, Node]] = {}
    for top in nodes:
        for node, tried in table.candidates(scene, top):
            for compiled in tried:
                applied = _apply(compiled, scene, node)
                if applied is not None:
                    hit, holes = applied
                    found.setdefault((compiled.page.rule.id, span_of(hit.node)), (compiled, hit, holes, node))
    if not found:
        return tuple(sorted(flowing.findings, key=_order))
    known = suppressions(scene)
    findings = [
        _finding(compiled, hit, holes, (scene, node))
        for (_, span), (compiled, hit, holes, node) in found.items()
        if not is_suppressed(scene, known, compiled.page, span)
    ]
    return tuple(sorted([*flowing.without_repeated(findings), *flowing.findings], key=_order))


def _apply(compiled: Compiled, scene: Scene, node: Node) -> tuple[Hit, Holes] | None:
    try:
        return compiled.apply(scene, node)
    except Exception as error:  # noqa: BLE001 - logged; one rule at fault must not take the findings of all others along
        where = error.__traceback__.tb_lineno if error.__traceback__ else 0
        log.error("rule %s failed on a %s document: %s (%d)", compiled.page.rule.id, scene.buffer.language, type(error).__name__, where)
        return None


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.span.start, finding.span.end, finding.rule


def _finding(compiled: Compiled, hit: Hit, holes: Holes, at: tuple[Scene, Node]) -> Finding:
    rule = compiled.page.rule
    return Finding(
        rule=rule.id,
        message=_filled(compiled.matcher.message or compiled.page.message, hit, holes),
        span=first_line(at[0], span_of(hit.node)),
        severity=rule.severity,
        confidence=rule.confidence,
        category=rule.category,
        cwe=rule.cwe,
        fix=_fix(compiled, hit, holes, at),
        related=hit.related,
        link=compiled.page.link,
    )


def _filled(message: str, hit: Hit, holes: Holes) -> str:
    return filled(message, {name: decode(bound.text) for name, bound in holes.items()} | dict(hit.words))


def _fix(compiled: Compiled, hit: Hit, holes: Holes, at: tuple[Scene, Node]) -> Fix | None:
    scene, node = at
    matcher = compiled.matcher
    edits = list(hit.edits)
    parts = [(span_of(node), node, compiled.template)] if compiled.template is not None else []
    for name, template in compiled.part_templates.items():
        bound = holes.get(name)
        if bound is not None and bound.bare:
            return None
        if bound is not None and bound.span is not None:
            parts.append((bound.span, bound.nodes[0], template))
    for span, place, template in parts:
        text = local_names(template.text, matcher.imports, scene.imports)
        if text is None and not matcher.fix_import:
            return None
        edits.append(Edit(span, render(template if text is None else replace(template, text=text), scene, place, holes)))
    if not edits or matcher.safety is Safety.DISPLAY:
        return None
    if matcher.fix_import:
        added = scene.imports.edit(matcher.fix_import)
        edits += [added] if added is not None else []
    title = _filled(matcher.title, hit, holes)
    return Fix(title, tidied(scene.data, scene.imports, edits), matcher.safety, matcher.reason)
