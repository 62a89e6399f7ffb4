"""Every language keeps its contract: its TOML and its grammar agree, and its own sample is read rightly."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from orchestra_lsp.model import Buffer, Span
from orchestra_lsp.syntax import language
from orchestra_lsp.syntax.facts import facts_of, function_facts
from orchestra_lsp.syntax.language import definition, detect, grammar, names
from orchestra_lsp.syntax.parse import errors_in, open_buffer
from orchestra_lsp.syntax.scope import definitions, enclosing, identifiers, imports

FOLDER = Path(language.__file__).with_name("languages")
TABLES = {"kinds", "functions", "complexity", "scope", "sample"}


def sample_of(name: str) -> tuple[dict[str, Any], Buffer, int]:
    sample = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["sample"]
    before, after = sample["text"].split("‸")
    return sample, open_buffer(f"file:///sample.{name}", "", 1, name, before + after), len(before.encode())


@pytest.mark.parametrize("name", names())
def test_kinds_exist_in_the_grammar(name: str) -> None:
    known = grammar(name)
    assert known is not None
    unknown = {kind for kinds in definition(name).kinds.values() for kind in kinds if known.id_for_node_kind(kind, True) is None}
    assert not unknown


@pytest.mark.parametrize("name", names())
def test_page_has_only_known_words(name: str) -> None:
    page = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert set(page.get("kinds", {})) <= set(language.WORDS)
    assert {key for key, value in page.items() if isinstance(value, dict)} <= TABLES
    rules = [*definition(name).complexity.get("rules", ()), *definition(name).scope.get("rules", ())]
    assert set(rules) <= set(language.RULES)
    assert all(extension.startswith(".") for extension in page["extensions"])


@pytest.mark.parametrize("name", names())
def test_sample_is_read(name: str) -> None:
    sample, buffer, offset = sample_of(name)
    assert errors_in(buffer) == 0
    assert [scope.name for scope in enclosing(buffer, offset)] == sample["enclosing"]
    assert list(imports(buffer)) == sample["imports"]
    measured = {facts.name: [facts.cyclomatic, facts.cognitive] for facts in facts_of(buffer).functions}
    assert {**measured, **sample["functions"]} == measured
    assert set(sample["functions"]) <= {each.name for each in definitions(buffer)}
    assert set(sample["functions"]) <= set(identifiers(buffer))


@pytest.mark.parametrize("name", names())
def test_one_function_measures_as_in_the_whole_file(name: str) -> None:
    _, buffer, _ = sample_of(name)
    for facts in facts_of(buffer).functions:
        assert function_facts(buffer, Span(facts.span.end - 1, facts.span.end)) == facts
        assert function_facts(buffer, facts.span) == facts
        assert function_facts(buffer, facts.name_span) == facts


@pytest.mark.parametrize("name", names())
def test_sample_is_detected(name: str) -> None:
    _, buffer, _ = sample_of(name)
    known = definition(name)
    for editor_id in known.editor_ids:
        assert detect(editor_id, "/x/anything.bin", b"") == name
    for extension in known.extensions:
        assert detect("", f"/x/name{extension}", buffer.data) == name
    for program in known.shebangs:
        assert detect("", "/x/script", f"#!/usr/bin/env -S {program}\n".encode()) == name
    if name != "tsx":  # told from TypeScript by the extension alone
        assert detect("", "/x/noextension", buffer.data) == name


@pytest.mark.parametrize(
    ("editor_id", "path", "data", "expected"),
    [
        ("javascriptreact", "a.tsx", b"", "javascript"),  # the editor's word comes first
        ("typescriptreact", "", b"", "tsx"),
        ("PYTHON", "", b"", "python"),
        ("", "C:\\work\\Main.JAVA", b"", "java"),
        ("", "a.PY", b"", "python"),
        ("", "/x/SConstruct", b"", "python"),
        ("plaintext", "a.h", b"#include <stdio.h>\nint f(void);\n", "c"),
        ("plaintext", "a.h", b"#pragma once\n#include <string>\nnamespace a {\nclass B;\n}\n", "cpp"),
        ("", "a.h", b"", "c"),
        ("", "run", b"#!/usr/bin/python3.11 -u\n", "python"),
        ("", "run", b"#!/usr/bin/env PYTHONPATH=. python\n", "python"),
        ("", "run", b"#!/bin/sh\necho import os\n", "text"),
        ("", "run", b"# vim: set ts=4 ft=python :\nx\n", "python"),
        ("", "run", b"// -*- mode: C++ -*-\n", "cpp"),
        ("", "notes", b"We import goods and class them by price.\nNothing else.\n", "text"),
        ("markdown", "README", b"import os\n\ndef f():\n    pass\n", "text"),  # a language we do not know is not searched for another
        ("", "README.md", b"import os\n\ndef f():\n    pass\n", "text"),
        ("", "", b"", "text"),
        ("", "", b"\xff\xfe\x00\x01", "text"),
    ],
)
def test_detection(editor_id: str, path: str, data: bytes, expected: str) -> None:
    assert detect(editor_id, path, data) == expected


def test_unknown_language_has_no_definition_and_no_grammar() -> None:
    assert grammar("text") is None
    with pytest.raises(KeyError, match="no language 'text'"):
        definition("text")


def test_detection_loads_no_grammar() -> None:
    code = (
        "import sys; from orchestra_lsp.syntax.language import detect; import orchestra_lsp.syntax.parse;"
        "assert detect('', 'a.py', b'') == 'python';"
        "print([name for name in sys.modules if name.startswith('tree_sitter')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_grammars_load_one_by_one() -> None:
    code = (
        "import sys; from orchestra_lsp.syntax.parse import open_buffer; open_buffer('', '', 0, 'go', 'package a');"
        "print(sorted(name for name in sys.modules if name.startswith('tree_sitter') and '.' not in name))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "['tree_sitter', 'tree_sitter_go']\n"
    )


def test_a_language_belongs_to_the_family_it_extends() -> None:
    families = {name: definition(name).family for name in names()}
    assert families["tsx"] == families["typescript"] == families["javascript"] == "javascript"
    assert families["cpp"] == families["c"] == "c"
    assert families["go"] == "go"
