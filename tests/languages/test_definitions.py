from __future__ import annotations

import pytest

from languages.definitions import MAX_SIGNATURE, Definition, enclosing_definition
from languages.outlining import definitions
from languages.syntax import GrammarName
from languages.tree import SyntaxTree
from tests.languages.marks import GRAMMARS, expectations, marked


def described(one: Definition) -> str:
    private = "private " if one.private else ""
    arity = "" if one.arity is None else f"/{one.arity}"
    return f"{private}{one.kind} {one.qualified_name}{arity}"


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_the_marked_definitions_are_found_and_no_others(grammar: GrammarName) -> None:
    text = marked(grammar)
    marks = [(row, mark) for row, mark in expectations(grammar, text) if not mark.startswith("import ")]
    found = definitions(SyntaxTree(grammar, text))
    assert [(one.range.start.line, described(one)) for one in found] == [
        (row, mark.split(" doc=")[0]) for row, mark in marks
    ]
    docs = {mark.split(" doc=")[0]: mark.split(" doc=")[1] for _, mark in marks if " doc=" in mark}
    assert {described(one): one.docstring for one in found if described(one) in docs} == docs


def found_in(grammar: GrammarName, text: str) -> dict[str, Definition]:
    return {one.qualified_name: one for one in definitions(SyntaxTree(grammar, text))}


def test_signatures_are_one_line_without_the_body() -> None:
    elixir = found_in("elixir", marked("elixir"))
    assert elixir["Shop.Cart.add"].signature == "def add(cart, n \\\\ 1) when is_integer(n)"
    assert elixir["Shop.Cart"].docstring == "A cart."
    go = found_in("go", "package m\nfunc (s *T) F(\n\ta int,\n) error {\n\treturn nil\n}\n")
    assert go["T.F"].signature == "func (s *T) F( a int, ) error"
    python = found_in("python", "async def f(\n    a,\n    b=1,\n) -> int:\n    return a\n")
    assert python["f"].signature == "async def f( a, b=1, ) -> int"
    assert (python["f"].least_arity, python["f"].arity) == (1, 2)
    long = found_in("python", f"def f({', '.join(f'a{n}' for n in range(500))}): pass\n")
    assert len(long["f"].signature) == MAX_SIGNATURE


def test_names_have_places_in_code_points() -> None:
    name = found_in("python", "é = 1; x = '😀'\ndef größe(): pass\n")["größe"].name_range
    assert (name.start.line, name.start.character, name.end.character) == (1, 4, 9)


@pytest.mark.parametrize(
    ("grammar", "text", "names"),
    [
        ("python", "def a(): pass\nx = = 1\nclass B:\n    def c(self): return (\n\ndef d(): pass\n", {"a", "B"}),
        ("go", "package m\nfunc A() {}\nfunc B( {\nfunc C() {}\n", {"m", "A"}),
        ("elixir", "defmodule A do\n  def f(x), do: x\n  def g(y) do\n    [y\n  end\n", {"A", "A.f"}),
    ],
)
def test_broken_files_give_what_can_be_had(grammar: GrammarName, text: str, names: set[str]) -> None:
    tree = SyntaxTree(grammar, text)
    assert tree.has_error
    assert names <= set(found_in(grammar, text))


def test_the_innermost_definition_of_a_line() -> None:
    text = "x = 1\n\nclass A:\n    def f(self):\n        def g():\n            return 1\n        return g\n"
    found = definitions(SyntaxTree("python", text))
    around = [enclosing_definition(found, line) for line in range(7)]
    assert [None if one is None else one.qualified_name for one in around] == [
        "x", None, "A", "A.f", "A.f.g", "A.f.g", "A.f",
    ]  # fmt: skip


HOSTILE = {
    "empty": "",
    "zeros": "\0" * 10_000,
    "surrogate": "def f\ud800(): pass\n",
    "deep brackets": "x = " + "(" * 20_000,
    "deep calls": "f(" * 5_000 + ")" * 5_000,
    "line ends": "def f():\r\n\treturn 1\r\n\r\r\n",
    "minified": "x=1;" * 50_000,
}


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_raises_nothing(grammar: GrammarName, name: str) -> None:
    tree = SyntaxTree(grammar, HOSTILE[name])
    for one in definitions(tree):
        assert one.range.end.line < len(tree.lines)


def test_deeply_nested_definitions_need_no_stack() -> None:
    python = "".join(f"{' ' * n}class A{n}:\n" for n in range(300)) + " " * 300 + "pass\n"
    assert len(found_in("python", python)) == 300
    elixir = "defmodule A do\n" * 2_000 + "end\n" * 2_000
    assert len(definitions(SyntaxTree("elixir", elixir))) == 2_000


def test_a_file_of_20_000_lines() -> None:
    text = "".join(f"def f{n}(a, b=1):\n    return a\n" for n in range(10_000))
    found = definitions(SyntaxTree("python", text))
    assert len(found) == 10_000
    assert found[-1].range.start.line == 19_998


def test_a_comment_behind_code_is_no_doc_of_the_next_line() -> None:
    assert found_in("go", "package m\n\nvar a = 1 // of a\nvar b = 2\n")["b"].docstring is None


def test_doc_false_is_no_doc_and_docs_stop_at_their_function() -> None:
    text = 'defmodule A do\n  @doc false\n  def f, do: 1\n  @doc "G."\n  # note\n  def g, do: 1\n  def h, do: 1\nend\n'
    found = found_in("elixir", text)
    assert [found[f"A.{name}"].docstring for name in "fgh"] == [None, "G.", None]
