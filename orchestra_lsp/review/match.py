"""What a condition or a check is asked about, and what a check answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestra_lsp.model import Edit, Related
from orchestra_lsp.review.scene import Scene
from orchestra_lsp.review.unify import Holes

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One instance of a pattern. `options` are the ones its page gives to the check."""

    scene: Scene
    node: Node
    holes: Holes
    options: Mapping[str, Any]

    def text(self, name: str) -> bytes:
        """What a metavariable stands for; empty if it is not bound."""
        bound = self.holes.get(name)
        return bound.text if bound else b""

    def node_of(self, name: str) -> Node:
        """The first node of a metavariable. Raises KeyError if it has none."""
        bound = self.holes[name]
        if not bound.nodes:
            raise KeyError(name)
        return bound.nodes[0]


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """What a check found: the node to report (inside the match's), edits that repair it, and words for the message's metavariables."""

    node: Node
    edits: tuple[Edit, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    related: tuple[Related, ...] = ()


Check = Callable[[Match], Hit | None]
Condition = Callable[[Match], bool]
