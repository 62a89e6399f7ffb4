"""`super` called with the class and the first parameter of the method around it, which it has by itself."""

from __future__ import annotations

from orchestra_lsp.review.match import Hit, Match
from orchestra_lsp.review.scene import ancestors


def check(match: Match) -> Hit | None:
    scene, method = match.scene, match.scene.function(match.node)
    holder = next((above for above in ancestors(method) if above.type != "decorated_definition"), None) if method is not None else None
    owner = holder.parent if holder is not None and holder.type == "block" else None
    if method is None or method.type != "function_definition" or owner is None or owner.type != "class_definition":
        return None
    if any(above.type in ("list_comprehension", "generator_expression", "set_comprehension") for above in ancestors(match.node)):
        return None
    name, parameters = owner.child_by_field_name("name"), method.child_by_field_name("parameters")
    first = parameters.named_children[0] if parameters is not None and parameters.named_child_count else None
    if name is None or first is None or scene.text(first) != match.text("S"):
        return None
    return Hit(match.node) if scene.text(name) == match.text("C") else None
