"""Which functions of a file call themselves, directly or through each other. Names are resolved by text, within the file only."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.syntax.outline import Function, Outline, owners

if TYPE_CHECKING:
    from tree_sitter import Node

# Matched against the reversed text: from "(" back over the name is ten times faster than trying each word whether "(" follows.
_CALL = re.compile(rb"\((\w++)(?:(?:\.|::|>-)(\w++))?+(?![.:>])")
_MOST_OVERLOADS = 20  # beyond that a name says nothing
_SELF = frozenset({"self", "cls", "this", "Self"})


def recursive(data: bytes, outline: Outline) -> frozenset[int]:
    """Indices of the functions that are part of a call cycle."""
    calls: dict[int, list[int]] = {}
    for caller, callee in _calls(data, outline):
        calls.setdefault(caller, []).append(callee)
    return frozenset(index for group in _strong_groups(calls) for index in group if len(group) > 1 or index in calls[index])


def _strong_groups(calls: Mapping[int, Sequence[int]]) -> Iterator[list[int]]:
    """The groups of callers that all reach each other, by Tarjan's algorithm (1972) without recursion."""
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    grouped: set[int] = set()
    path: list[int] = []
    for root in calls:
        waiting = [] if root in order else [(root, iter(calls[root]))]
        while waiting:
            index, callees = waiting[-1]
            if index not in order:
                order[index] = lowest[index] = len(order)
                path.append(index)
            callee = next((each for each in callees if each in calls and each not in grouped), None)
            if callee is not None and callee not in order:
                waiting.append((callee, iter(calls[callee])))
            elif callee is not None:
                lowest[index] = min(lowest[index], order[callee])
            else:
                waiting.pop()
                if waiting:
                    lowest[waiting[-1][0]] = min(lowest[waiting[-1][0]], lowest[index])
                if lowest[index] == order[index]:
                    group = path[path.index(index) :] if path[-1] != index else [index]
                    del path[-len(group) :]
                    grouped.update(group)
                    yield group


def _calls(data: bytes, outline: Outline) -> Iterator[tuple[int, int]]:
    functions = outline.functions
    by_name: dict[bytes, dict[str, list[int]]] = {}
    for index, function in enumerate(functions):
        by_name.setdefault(function.name.encode(), {}).setdefault(function.owner, []).append(index)
    words = list(_called(data, by_name, functions))
    callers = owners([function.body for function in functions], [start for start, _, _ in words])
    seen: set[tuple[int, int]] = set()
    for (start, name, qualifier), caller in zip(words, callers, strict=True):
        callees = _callees(outline, functions[caller], by_name[name], qualifier) if caller >= 0 else []
        if len(callees) > _MOST_OVERLOADS or all((caller, callee) in seen for callee in callees):
            continue
        word = functions[caller].node.descendant_for_byte_range(start, start + len(name))
        if word is None or word.type not in outline.language.kinds["identifier"]:
            continue  # in a string or a comment
        for callee in callees:
            if len(callees) == 1 or _arguments(word) in (None, functions[callee].parameters):
                seen.add((caller, callee))
                yield caller, callee


def _called(data: bytes, names: Container[bytes], functions: Sequence[Function]) -> list[tuple[int, bytes, bytes]]:
    """Where one of the names is called: offset, name and the word before its dot; in order of the text."""
    last = max((function.body.end for function in functions), default=0)
    defined = {function.name_span.start for function in functions}
    found = []
    for match in _CALL.finditer(data[:last][::-1]):
        name = match[1][::-1]
        start = last - match.end(1)
        if name in names and start not in defined:
            found.append((start, name, (match[2] or b"")[::-1]))
    return found[::-1]


def _callees(outline: Outline, caller: Function, by_owner: Mapping[str, list[int]], qualifier: bytes) -> list[int]:
    """Which functions of one name a call can mean."""
    if not qualifier:
        own = by_owner.get(caller.owner, []) if caller.owner and outline.rule("bare call is own method") else []
        return own or by_owner.get("", [])
    word = qualifier.decode("utf-8", "replace")
    mine = caller.owner and (word in _SELF or word in (caller.receiver, caller.owner))
    return by_owner.get(caller.owner, []) if mine else []


def _arguments(word: Node) -> int | None:
    """How many arguments the call of this word has: that tells overloads apart. None if it is not written as a plain call."""
    call = word.parent
    arguments = call.child_by_field_name("arguments") if call else None
    return arguments.named_child_count if arguments else None
