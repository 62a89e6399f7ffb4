"""The few kinds of expressions and statements that flow knows, the same for every language; spans are byte offsets in the file.

They are made once for each review and thrown away, so they are plain classes: frozen ones would cost twice the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Place = tuple[int, int]  # first byte and the byte after the last


@dataclass(slots=True, eq=False)
class Const:
    """A literal: text, number, truth or nothing."""

    at: Place
    value: object


@dataclass(slots=True, eq=False)
class Name:
    at: Place
    id: str


@dataclass(slots=True, eq=False)
class Attr:
    at: Place
    owner: Expr
    name: str


@dataclass(slots=True, eq=False)
class Index:
    """`owner[key]`; `key` None: a key that cannot be told."""

    at: Place
    owner: Expr
    key: Expr | None


@dataclass(slots=True, eq=False)
class Slice:
    """`owner[low:high]`."""

    at: Place
    owner: Expr
    low: Expr | None
    high: Expr | None


@dataclass(slots=True, eq=False)
class Arg:
    """One argument of a call. `name` is empty for a positional one; `spread` takes it apart: `*args`, `**named`, `...args`."""

    value: Expr
    name: str = ""
    spread: bool = False


@dataclass(slots=True, eq=False)
class Call:
    at: Place
    callee: Expr
    args: Sequence[Arg]
    new: bool = False


@dataclass(slots=True, eq=False)
class Text:
    """A text with values filled in."""

    at: Place
    parts: Sequence[Expr]


@dataclass(slots=True, eq=False)
class Binary:
    at: Place
    sign: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Unary:
    """`sign` is "not", "-" or "+"."""

    at: Place
    sign: str
    value: Expr


@dataclass(slots=True, eq=False)
class Compare:
    """One comparison; `a < b < c` is a `Logic` of two. Signs as in Python, "not in" and "is not" as well."""

    at: Place
    sign: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Logic:
    """`and`, `or`: the value of one of the parts."""

    at: Place
    sign: str
    parts: Sequence[Expr]


@dataclass(slots=True, eq=False)
class Choose:
    at: Place
    test: Expr
    yes: Expr
    no: Expr


@dataclass(slots=True, eq=False)
class Listed:
    """A list, tuple or set; `spread` marks the items that are taken apart."""

    at: Place
    items: Sequence[Expr]
    spread: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Mapped:
    """A dictionary or object; a key None spreads another one."""

    at: Place
    pairs: Sequence[tuple[Expr | None, Expr]]


@dataclass(slots=True, eq=False)
class Each:
    """A comprehension: `value` (and `key`, for a dictionary) for each `target` of `source` that passes `tests`."""

    at: Place
    target: Expr
    source: Expr
    tests: Sequence[Expr]
    value: Expr
    key: Expr | None = None


@dataclass(slots=True, eq=False)
class Named:
    """An assignment inside an expression."""

    at: Place
    target: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Made:
    """A function without a name."""

    at: Place
    function: Function


@dataclass(slots=True, eq=False)
class Other:
    """Anything else: its value is made of its parts."""

    at: Place
    parts: Sequence[Expr] = ()


Expr = (
    Const
    | Name
    | Attr
    | Index
    | Slice
    | Call
    | Text
    | Binary
    | Unary
    | Compare
    | Logic
    | Choose
    | Listed
    | Mapped
    | Each
    | Named
    | Made
    | Other
)


@dataclass(slots=True, eq=False)
class Param:
    """`kind`: "" for an ordinary one, "*" for all further positional ones, "**" for all further named ones."""

    name: str
    kind: str = ""
    type: str = ""
    default: Expr | None = None


@dataclass(slots=True, eq=False)
class Function:
    """`decorators` are what a decorator or an attribute says; for a handler given to a router, the call it is given to."""

    at: Place
    name: str
    params: Sequence[Param]
    body: Sequence[Stmt]
    decorators: Sequence[Expr] = ()


@dataclass(slots=True, eq=False)
class Class:
    name: str
    methods: dict[str, Function]
    bases: Sequence[str]
    fields: Sequence[tuple[str, Expr]] = ()


@dataclass(slots=True, eq=False)
class Assign:
    """`sign` is the operator of `a += b`, else empty."""

    at: Place
    targets: Sequence[Expr]
    value: Expr
    sign: str = ""


@dataclass(slots=True, eq=False)
class Do:
    at: Place
    value: Expr


@dataclass(slots=True, eq=False)
class If:
    at: Place
    test: Expr
    yes: Sequence[Stmt]
    no: Sequence[Stmt]


@dataclass(slots=True, eq=False)
class Loop:
    """`target` and `source` for a loop over something, `test` for one with a condition; neither: it ends by a jump."""

    at: Place
    body: Sequence[Stmt]
    target: Expr | None = None
    source: Expr | None = None
    test: Expr | None = None
    after: Sequence[Stmt] = ()
    indexed: bool = False  # the target is (position or key, item)


@dataclass(slots=True, eq=False)
class Return:
    at: Place
    value: Expr | None


@dataclass(slots=True, eq=False)
class Leave:
    """`word`: "raise", "break" or "continue"."""

    at: Place
    word: str
    value: Expr | None = None


@dataclass(slots=True, eq=False)
class Try:
    at: Place
    body: Sequence[Stmt]
    handlers: Sequence[Sequence[Stmt]]
    after: Sequence[Stmt] = ()
    final: Sequence[Stmt] = ()


@dataclass(slots=True, eq=False)
class Arm:
    """One case: values that it is for (None: any) and what it binds."""

    values: Sequence[Expr] | None
    body: Sequence[Stmt]
    test: Expr | None = None
    binds: Sequence[str] = ()
    falls: bool = False  # goes on into the next one


@dataclass(slots=True, eq=False)
class Match:
    at: Place
    subject: Expr
    arms: Sequence[Arm]


@dataclass(slots=True, eq=False)
class Define:
    at: Place
    function: Function


@dataclass(slots=True, eq=False)
class DefineClass:
    at: Place
    made: Class


@dataclass(slots=True, eq=False)
class Block:
    """Statements that belong together."""

    at: Place
    body: Sequence[Stmt] = field(default_factory=tuple)


Stmt = Assign | Do | If | Loop | Return | Leave | Try | Match | Define | DefineClass | Block
