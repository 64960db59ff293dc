from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.mutation.elixir_counting import counted_text
from languages.mutation.elixir_operators import elixir_anatomy, elixir_mutants
from languages.mutation.mutant import apply, reverse
from languages.syntax import parse

ATOMS = st.sampled_from(["x", "0", "7", "2.5", "true", '"a"', '""', ":ok", "nil", "f(1)", "@rate", "é", "&g/1", "'c'"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "++", "<>", "<", ">=", "==", "!==", "in", "and", "||", "|>"]),
            inner,
        ),
        st.builds("not {}".format, inner),
        st.builds("{{:ok, {}}}".format, inner),
        st.builds("%{{a: {}, b: {}}}".format, inner, inner),
        st.builds("fn {} when x > 1 -> {}; _ -> {} end".format, ATOMS, inner, inner),
        st.builds("if({}, do: {}, else: {})".format, inner, inner, inner),
        st.builds("for(y <- {}, {}, do: {})".format, inner, inner, inner),
        st.builds('"text #{{{}}}"'.format, inner),
        st.builds("div({}, {})".format, inner, inner),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    EXPRESSIONS,
    st.builds("y = {}".format, EXPRESSIONS),
    st.builds(
        "case {} do\n{{:ok, v}} when v > 1 -> {}\n  {} -> f()\n  g()\nend".format, EXPRESSIONS, EXPRESSIONS, ATOMS
    ),
    st.builds("cond do\n  {} -> {}\n  true -> {}\nend".format, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS),
    st.builds("with {{:ok, a}} <- {} do\n  {}\nelse\n  _ -> {}\nend".format, EXPRESSIONS, EXPRESSIONS, EXPRESSIONS),
    st.builds("receive do\n  :go -> {}\nafter\n  100 -> {}\nend".format, EXPRESSIONS, EXPRESSIONS),
)
FUNCTION = """\
def f({}, y \\\\ {}) when is_list(x) and y > 0 do
{}
rescue
  e in KeyError -> {}
end

def f(_, 1), do: {}
"""
FUNCTIONS = st.builds(
    FUNCTION.format,
    ATOMS,
    ATOMS,
    st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join),
    EXPRESSIONS,
    EXPRESSIONS,
)


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS, st.sampled_from(["\n", "\r\n"]))
def test_every_mutant_parses_and_can_be_taken_out_again(functions: str, newline: str) -> None:
    text = f"defmodule M do\n{functions}end\n".replace("\n", newline)
    source = text.encode()
    if parse("elixir", source).root_node.has_error:
        return
    for mutant, _ in elixir_mutants(text):
        mutated = apply(source, mutant)
        assert mutated != source
        assert not parse("elixir", mutated).root_node.has_error, mutated
        assert apply(mutated, reverse(source, mutant)) == source
        assert 0 <= mutant.lines[0] <= mutant.lines[1] < source.count(b"\n")


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS)
def test_counting_keeps_the_code_and_parses(functions: str) -> None:
    text = f"defmodule M do\n{functions}end\n"
    if parse("elixir", text.encode()).root_node.has_error:
        return
    bodies = elixir_anatomy(text).bodies
    counted = counted_text(text.encode(), bodies)
    assert not parse("elixir", counted.encode()).root_node.has_error, counted
    assert all(f":coder_hits.at({number});" in counted for number in range(len(bodies)))


def changes(body: str) -> set[tuple[str, str, str]]:
    """What can be changed, beside the result, in a function with this body."""
    text = f"defmodule M do\n  def f(x) do\n    {body}\n    x\n  end\nend\n"
    source = text.encode()
    found = ((m.operator, source[m.start : m.end].decode(), m.replacement) for m, _ in elixir_mutants(text))
    return {change for change in found if change != ("return", "x", "nil")}


def module_changes(body: str) -> set[tuple[str, str, str]]:
    """What can be changed in a module with this body."""
    text = f"defmodule M do\n{body}\nend\n"
    source = text.encode()
    return {(m.operator, source[m.start : m.end].decode(), m.replacement) for m, _ in elixir_mutants(text)}


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("y = x + x", ("arithmetic", "+", "-")),
        ("y = x ++ x", ("arithmetic", "++", "--")),
        ("y = div(x, x)", ("arithmetic", "div", "rem")),
        ("y = x < x", ("comparison", "<", "<=")),
        ("y = x === x", ("comparison", "===", "!==")),
        ("y = x in xs", ("comparison", "in", "not in")),
        ("y = x not in xs", ("comparison", "not in", "in")),
        ("y = x and x", ("boolean", "and", "or")),
        ("y = x && x", ("boolean", "&&", "||")),
        ("y = not x", ("boolean", "not x", "(x)")),
        ("y = !x", ("boolean", "!x", "(x)")),
        ("if x > 1, do: x", ("condition", "x > 1", "!(x > 1)")),
        ("unless x do\nx\nend", ("condition", "x", "!(x)")),
        ("cond do\ng(x) -> x\nend", ("condition", "g(x)", "!(g(x))")),
        ("for y <- x, g(y), do: y", ("condition", "g(y)", "!(g(y))")),
        ("y = 41", ("constant", "41", "42")),
        ("y = 0xFF", ("constant", "0xFF", "256")),
        ("y = 1_000", ("constant", "1_000", "1001")),
        ("y = 2.5", ("constant", "2.5", "3.5")),
        ("y = true", ("constant", "true", "false")),
        ('y = "a"', ("constant", '"a"', '""')),
        ('y = ""', ("constant", '""', '"mutant"')),
        ("y = {:ok, x}", ("constant", ":ok", ":error")),
        ("y = :left", ("constant", ":left", ":mutant")),
        ('y = "#{x + 1}"', ("arithmetic", "+", "-")),
        ("y = &(&1 * 2)", ("arithmetic", "*", "/")),
        ("send(x, y)", ("statement", "send(x, y)", "nil")),
        ("y = x |> g() |> h()", ("statement", " |> g()", "")),
        ("y = x |> g() |> h()", ("statement", " |> h()", "")),
        ("case x do\n1 -> x\n_ -> y\nend", ("pattern", "1", "2")),
        ("case x do\n:a -> x\n_ -> y\nend", ("pattern", ":a", "_")),
        ("case x do\n1 -> x\n_ -> y\nend", ("pattern", "1 -> x\n", "")),
        ("case x do\n1 -> x\n_ -> y\nend", ("pattern", "\n_ -> y", "")),
        ("{:ok, y} = x", ("pattern", ":ok", ":error")),
        ("with {:ok, y} <- x, do: y", ("pattern", ":ok", ":error")),
        ("case x do\ny when y > 1 -> x\nend", ("guard", " when y > 1", "")),
        ("case x do\ny when y > 1 -> x\nend", ("guard", "y > 1", "not (y > 1)")),
        ("case x do\ny when y > 1 -> x\nend", ("guard", ">", ">=")),
        ("g = fn y when y > 1 -> y end", ("guard", "1", "2")),
    ],
)
def test_changes_in_a_body(body: str, change: tuple[str, str, str]) -> None:
    assert change in changes(body)


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("def f(x), do: x", ("return", "x", "nil")),
        ("def f(x) do\ng()\ncase x do\n_ -> 1\nend\nend", ("return", "case x do\n_ -> 1\nend", "nil")),
        ("def f(0), do: x\ndef f(n), do: n", ("pattern", "def f(0), do: x", "")),
        ("def f(:a), do: x", ("pattern", ":a", ":mutant")),
        ("def f([]), do: x", ("pattern", "[]", "_")),
        ("def f(n) when n > 0 and n < 9, do: n", ("guard", " when n > 0 and n < 9", "")),
        ("def f(n) when n > 0 and n < 9, do: n", ("guard", "and", "or")),
        ("def f(n \\\\ 1), do: n", ("constant", "1", "2")),
        ("defguard big(n) when n > 9", ("guard", ">", ">=")),
        ("@rate 3", ("constant", "3", "4")),
        ("defstruct count: 1", ("constant", "1", "2")),
        ("defmacro f(x), do: quote(do: unquote(x) + 1)", ("arithmetic", "+", "-")),
    ],
)
def test_changes_in_a_module(body: str, change: tuple[str, str, str]) -> None:
    assert change in module_changes(body)


@pytest.mark.parametrize(
    "body",
    [
        "use GenServer, restart: :temporary",
        "import Enum, only: [map: 2]",
        "alias A.B, as: C",
        "require Logger",
        '@moduledoc "one"',
        '@doc "two"\n@doc since: "1.0"',
        "@spec f(1) :: {:ok, 2}",
        "@type t :: :a | 1",
        "@impl true",
        "@behaviour :gen_server",
        "defdelegate f(x), to: A, as: :g",
    ],
)
def test_declarations_are_left_alone(body: str) -> None:
    assert module_changes(body) == set()


@pytest.mark.parametrize(
    "body", ["y = &g/1", "y = ~w(a b)", "y = ?a", "y = x[:a]", "y = <<x::8>>", "y = &1", "y = nil"]
)
def test_what_has_no_sensible_change(body: str) -> None:
    assert not {change for change in changes(body) if change[1] != ":a"}


def test_a_change_in_a_head_lies_in_all_clauses() -> None:
    text = "defmodule M do\n  def f(0), do: 1\n\n  def f(n) do\n    g(n)\n    n\n  end\nend\n"
    lines = {(m.operator, m.replacement): m.lines for m, _ in elixir_mutants(text)}
    assert lines["pattern", "_"] == (1, 6)
    assert lines["statement", "nil"] == (4, 4)


def test_equal_changes_are_one_mutant() -> None:
    text = "defmodule M do\n  def f(x), do: not x\nend\n"
    mutants = [mutant for mutant, _ in elixir_mutants(text)]
    assert len({(m.start, m.end, m.replacement) for m in mutants}) == len(mutants)
    assert mutants == sorted(mutants)


def test_broken_code_is_a_typed_error() -> None:
    with pytest.raises(CoderError) as caught:
        elixir_mutants("defmodule M do\n  def f(\nend\n")
    assert caught.value.code == "breaks_syntax"


def test_deep_nesting_and_odd_files() -> None:
    assert elixir_mutants("") == []
    assert elixir_mutants("# only a comment\n") == []
    deep = "defmodule M do\n  def f(x), do: " + "g(" * 2000 + "1" + ")" * 2000 + "\nend\n"
    assert {m.operator for m, _ in elixir_mutants(deep)} == {"constant", "return"}
