"""Python's syntax tree as `code.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.code import Expr, Place, Stmt
from orchestra_lsp.review.flow.lower.base import Lowering, at, body_of, const_number, inner

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "0": "\0"}


class Python(Lowering):
    """The reader of Python."""

    # --- expressions ---

    def _e_identifier(self, node: Node) -> Expr:
        return code.Name(at(node), self.text(node))

    def _e_integer(self, node: Node) -> Expr:
        return const_number(node, self.text(node))

    _e_float = _e_integer

    def _e_true(self, node: Node) -> Expr:
        return code.Const(at(node), {"true": True, "false": False}.get(node.type))

    _e_false = _e_none = _e_true

    def _e_string(self, node: Node) -> Expr:
        parts: list[Expr] = []
        text = ""
        raw = "r" in self.text(node.children[0]).lower() if node.children else False
        filled = False
        for child in node.named_children:
            if child.type == "string_content":
                text += self.content(child, raw)
            elif child.type == "interpolation":
                filled = True
                if text:
                    parts.append(code.Const(at(child), text))
                    text = ""
                parts.append(self.expr(child.child_by_field_name("expression") or child.named_children[0]))
        if not filled:
            return code.Const(at(node), text)
        return code.Text(at(node), [*parts, *([code.Const(at(node), text)] if text else [])])

    def content(self, node: Node, raw: bool) -> str:
        """The characters of a piece of a string."""
        written = self.text(node)
        if raw or "\\" not in written:
            return written
        made, escaped = "", False
        for letter in written:
            if escaped:
                made += _ESCAPES.get(letter, "\\" + letter) if letter != "\n" else ""
            elif letter != "\\":
                made += letter
            escaped = letter == "\\" and not escaped
        return made

    def _e_concatenated_string(self, node: Node) -> Expr:
        return code.Text(at(node), [self.expr(child) for child in inner(node)])

    def _e_attribute(self, node: Node) -> Expr:
        return code.Attr(at(node), self.expr(node.child_by_field_name("object")), self.text(node.child_by_field_name("attribute")))

    def _e_subscript(self, node: Node) -> Expr:
        owner, keys = self.expr(node.child_by_field_name("value")), node.children_by_field_name("subscript")
        if len(keys) == 1 and keys[0].type == "slice":
            return self.slice(at(node), owner, keys[0])
        return code.Index(at(node), owner, self.expr(keys[0]) if len(keys) == 1 else None)

    def slice(self, place: Place, owner: Expr, node: Node) -> Expr:
        """`owner[low:high]`; one with a step is made of its owner."""
        bounds: list[Node | None] = [None, None, None]
        position = 0
        for child in node.children:
            if child.type == ":":
                position = min(position + 1, 2)
            elif not child.is_extra:
                bounds[position] = child
        if bounds[2] is not None:
            return code.Other(place, [owner])
        low, high = (self.expr(bound) if bound is not None else None for bound in bounds[:2])
        return code.Slice(place, owner, low, high)

    def _e_call(self, node: Node) -> Expr:
        held = node.child_by_field_name("arguments")
        if held is not None and held.type == "generator_expression":
            args = [code.Arg(self.expr(held))]
        else:
            args = [self.argument(child) for child in body_of(held)]
        return code.Call(at(node), self.expr(node.child_by_field_name("function")), args)

    def argument(self, node: Node) -> code.Arg:
        """One argument, with its name or stars."""
        if node.type == "keyword_argument":
            return code.Arg(self.expr(node.child_by_field_name("value")), self.text(node.child_by_field_name("name")))
        if node.type in ("list_splat", "dictionary_splat"):
            return code.Arg(self.expr(node.named_children[0]), "**" if node.type[0] == "d" else "", spread=True)
        return code.Arg(self.expr(node))

    def _e_binary_operator(self, node: Node) -> Expr:
        left, right = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        return code.Binary(at(node), self.text(node.child_by_field_name("operator")), left, right)

    def _e_unary_operator(self, node: Node) -> Expr:
        return code.Unary(at(node), self.text(node.child_by_field_name("operator")), self.expr(node.child_by_field_name("argument")))

    def _e_not_operator(self, node: Node) -> Expr:
        return code.Unary(at(node), "not", self.expr(node.child_by_field_name("argument")))

    def _e_boolean_operator(self, node: Node) -> Expr:
        sign = self.text(node.child_by_field_name("operator"))
        return code.Logic(at(node), sign, [self.expr(node.child_by_field_name(side)) for side in ("left", "right")])

    def _e_comparison_operator(self, node: Node) -> Expr:
        signs = [" ".join(self.text(child).split()) for child in node.children_by_field_name("operators")]
        values = [self.expr(child) for child in inner(node) if child.type not in ("not in", "is not")]
        signs = _joined_signs(signs)
        if len(values) != len(signs) + 1:
            return code.Other(at(node), values)
        made: list[Expr] = [code.Compare(at(node), sign, values[spot], values[spot + 1]) for spot, sign in enumerate(signs)]
        return made[0] if len(made) == 1 else code.Logic(at(node), "and", made)

    def _e_conditional_expression(self, node: Node) -> Expr:
        parts = [self.expr(child) for child in inner(node)]
        return code.Choose(at(node), parts[1], parts[0], parts[2]) if len(parts) == 3 else code.Other(at(node), parts)

    def _e_parenthesized_expression(self, node: Node) -> Expr:
        children = inner(node)
        return self.expr(children[0]) if len(children) == 1 else code.Other(at(node), [self.expr(child) for child in children])

    _e_await = _e_parenthesized_expression

    def _e_list(self, node: Node) -> Expr:
        items = inner(node)
        spread = frozenset(spot for spot, child in enumerate(items) if child.type == "list_splat")
        return code.Listed(
            at(node), [self.expr(child.named_children[0] if spot in spread else child) for spot, child in enumerate(items)], spread
        )

    _e_tuple = _e_set = _e_expression_list = _e_pattern_list = _e_list_pattern = _e_tuple_pattern = _e_list

    def _e_dictionary(self, node: Node) -> Expr:
        pairs: list[tuple[Expr | None, Expr]] = []
        for child in inner(node):
            if child.type == "pair":
                pairs.append((self.expr(child.child_by_field_name("key")), self.expr(child.child_by_field_name("value"))))
            else:
                pairs.append((None, self.expr(child.named_children[0]) if child.named_children else code.Other(at(child))))
        return code.Mapped(at(node), pairs)

    def _e_list_comprehension(self, node: Node) -> Expr:
        body, key = node.child_by_field_name("body"), None
        if body is not None and body.type == "pair":
            key, body = self.expr(body.child_by_field_name("key")), body.child_by_field_name("value")
        made = self.expr(body)
        clauses = [child for child in inner(node) if child.type in ("for_in_clause", "if_clause")]
        tests: list[Expr] = []
        for clause in reversed(clauses):
            if clause.type == "if_clause":
                tests.append(self.expr(clause.named_children[0]))
                continue
            target, source = self.expr(clause.child_by_field_name("left")), self.expr(clause.child_by_field_name("right"))
            made, tests, key = code.Each(at(node), target, source, tests[::-1], made, key), [], None
        return made

    _e_set_comprehension = _e_generator_expression = _e_dictionary_comprehension = _e_list_comprehension

    def _e_named_expression(self, node: Node) -> Expr:
        return code.Named(at(node), self.expr(node.child_by_field_name("name")), self.expr(node.child_by_field_name("value")))

    def _e_lambda(self, node: Node) -> Expr:
        return code.Made(at(node), self.function(node))

    # --- statements ---

    def other_statement(self, node: Node) -> list[Stmt]:
        return [code.Do(at(node), code.Other(at(node), [self.expr(child) for child in inner(node)]))]

    def _s_expression_statement(self, node: Node) -> list[Stmt]:
        found: list[Stmt] = []
        for child in inner(node):
            if child.type == "assignment":
                found.extend(self.assignment(child))
            elif child.type == "augmented_assignment":
                sign = self.text(child.child_by_field_name("operator")).removesuffix("=")
                target, value = self.expr(child.child_by_field_name("left")), self.expr(child.child_by_field_name("right"))
                found.append(code.Assign(at(child), [target], value, sign))
            else:
                found.append(code.Do(at(child), self.expr(child)))
        return found

    def assignment(self, node: Node) -> list[Stmt]:
        """`a = b = value`; a mere annotation assigns nothing."""
        targets: list[Expr] = []
        value: Node | None = node
        while value is not None and value.type == "assignment":
            targets.append(self.expr(value.child_by_field_name("left")))
            value = value.child_by_field_name("right")
        return [code.Assign(at(node), targets, self.expr(value))] if value is not None else []

    def _s_if_statement(self, node: Node) -> list[Stmt]:
        rest: list[Stmt] = []
        for clause in reversed(node.children_by_field_name("alternative")):
            rest = self._body(clause) if clause.type == "else_clause" else [self._if(clause, rest)]
        return [self._if(node, rest)]

    def _if(self, node: Node, rest: list[Stmt]) -> Stmt:
        yes = self.block(body_of(node.child_by_field_name("consequence")))
        return code.If(at(node), self.expr(node.child_by_field_name("condition")), yes, rest)

    def _s_for_statement(self, node: Node) -> list[Stmt]:
        target, source = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        return [code.Loop(at(node), self._body(node), target, source, after=self._else(node))]

    def _s_while_statement(self, node: Node) -> list[Stmt]:
        return [code.Loop(at(node), self._body(node), test=self.expr(node.child_by_field_name("condition")), after=self._else(node))]

    def _body(self, node: Node | None) -> list[Stmt]:
        return self.block(body_of(node.child_by_field_name("body"))) if node is not None else []

    def _else(self, node: Node) -> list[Stmt]:
        return self._body(node.child_by_field_name("alternative"))

    def _s_return_statement(self, node: Node) -> list[Stmt]:
        children = inner(node)
        return [code.Return(at(node), self.expr(children[0]) if children else None)]

    def _s_raise_statement(self, node: Node) -> list[Stmt]:
        children = inner(node)
        return [code.Leave(at(node), "raise", self.expr(children[0]) if children else None)]

    def _s_break_statement(self, node: Node) -> list[Stmt]:
        return [code.Leave(at(node), node.type.partition("_")[0])]

    _s_continue_statement = _s_break_statement

    def _s_try_statement(self, node: Node) -> list[Stmt]:
        handlers, after, final = [], [], []
        for child in inner(node):
            if child.type in ("except_clause", "except_group_clause"):
                handlers.append(self.block([statement for block in inner(child) if block.type == "block" for statement in inner(block)]))
            elif child.type == "else_clause":
                after = self._body(child)
            elif child.type == "finally_clause":
                final = self.block([statement for block in inner(child) if block.type == "block" for statement in inner(block)])
        return [code.Try(at(node), self._body(node), handlers, after, final)]

    def _s_with_statement(self, node: Node) -> list[Stmt]:
        found: list[Stmt] = []
        for clause in inner(node):
            if clause.type != "with_clause":
                continue
            for item in inner(clause):
                value = item.child_by_field_name("value")
                if value is not None and value.type == "as_pattern":
                    made, target = inner(value)[0], value.child_by_field_name("alias")
                    name = inner(target)[0] if target is not None and inner(target) else None
                    found.append(code.Assign(at(item), [self.expr(name)], self.expr(made)))
                else:
                    found.append(code.Do(at(item), self.expr(value)))
        return [code.Block(at(node), [*found, *self._body(node)])]

    def _s_match_statement(self, node: Node) -> list[Stmt]:
        body = node.child_by_field_name("body")
        arms = [self._arm(child) for child in body_of(body) if child.type == "case_clause"]
        subjects = node.children_by_field_name("subject")
        subject = self.expr(subjects[0]) if len(subjects) == 1 else code.Other(at(node), [self.expr(one) for one in subjects])
        return [code.Match(at(node), subject, arms)]

    def _arm(self, node: Node) -> code.Arm:
        patterns = [child for child in inner(node) if child.type == "case_pattern"]
        guard = node.child_by_field_name("guard")
        values: list[Expr] | None = []
        binds: list[str] = []
        for pattern in patterns:
            for leaf in _alternatives(pattern):
                if leaf.type in ("string", "integer", "concatenated_string", "true", "false", "none"):
                    if values is not None:
                        values.append(self.expr(leaf))
                    continue
                text = self.text(leaf)
                if leaf.type == "dotted_name" and text.isidentifier() and text != "_":
                    binds.append(text)
                values = None
        test = self.expr(guard.named_children[0]) if guard is not None and guard.named_children else None
        return code.Arm(values, self.block(body_of(node.child_by_field_name("consequence"))), test, binds)

    def _s_function_definition(self, node: Node) -> list[Stmt]:
        return [code.Define(at(node), self.function(node))]

    def _s_class_definition(self, node: Node) -> list[Stmt]:
        made = self.klass(node)
        return [code.DefineClass(at(node), made)] if made is not None else []

    def _s_decorated_definition(self, node: Node) -> list[Stmt]:
        inside = node.child_by_field_name("definition")
        if inside is not None and inside.type == "function_definition":
            return [code.Define(at(node), self.function(node))]
        return self._s_class_definition(inside) if inside is not None else []

    def _s_comment(self, _node: Node) -> list[Stmt]:
        return []

    _s_import_statement = _s_import_from_statement = _s_pass_statement = _s_global_statement = _s_nonlocal_statement = _s_comment

    # --- definitions ---

    def function(self, node: Node, decorators: Sequence[Expr] = ()) -> code.Function:
        outer, inside = node, node
        if node.type == "decorated_definition":
            inside = node.child_by_field_name("definition") or node
            decorators = [self.expr(child.named_children[0]) for child in inner(node) if child.type == "decorator" and child.named_children]
        body = inside.child_by_field_name("body")
        if inside.type == "lambda":
            statements: list[Stmt] = [code.Return(at(inside), self.expr(body))]
        else:
            statements = self.block(body_of(body))
        name = self.text(inside.child_by_field_name("name"))
        params = [found for child in body_of(inside.child_by_field_name("parameters")) if (found := self.param(child)) is not None]
        return code.Function(at(outer), name, params, statements, decorators)

    def param(self, node: Node) -> code.Param | None:
        """One parameter; None for a bare star or slash."""
        if node.type == "identifier":
            return code.Param(self.text(node))
        if node.type in ("list_splat_pattern", "dictionary_splat_pattern"):
            return code.Param(self.text(node).lstrip("*"), "**" if node.type[0] == "d" else "*")
        if node.type == "typed_parameter":
            found = self.param(inner(node)[0])
            kind = self.text(node.child_by_field_name("type"))
            return code.Param(found.name, found.kind, kind) if found is not None else None
        if node.type in ("default_parameter", "typed_default_parameter"):
            value = self.expr(node.child_by_field_name("value"))
            kind = self.text(node.child_by_field_name("type"))
            return code.Param(self.text(node.child_by_field_name("name")), "", kind, value)
        return None

    def klass(self, node: Node) -> code.Class | None:
        if node.type == "decorated_definition":
            node = node.child_by_field_name("definition") or node
        if node.type != "class_definition":
            return None
        methods: dict[str, code.Function] = {}
        fields: list[tuple[str, Expr]] = []
        for child in body_of(node.child_by_field_name("body")):
            if child.type in ("function_definition", "decorated_definition"):
                made = self.function(child)
                methods[made.name] = made
            elif child.type == "expression_statement":
                fields += [
                    (target.id, one.value)
                    for one in self.block([child])
                    if isinstance(one, code.Assign)
                    for target in one.targets
                    if isinstance(target, code.Name)
                ]
        bases = [self.text(child) for child in body_of(node.child_by_field_name("superclasses"))]
        return code.Class(self.text(node.child_by_field_name("name")), methods, bases, fields)


def _joined_signs(signs: list[str]) -> list[str]:
    """`not in` and `is not` as one sign each, also where the grammar gives two words."""
    found: list[str] = []
    for sign in signs:
        if found and (found[-1], sign) in (("not", "in"), ("is", "not")):
            found[-1] += f" {sign}"
        else:
            found.append(sign)
    return found


def _alternatives(pattern: Node) -> list[Node]:
    """The patterns of `a | b`, each without its wrapping."""
    children = inner(pattern)
    if not children:
        return [pattern]
    if pattern.type in ("case_pattern", "union_pattern"):
        return [leaf for child in children for leaf in _alternatives(child)]
    return [pattern]


READER = Python
