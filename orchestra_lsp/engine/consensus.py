"""Several tools at once: their answers are aligned statement by statement on the syntax tree, and the one most agreed upon wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from orchestra_lsp.engine.cascade import Call, Climbed, Weigh
from orchestra_lsp.engine.found import Found
from orchestra_lsp.engine.judging.case import Case, tokens
from orchestra_lsp.engine.judging.names import made_names
from orchestra_lsp.model import Candidate, Span
from orchestra_lsp.syntax.language import UNKNOWN, definition, names
from orchestra_lsp.syntax.text import decode, line_at

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_UNITS: Final = 600  # statements compared; what is longer is compared up to there
SHOWN: Final = 5  # differences told for each tool
WIDTH: Final = 60  # characters of code in a difference
ALIKE: Final = 0.4  # two statements with so many tokens in common are one, changed


@dataclass(frozen=True, slots=True)
class Unit:
    """One statement, or the head of one that holds others: its tokens without layout, comments and the answer's own names."""

    tokens: tuple[bytes, ...]
    line: int  # of the answer, from 1
    text: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """`likeness[i][j]` 0..1 of the answers i and j, `best` is the one to show, `confidence` 0..1 what the others make of it.

    `differences` of the others from the best, by their place among the answers.
    """

    best: int
    confidence: float
    likeness: tuple[tuple[float, ...], ...]
    differences: tuple[tuple[str, ...], ...]


def agree(cases: Sequence[Case], scores: Sequence[float]) -> Agreement:
    """Compare answers to one request; `scores` are the judge's. An answer gains by what others, weighted by theirs, have in common."""
    answers = [units(case) for case in cases]
    likeness = [[1.0 if one is other else likeness_of(one, other) for other in answers] for one in answers]
    support = [_support(at, likeness, scores) for at in range(len(cases))]
    best = max(range(len(cases)), key=lambda at: (scores[at] * (1 + support[at]), -at))
    confidence = scores[best] * (1 + support[best]) / 2 if len(cases) > 1 else scores[best]
    told = tuple(() if at == best else tuple(differences(answers[best], other)) for at, other in enumerate(answers))
    return Agreement(best, round(confidence, 3), tuple(map(tuple, likeness)), told)


def units(case: Case) -> list[Unit]:
    """An answer as its statements, in order. Without a grammar: its lines."""
    language, tree = case.after.language, case.after.tree
    if tree is None or language == UNKNOWN or language not in names():
        lines = enumerate(case.text.splitlines(), start=1)
        return [Unit(tuple(line.encode(errors="replace").split()), number, line.strip()) for number, line in lines if line.strip()]
    own = {name.encode(): b"name %d" % number for number, name in enumerate(made_names(tree, case.after.data, case.placed))}
    found: list[Unit] = []
    _collect(tree.root_node, case, own, found)
    return found[:MOST_UNITS]


def likeness_of(one: Sequence[Unit], other: Sequence[Unit]) -> float:
    """Share of tokens that stand in equal statements; changed ones count by what their tokens have in common."""
    total = sum(len(unit.tokens) for unit in (*one, *other))
    if not total:
        return 1.0
    same = 0.0
    for mine, theirs in _aligned(one, other):
        if mine and theirs:
            same += (len(mine.tokens) + len(theirs.tokens)) * _ratio(mine, theirs)
    return round(same / total, 3)


def differences(best: Sequence[Unit], other: Sequence[Unit]) -> list[str]:
    """What the other answer has instead, in words for people."""
    said = []
    for mine, theirs in _aligned(best, other):
        if mine and theirs and mine.tokens != theirs.tokens:
            said.append(f"line {mine.line}: `{_short(theirs.text)}` instead of `{_short(mine.text)}`")
        elif mine and not theirs:
            said.append(f"line {mine.line}: without `{_short(mine.text)}`")
        elif theirs and not mine:
            said.append(f"also has `{_short(theirs.text)}`")
    return said


def chosen(order: Sequence[Candidate], count: int) -> tuple[Candidate, ...]:
    """Whom to ask: the first of the order, each on its own."""
    return tuple(order[: max(2, count)])


#: The case of a judged answer, to compare it.
CaseOf = Callable[[Found], Case]


async def gather(order: Sequence[Candidate], nothing: Found, ask: tuple[Call, Weigh], case_of: CaseOf, deadline: float) -> Climbed:
    """Ask all of `order` at once, and settle on one answer; those that fail are left out and told."""
    call, weigh = ask
    called = await asyncio.gather(*(call((one,), deadline) for one in order))
    attempts = tuple(attempt for one in called for attempt in one.attempts)
    tried = tuple([await weigh(one.answer) for one in called if one.answer])
    usable = [one for one in tried if one.answer]
    if not usable:
        return Climbed(tried[-1] if tried else nothing, tried, attempts)
    agreement = await asyncio.to_thread(agree, [case_of(one) for one in usable], [one.verdict.score for one in usable])
    return Climbed(_settled(usable, agreement, len(order)), tried, attempts)


def _settled(usable: Sequence[Found], agreement: Agreement, asked: int) -> Found:
    best = usable[agreement.best]
    assert best.answer
    told = [(one.tool, said) for one, said in zip(usable, agreement.differences, strict=True) if one is not best]
    lines = tuple(f"{tool}: {line}" for tool, said in told for line in said[:SHOWN])
    differs = "; ".join(f"{tool} differs in {len(said)} place{'s' if len(said) > 1 else ''}" for tool, said in told if said)
    reason = f"{len(usable)} of {asked} tools answered, {agreement.confidence:.0%} sure" + (f"; {differs}" if differs else "")
    if len(usable) > 1 and not differs:
        reason += "; they agree in everything but layout and names"
    objections = [f"but it {why}" for why in best.verdict.reasons] if not best.verdict.accepted else []
    said = "; ".join([reason, *lines, *objections])
    return replace(best, answer=replace(best.answer, confidence=agreement.confidence), reason=said, differences=lines)


def _support(at: int, likeness: Sequence[Sequence[float]], scores: Sequence[float]) -> float:
    """What the others, each weighted by its own score, have in common with this one."""
    others = [other for other in range(len(scores)) if other != at]
    weight = sum(scores[other] for other in others)
    return sum(likeness[at][other] * scores[other] for other in others) / weight if weight else 0.0


def _aligned(one: Sequence[Unit], other: Sequence[Unit]) -> list[tuple[Unit | None, Unit | None]]:
    """Pairs of statements that stand for each other; None where one answer has nothing of the kind."""
    matcher = SequenceMatcher(None, [unit.tokens for unit in one], [unit.tokens for unit in other], autojunk=False)
    pairs: list[tuple[Unit | None, Unit | None]] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        mine, theirs = list(one[start:end]), list(other[other_start:other_end])
        if tag == "equal":
            pairs += zip(mine, theirs, strict=True)
            continue
        while mine and theirs:
            left, right = mine.pop(0), theirs.pop(0)
            pairs += [(left, right)] if _ratio(left, right) >= ALIKE else [(left, None), (None, right)]
        pairs += [*((left, None) for left in mine), *((None, right) for right in theirs)]
    return pairs


def _ratio(one: Unit, other: Unit) -> float:
    return 1.0 if one.tokens == other.tokens else SequenceMatcher(None, one.tokens, other.tokens, autojunk=False).ratio()


def _collect(node: Node, case: Case, own: dict[bytes, bytes], found: list[Unit]) -> None:
    """Go down until statements lie one beside the other; a statement with a block in it is its head and the statements of the block."""
    placed, kinds = case.placed, definition(case.after.language).kinds
    if node.end_byte <= placed.start or node.start_byte >= placed.end or node.type in kinds["comment"]:
        return
    around = node.start_byte < placed.start or node.end_byte > placed.end
    block = next((child for child in reversed(node.children) if _holds_statements(child, kinds["block"])), None)
    if around or node.type in kinds["block"] or node.parent is None:
        for child in node.named_children:
            _collect(child, case, own, found)
    elif block is None:
        _add(Span(node.start_byte, node.end_byte), case, own, found)
    else:
        _add(Span(node.start_byte, block.start_byte), case, own, found)
        for child in node.named_children:
            if child.start_byte >= block.start_byte:
                _collect(child, case, own, found)


def _holds_statements(node: Node, blocks: frozenset[str]) -> bool:
    return node.type in blocks or node.type.endswith(("_body", "declaration_list"))


def _add(span: Span, case: Case, own: dict[bytes, bytes], found: list[Unit]) -> None:
    data = case.after.data
    comments = definition(case.after.language).kinds["comment"]
    leaves = tuple(own.get(token, token) for token, _ in tokens(case.after.tree, data, span, comments))
    if leaves:
        line = line_at(case.after, span.start) - line_at(case.after, case.placed.start) + 1
        found.append(Unit(leaves, line, decode(data[span.start : span.end]).strip()))


def _short(code: str) -> str:
    line = " ".join(code.split()).replace("`", "'")
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
