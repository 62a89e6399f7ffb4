"""A masked file parses as before: no new error node, the same kinds of node but for the masked token itself."""

from __future__ import annotations

import importlib
from functools import cache
from random import Random

import pytest
from tree_sitter import Language, Node, Parser

from orchestra_lsp.trust.catalog import kinds
from orchestra_lsp.trust.mask import Vault, mask_text
from orchestra_lsp.trust.placeholder import SHAPE

from .corpus import _distinct

#: {a} and {b} are secrets: in a string, a comment, a template or raw string, a key block, and bare where a name may stand.
FILES = {
    "python": (
        'import os\n# was {a}\nTOKEN = "{a}"\nclass A:\n    """doc {b}"""\n    def f(self, x={{"k": \'{b}\'}}):\n'
        '        return f"x {{x}} {b}" + r"{a}" + b"{a}".decode()\n{key}\n'
    ),
    "javascript": (
        "const key = {lines};\n// {a}\nconst token = '{a}';\nconst t = `pre ${{token}} {b}`;\n/* {b} */\n"
        'export function f({{ x = "{b}" }}) {{ return <A key="{a}">text</A>; }}\n'
    ),
    "typescript": (
        "// {a}\nconst token: string = '{a}';\ntype T = '{b}';\nenum E {{ A = \"{b}\" }}\n"
        "class C {{ private readonly k: string = `{a}`; }}\n"
    ),
    "tsx": "const a = <Client token=\"{a}\" other={{'{b}'}}>{{/* {a} */}}</Client>;\n",
    "go": (
        'package main\nvar key = {lines}\n// {a}\nconst token = "{a}"\nvar raw = `{b}`\n'
        'func main() {{ f(map[string]string{{"k": "{b}"}}) }}\n'
    ),
    "rust": ('// {a}\nconst TOKEN: &str = "{a}";\nfn main() {{ let x = r#"{b}"#; let y = b"{b}"; println!("{{}} {a}", x); }}\n'),
    "java": (
        "class B {{ String k = {lines}; }}\n// {a}\n"
        'class A {{ private static final String T = "{a}"; /** {b} */ @X("{b}") void f() {{ g("{a}"); }} }}\n'
    ),
    "c": '/* {a} */\n#define TOKEN "{a}"\nstatic const char *t = "{b}" "{b}";\nint main(void) {{ return f("{a}"); }}\n',
    "cpp": '// {a}\nstd::string t{{"{a}"}};\nauto r = R"({b})";\nint main() {{ f("{b}"); }}\n',
}
#: A secret alone where a name may stand, as when someone pastes it unquoted.
BARE = {
    "python": "x = {a}\n",
    "javascript": "f({a});\n",
    "typescript": "f({a});\n",
    "tsx": "f({a});\n",
    "go": "package main\nvar x = {a}\n",
    "rust": "fn main() {{ f({a}); }}\n",
    "java": "class A {{ int x = {a}; }}\n",
    "c": "int x = {a};\n",
    "cpp": "auto x = {a};\n",
}
KEY = 'KEY = """-----BEGIN PRIVATE KEY-----\n' + "\n".join("M1q8" * 16 for _ in range(3)) + '\n-----END PRIVATE KEY-----"""'
BODY = ("-----BEGIN PRIVATE KEY-----", *("M1q8" * 16 for _ in range(3)), "Zz9=", "-----END PRIVATE KEY-----")
LINES = " +\n".join(f'"{line}\\n"' for line in BODY)


@cache
def parser(name: str) -> Parser:
    package = importlib.import_module("tree_sitter_typescript" if name == "tsx" else f"tree_sitter_{name}")
    made = {"typescript": "language_typescript", "tsx": "language_tsx"}.get(name, "language")
    return Parser(Language(getattr(package, made)()))


def tree(name: str, text: str) -> tuple[list[str], int]:
    """The kinds of all nodes in order, and how many are errors."""
    found: list[str] = []
    errors = 0
    open_nodes: list[Node] = [parser(name).parse(text.encode()).root_node]
    while open_nodes:
        node = open_nodes.pop()
        found.append(node.type)
        errors += node.is_error or node.is_missing
        open_nodes += reversed(node.children)
    return found, errors


def tokens(count: int) -> list[str]:
    random = Random(5)
    plain = [kind for kind in kinds() if kind.starts and not kind.noisy]
    chosen = [_distinct(kind, random) for kind in random.sample(plain, count)]
    quiet = [whole for whole, value in chosen if whole == value and not set(whole) & set("\"'`\\\n{}<>$#%")]
    return [whole for whole in quiet if SHAPE.fullmatch(mask_text(whole, "u", Vault()))]


@pytest.mark.parametrize("name", FILES)
def test_in_strings_and_comments(name: str) -> None:
    secrets = tokens(120)
    assert len(secrets) > 60
    for first, second in zip(secrets, reversed(secrets), strict=True):
        text = FILES[name].format(a=first, b=second, key=KEY, lines=LINES)
        masked = mask_text(text, "u", Vault())
        assert first not in masked
        assert second not in masked
        assert "M1q8M1q8" not in masked
        assert tree(name, masked) == tree(name, text)


@pytest.mark.parametrize("name", BARE)
def test_bare(name: str) -> None:
    for secret in tokens(120):
        masked = mask_text(BARE[name].format(a=secret), "u", Vault())
        assert secret not in masked
        kinds_of_name, errors = tree(name, BARE[name].format(a="name"))
        assert tree(name, SHAPE.sub("name", masked)) == (kinds_of_name, errors)
        assert tree(name, masked) == (kinds_of_name, errors)
