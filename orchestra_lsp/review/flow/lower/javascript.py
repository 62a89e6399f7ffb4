"""JavaScript's and TypeScript's syntax tree as `code.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra_lsp.review.flow import code
from orchestra_lsp.review.flow.code import Expr, Stmt
from orchestra_lsp.review.flow.lower.base import Lowering, at, body_of, const_number, inner

if TYPE_CHECKING:
    from tree_sitter import Node

_SIGNS = {"===": "==", "!==": "!=", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "in": "has"}
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\", "\\'": "'", '\\"': '"'}


class JavaScript(Lowering):
    """The reader of JavaScript."""

    # --- expressions ---

    def _e_identifier(self, node: Node) -> Expr:
        return code.Name(at(node), self.text(node))

    _e_this = _e_shorthand_property_identifier = _e_shorthand_property_identifier_pattern = _e_undefined = _e_super = _e_identifier

    def _e_number(self, node: Node) -> Expr:
        return const_number(node, self.text(node))

    def _e_true(self, node: Node) -> Expr:
        return code.Const(at(node), {"true": True, "false": False}.get(node.type))

    _e_false = _e_null = _e_true

    def _e_string(self, node: Node) -> Expr:
        parts = [_ESCAPES.get(self.text(child), self.text(child)) for child in inner(node)]
        return code.Const(at(node), "".join(parts))

    def _e_regex(self, node: Node) -> Expr:
        return code.Const(at(node), self.text(node.child_by_field_name("pattern")))

    def _e_template_string(self, node: Node) -> Expr:
        parts: list[Expr] = []
        for child in inner(node):
            if child.type == "template_substitution":
                parts.append(self.expr(inner(child)[0]) if inner(child) else code.Other(at(child)))
            else:
                parts.append(code.Const(at(child), _ESCAPES.get(self.text(child), self.text(child))))
        return code.Text(at(node), parts) if parts else code.Const(at(node), "")

    def _e_member_expression(self, node: Node) -> Expr:
        return code.Attr(at(node), self.expr(node.child_by_field_name("object")), self.text(node.child_by_field_name("property")))

    def _e_subscript_expression(self, node: Node) -> Expr:
        return code.Index(at(node), self.expr(node.child_by_field_name("object")), self.expr(node.child_by_field_name("index")))

    def _e_call_expression(self, node: Node) -> Expr:
        callee, held = self.expr(node.child_by_field_name("function")), node.child_by_field_name("arguments")
        if held is not None and held.type == "template_string":
            # a tag is handed the values apart from the text: that is what makes sql`...` safe
            tag = code.Name(at(node), "\0tag")
            return code.Call(at(node), tag, [])
        return code.Call(at(node), callee, self.args(held))

    def _e_new_expression(self, node: Node) -> Expr:
        callee = self.expr(node.child_by_field_name("constructor"))
        return code.Call(at(node), callee, self.args(node.child_by_field_name("arguments")), new=True)

    def args(self, node: Node | None) -> list[code.Arg]:
        return [
            code.Arg(self.expr(child.named_children[0]), spread=True) if child.type == "spread_element" else code.Arg(self.expr(child))
            for child in body_of(node)
        ]

    def _e_binary_expression(self, node: Node) -> Expr:
        sign = self.text(node.child_by_field_name("operator"))
        left, right = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        if sign in ("&&", "||", "??"):
            return code.Logic(at(node), {"&&": "and", "||": "or"}.get(sign, "or"), [left, right])
        if sign in _SIGNS:
            return code.Compare(at(node), _SIGNS[sign], left, right)
        return code.Binary(at(node), sign, left, right)

    def _e_unary_expression(self, node: Node) -> Expr:
        sign, value = self.text(node.child_by_field_name("operator")), self.expr(node.child_by_field_name("argument"))
        if sign == "typeof":
            return code.Call(at(node), code.Name(at(node), "typeof"), [code.Arg(value)])
        return code.Unary(at(node), "not" if sign == "!" else sign, value)

    def _e_ternary_expression(self, node: Node) -> Expr:
        test, yes, no = (self.expr(node.child_by_field_name(name)) for name in ("condition", "consequence", "alternative"))
        return code.Choose(at(node), test, yes, no)

    def _e_parenthesized_expression(self, node: Node) -> Expr:
        children = inner(node)
        return self.expr(children[0]) if children else code.Other(at(node))

    _e_await_expression = _e_as_expression = _e_non_null_expression = _e_satisfies_expression = _e_parenthesized_expression
    _e_computed_property_name = _e_assignment_pattern = _e_object_assignment_pattern = _e_parenthesized_expression

    def _e_array(self, node: Node) -> Expr:
        items = inner(node)
        spread = frozenset(spot for spot, child in enumerate(items) if child.type in ("spread_element", "rest_pattern"))
        return code.Listed(
            at(node), [self.expr(one.named_children[0] if spot in spread else one) for spot, one in enumerate(items)], spread
        )

    _e_array_pattern = _e_array

    def _e_object(self, node: Node) -> Expr:
        pairs: list[tuple[Expr | None, Expr]] = []
        for child in inner(node):
            if child.type in ("pair", "pair_pattern"):
                key = child.child_by_field_name("key")
                pairs.append((self.key(key), self.expr(child.child_by_field_name("value"))))
            elif child.type == "method_definition":
                pairs.append((self.key(child.child_by_field_name("name")), code.Made(at(child), self.function(child))))
            elif child.type in ("spread_element", "rest_pattern"):
                pairs.append((None, self.expr(child.named_children[0])))
            else:
                name = inner(child)[0] if child.type == "object_assignment_pattern" else child
                pairs.append((code.Const(at(child), self.text(name)), self.expr(name)))
        return code.Mapped(at(node), pairs)

    _e_object_pattern = _e_object

    def key(self, node: Node | None) -> Expr:
        if node is not None and node.type in ("property_identifier", "private_property_identifier"):
            return code.Const(at(node), self.text(node))
        return self.expr(node)

    def _e_arrow_function(self, node: Node) -> Expr:
        return code.Made(at(node), self.function(node))

    _e_function_expression = _e_generator_function = _e_arrow_function

    def _e_assignment_expression(self, node: Node) -> Expr:
        return code.Named(at(node), self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right")))

    def _e_type_arguments(self, node: Node) -> Expr:
        return code.Other(at(node))

    _e_type_annotation = _e_predefined_type = _e_type_identifier = _e_jsx_text = _e_generic_type = _e_type_arguments

    # --- statements ---

    def other_statement(self, node: Node) -> list[Stmt]:
        return [code.Do(at(node), code.Other(at(node), [self.expr(child) for child in inner(node)]))]

    def _s_expression_statement(self, node: Node) -> list[Stmt]:
        return [self.statement(child) for child in inner(node)]

    def statement(self, node: Node) -> Stmt:
        """An expression as a statement: assignments are one."""
        if node.type == "parenthesized_expression" and inner(node):
            return self.statement(inner(node)[0])
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            sign = self.text(node.child_by_field_name("operator")).removesuffix("=") if node.type[1] == "u" else ""
            target, value = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
            return code.Assign(at(node), [target], value, sign)
        return code.Do(at(node), self.expr(node))

    def _s_lexical_declaration(self, node: Node) -> list[Stmt]:
        found: list[Stmt] = []
        for child in inner(node):
            name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
            if name is not None:
                found.append(
                    code.Assign(at(child), [self.expr(name)], self.expr(value) if value is not None else code.Const(at(child), None))
                )
        return found

    _s_variable_declaration = _s_lexical_declaration

    def branch(self, node: Node | None) -> list[Stmt]:
        """The body of a loop or a branch, with braces or without."""
        if node is None:
            return []
        if node.type == "else_clause":
            return self.block(inner(node))
        return self.block([node])

    def _s_statement_block(self, node: Node) -> list[Stmt]:
        return self.block(inner(node))

    def _s_if_statement(self, node: Node) -> list[Stmt]:
        test = self.expr(node.child_by_field_name("condition"))
        yes, no = self.branch(node.child_by_field_name("consequence")), self.branch(node.child_by_field_name("alternative"))
        return [code.If(at(node), test, yes, no)]

    def _s_for_in_statement(self, node: Node) -> list[Stmt]:
        target, source = self.expr(node.child_by_field_name("left")), self.expr(node.child_by_field_name("right"))
        return [code.Loop(at(node), self.branch(node.child_by_field_name("body")), target, source)]

    def _s_for_statement(self, node: Node) -> list[Stmt]:
        start, test = node.child_by_field_name("initializer"), node.child_by_field_name("condition")
        step = node.child_by_field_name("increment")
        body = [*self.branch(node.child_by_field_name("body")), *([self.statement(step)] if step is not None else [])]
        before = self.block([start]) if start is not None and start.is_named else []
        return [*before, code.Loop(at(node), body, test=self.expr(test) if test is not None else None)]

    def _s_while_statement(self, node: Node) -> list[Stmt]:
        return [code.Loop(at(node), self.branch(node.child_by_field_name("body")), test=self.expr(node.child_by_field_name("condition")))]

    _s_do_statement = _s_while_statement

    def _s_return_statement(self, node: Node) -> list[Stmt]:
        children = inner(node)
        return [code.Return(at(node), self.expr(children[0]) if children else None)]

    def _s_throw_statement(self, node: Node) -> list[Stmt]:
        return [code.Leave(at(node), "raise", self.expr(inner(node)[0]) if inner(node) else None)]

    def _s_break_statement(self, node: Node) -> list[Stmt]:
        return [code.Leave(at(node), node.type.partition("_")[0])]

    _s_continue_statement = _s_break_statement

    def _s_try_statement(self, node: Node) -> list[Stmt]:
        handler, final = node.child_by_field_name("handler"), node.child_by_field_name("finalizer")
        handlers = [self.branch(handler.child_by_field_name("body"))] if handler is not None else []
        last = self.branch(final.child_by_field_name("body")) if final is not None else []
        return [code.Try(at(node), self.branch(node.child_by_field_name("body")), handlers, final=last)]

    def _s_switch_statement(self, node: Node) -> list[Stmt]:
        arms: list[code.Arm] = []
        waiting: list[Expr] = []
        cases = body_of(node.child_by_field_name("body"))
        for case in cases:
            body = case.children_by_field_name("body")
            values: list[Expr] | None = None
            if case.type == "switch_case":
                waiting.append(self.expr(case.child_by_field_name("value")))
                values = waiting
                if not body:
                    continue
            statements = self.block(body)
            leaves = bool(statements) and isinstance(statements[-1], code.Leave | code.Return)
            arms.append(code.Arm(values, statements, falls=not leaves and case is not cases[-1]))
            waiting = []
        arms.sort(key=lambda arm: arm.values is None)
        return [code.Match(at(node), self.expr(node.child_by_field_name("value")), arms)]

    def _s_function_declaration(self, node: Node) -> list[Stmt]:
        return [code.Define(at(node), self.function(node))]

    _s_generator_function_declaration = _s_function_declaration

    def _s_class_declaration(self, node: Node) -> list[Stmt]:
        made = self.klass(node)
        return [code.DefineClass(at(node), made)] if made is not None else []

    def _s_export_statement(self, node: Node) -> list[Stmt]:
        declared, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        if declared is not None:
            return self.block([declared])
        return [code.Do(at(node), self.expr(value))] if value is not None else []

    def _s_labeled_statement(self, node: Node) -> list[Stmt]:
        return self.branch(node.child_by_field_name("body"))

    def _s_empty_statement(self, _node: Node) -> list[Stmt]:
        return []

    _s_import_statement = _s_interface_declaration = _s_type_alias_declaration = _s_ambient_declaration = _s_empty_statement

    # --- definitions ---

    def function(self, node: Node, decorators: Sequence[Expr] = ()) -> code.Function:
        body = node.child_by_field_name("body")
        params: list[code.Param] = [code.Param("this")] if node.type == "method_definition" and self._is_in_class(node) else []
        before: list[Stmt] = []
        single = node.child_by_field_name("parameter")
        for child in [single] if single is not None else body_of(node.child_by_field_name("parameters")):
            params.append(self.param(child, len(params), before))
        if body is not None and body.type != "statement_block":
            before.append(code.Return(at(body), self.expr(body)))
        else:
            before += self.block(body_of(body))
        return code.Function(at(node), self.text(node.child_by_field_name("name")), params, before, decorators)

    def _is_in_class(self, node: Node) -> bool:
        return node.parent is not None and node.parent.type == "class_body"

    def param(self, node: Node, spot: int, before: list[Stmt]) -> code.Param:
        """One parameter; what it takes apart becomes statements at the start of the body."""
        kind = self.text(node.child_by_field_name("type"))
        pattern = node.child_by_field_name("pattern") or node
        default = None
        if pattern.type == "assignment_pattern":
            default = self.expr(pattern.child_by_field_name("right"))
            pattern = pattern.child_by_field_name("left") or pattern
        if pattern.type == "rest_pattern":
            return code.Param(self.text(inner(pattern)[0]), "*", kind)
        if pattern.type in ("object_pattern", "array_pattern"):
            name = f"\0{spot}"
            before.append(code.Assign(at(pattern), [self.expr(pattern)], code.Name(at(pattern), name)))
            return code.Param(name, "", kind, default)
        return code.Param(self.text(pattern), "", kind, default)

    def klass(self, node: Node) -> code.Class | None:
        methods: dict[str, code.Function] = {}
        fields: list[tuple[str, Expr]] = []
        for child in body_of(node.child_by_field_name("body")):
            if child.type == "method_definition":
                made = self.function(child)
                methods[made.name] = made
            elif child.child_by_field_name("value") is not None:
                name = child.child_by_field_name("property") or child.child_by_field_name("name")
                fields.append((self.text(name), self.expr(child.child_by_field_name("value"))))
        return code.Class(self.text(node.child_by_field_name("name")), methods, (), fields)


READER = JavaScript
