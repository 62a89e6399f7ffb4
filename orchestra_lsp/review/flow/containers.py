"""Lists, dictionaries and objects: what was put under a constant key is found there again, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestra_lsp.review.flow.value import (
    MOST_ITEMS,
    NOTHING,
    UNKNOWN,
    Box,
    Taint,
    Value,
    constant,
    joined,
    joined_all,
    parts_of,
    tainted,
)

_PART_LENGTH = 60
Field = tuple[str, str]  # the key of an attribute, apart from those of a dictionary


def field_key(name: str) -> Field:
    return ("attribute", name)


def listed(items: Sequence[Value]) -> Value:
    if len(items) > MOST_ITEMS:
        return some_of(joined_all(items))
    return Value(box=Box(dict(enumerate(items)), exact=True), known=all(item.known for item in items))


def some_of(item: Value) -> Value:
    """A list of which only the kind of its items is known."""
    return Value(box=Box({}, item), known=item.known)


def read(owner: Value, key: Value | None) -> Value:
    """`owner[key]`."""
    found = NOTHING
    if owner.box is not None:
        found = _read_box(owner.box, key)
    if not owner.taints:
        return found
    taints = parted(owner.taints, key)
    return found.with_taints(taints) if found is not NOTHING else Value(taints=taints, known=owner.known)


def parted(taints: Sequence[Taint], key: Value | None) -> tuple[Taint, ...]:
    """The data under a constant key of data from outside: what is checked of one entry says nothing of another."""
    if key is None or not isinstance(key.const, str | int) or isinstance(key.const, bool):
        return tuple(taints)
    return tuple(replace(taint, part=f"{taint.part}.{key.const}"[:_PART_LENGTH]) for taint in taints)


def _read_box(box: Box, key: Value | None) -> Value:
    wanted = key.const if key is not None else UNKNOWN
    if wanted is UNKNOWN or not _is_key(wanted):
        own = Value(box=box)
        return joined_all(parts_of(own))
    if box.exact and isinstance(wanted, int) and wanted < 0:
        wanted += len(box.items)
    return box.items.get(wanted, box.rest) or NOTHING


def put(owner: Value, key: object, item: Value) -> Value:
    """The owner after `owner[key] = item`; UNKNOWN as key: somewhere."""
    box = owner.box or Box({})
    known = owner.known and item.known
    if key is UNKNOWN or not _is_key(key) or len(box.items) >= MOST_ITEMS:
        return replace(
            owner, box=replace(box, rest=joined(box.rest, item) if box.rest is not None else item, exact=False), const=UNKNOWN, known=known
        )
    exact = box.exact and key in box.items
    return replace(owner, box=replace(box, items={**box.items, key: item}, exact=exact), const=UNKNOWN, known=known)


def _is_key(key: object) -> bool:
    return isinstance(key, str | int | float | bytes | tuple | type(None))


def items_of(owner: Value) -> list[Value] | None:
    """The items of a list in their order; None if they are not all known."""
    if isinstance(owner.const, str) and len(owner.const) <= MOST_ITEMS:
        return [constant(letter) for letter in owner.const]
    if owner.box is None or not owner.box.exact:
        return None
    return [owner.box.items[spot] for spot in range(len(owner.box.items))]


def item_of(owner: Value) -> Value:
    """Any one item of what is walked."""
    found = joined_all(parts_of(owner))
    if owner.box is None:
        return tainted(owner.taints, owner.known)
    return found.with_taints(owner.taints) if owner.taints else replace(found, const=UNKNOWN)


def sliced(owner: Value, low: object, high: object) -> Value:
    """`owner[low:high]`."""
    items = items_of(owner) if owner.box is not None else None
    if isinstance(low, int | None) and isinstance(high, int | None):
        if isinstance(owner.const, str):
            return constant(owner.const[low:high])
        if items is not None:
            return listed(items[low:high]).with_taints(owner.taints)
    return replace(owner, const=UNKNOWN, closure=None, box=replace(owner.box, exact=False) if owner.box is not None else None)


def changed(owner: Value, name: str, args: Sequence[Value]) -> tuple[Value, Value] | None:
    """What a method of a container gives and what it leaves of the container; None for a method that is not known to change it."""
    items = items_of(owner) if owner.box is not None else None
    if items is not None:
        done = _list_method(items, name, args)
        if done is not None:
            return done[0], replace(listed(done[1]).with_taints(owner.taints), made=owner.made, made_class=owner.made_class)
    return _keyed_method(owner, name, args)


def _list_method(items: list[Value], name: str, args: Sequence[Value]) -> tuple[Value, list[Value]] | None:
    """The methods of a list whose items are all known, in the words of Python and of JavaScript."""
    if name in ("append", "push") and args:
        return NOTHING, [*items, *args]
    if name in ("pop", "shift"):
        spot = 0 if name == "shift" else args[0].const if args else -1
        if isinstance(spot, int) and -len(items) <= spot < len(items):
            return items[spot], [item for place, item in enumerate(items) if place != spot % len(items)]
        return None
    if name in ("insert", "unshift", "appendleft") and args:
        spot = args[0].const if name == "insert" else 0
        if isinstance(spot, int):
            return NOTHING, [*items[:spot], args[-1], *items[spot:]]
        return None
    if name == "extend" and args and (others := items_of(args[0])) is not None:
        return NOTHING, [*items, *others]
    if name == "reverse":
        return NOTHING, items[::-1]
    return (NOTHING, []) if name == "clear" else None


def _keyed_method(owner: Value, name: str, args: Sequence[Value]) -> tuple[Value, Value] | None:
    """Getting and setting by constant keys: of a dictionary, a map, a parser of settings."""
    if name in ("get", "getOrDefault", "pop") and args:
        if owner.box is None or owner.taints:
            return None
        return _get(owner.box, args, name), owner
    if name in ("set", "put", "setdefault", "__setitem__") and len(args) >= 2:
        keys = [arg.const for arg in args[:-1]]
        key: object = keys[0] if len(keys) == 1 else tuple(keys) if UNKNOWN not in keys else UNKNOWN
        return (args[-1] if name == "setdefault" else NOTHING), put(owner, key, args[-1])
    if name == "update" and args and args[0].box is not None and args[0].box.rest is None:
        made = owner
        for key, item in args[0].box.items.items():
            made = put(made, key, item)
        return NOTHING, made
    if name in ("values", "keys", "items") and owner.box is not None and not owner.taints:
        return _views(owner.box, name), owner
    return None


def _get(box: Box, args: Sequence[Value], name: str) -> Value:
    keys = [arg.const for arg in args]
    two = tuple(keys[:2])
    if len(args) >= 2 and UNKNOWN not in two and two in box.items:
        return box.items[two]
    nested = box.items.get(keys[0]) if keys[0] is not UNKNOWN and _is_key(keys[0]) else None
    if len(args) >= 2 and name == "get" and nested is not None and nested.box is not None and keys[1] in nested.box.items:
        return nested.box.items[keys[1]]
    found = _read_box(box, args[0])
    if len(args) >= 2 and (keys[0] is UNKNOWN or keys[0] not in box.items):
        return joined(found, args[1])
    return found


def _views(box: Box, name: str) -> Value:
    plain: Mapping[object, Value] = {key: item for key, item in box.items.items() if not isinstance(key, tuple)}
    if name == "keys":
        made = listed([constant(key) for key in plain])
    elif name == "values":
        made = listed(list(plain.values()))
    else:
        made = listed([listed([constant(key), item]) for key, item in plain.items()])
    return made if box.rest is None else some_of(joined_all([*parts_of(made), box.rest]))
