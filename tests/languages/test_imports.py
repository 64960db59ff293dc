from __future__ import annotations

import pytest

from languages.imports import Import
from languages.outlining import imports
from languages.syntax import GrammarName
from languages.tree import SyntaxTree
from tests.languages.marks import GRAMMARS, expectations, marked


def described(one: Import) -> str:
    taken = "" if one.name is None or one.kind in ("use", "import") else f" {one.name}"
    return f"import {one.module}{taken}" + (f" as {one.alias}" if one.alias else "")


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_the_marked_imports_are_found_and_no_others(grammar: GrammarName) -> None:
    text = marked(grammar)
    marks = [(row, mark) for row, mark in expectations(grammar, text) if mark.startswith("import ")]
    found = imports(SyntaxTree(grammar, text))
    assert [(one.range.start.line, described(one)) for one in found] == marks


@pytest.mark.parametrize(
    ("grammar", "text", "names"),
    [
        ("python", "import os.path\nimport a.b as c\nfrom d import e\n", ["os.path", "c", "e"]),
        ("go", 'package m\nimport "net/http"\nimport j "encoding/json"\nimport . `x/y`\n', ["http", "j", "."]),
        ("elixir", "alias A.B\nalias A.C, as: D\nrequire Logger\n", ["B", "D", "Logger"]),
    ],
)
def test_the_name_in_the_file(grammar: GrammarName, text: str, names: list[str]) -> None:
    assert [one.local_name for one in imports(SyntaxTree(grammar, text))] == names


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize(
    "text", ["", "import (", "from x import", "alias", "alias {A}", "use 1", "\0import x\0", "(" * 9999]
)
def test_broken_imports_raise_nothing(grammar: GrammarName, text: str) -> None:
    for one in imports(SyntaxTree(grammar, text)):
        assert one.module or text


def test_imports_of_a_broken_file() -> None:
    found = imports(SyntaxTree("python", "import os\nx = = 1\nfrom a import b\n"))
    assert [one.module for one in found] == ["os", "a"]
