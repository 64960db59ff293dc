from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.mutation.elixir_counting import form_of, mutated_form, whole
from languages.mutation.elixir_operators import elixir_anatomy, mutants_of
from languages.mutation.elixir_places import Function
from languages.mutation.elixir_schemata import original_names, switchable, switching_text
from languages.mutation.options import Numbered
from languages.syntax import parse

MODULE = """\
defmodule Shop do
  @doc "One clause."
  def price(n, rate \\\\ 3) when n > 0 do
    n * rate
  end

  def kind?(0), do: true
  # what is left
  def kind?(n), do: n == 1

  def zero, do: 0

  defmacro twice(x), do: quote(do: unquote(x) * 2)
  def a <~> b, do: a - b
  def where, do: __ENV__.function
end
"""


def switches(text: str) -> tuple[str, dict[Function, list[Numbered]]]:
    """The text with all mutants that can be switched, and those."""
    anatomy, source = elixir_anatomy(text), text.encode()
    mutants: dict[Function, list[Numbered]] = {}
    for number, (mutant, place) in enumerate(mutants_of(anatomy), start=1):
        if switchable(source, mutant, place):
            assert place.function is not None
            mutants.setdefault(place.function, []).append((number, mutant))
    return switching_text(source, whole(source), mutants), mutants


def test_a_function_becomes_a_switch_between_copies() -> None:
    text, mutants = switches(MODULE)
    by_name = {function.name: numbered for function, numbered in mutants.items()}
    assert by_name.keys() == {"price", "kind?", "zero"}
    number = next(number for number, mutant in by_name["price"] if mutant.operator == "arithmetic")
    assert "def price(coder_given_0, coder_given_1 \\\\ 3) do case :coder_mutant.active() do " in text
    assert f"{number} -> coder_{number}_price(coder_given_0, coder_given_1); " in text
    assert f"defp coder_{number}_price(n, rate) when n > 0 do\n    n / rate\n  end\n" in text
    assert "defp coder_0_price(n, rate) when n > 0 do\n    n * rate\n  end\n" in text
    assert "def zero() do" in text
    assert "  def a <~> b, do: a - b\n" in text


def test_a_clause_that_is_left_out_is_in_no_copy() -> None:
    text, mutants = switches(MODULE)
    (numbered,) = (numbered for function, numbered in mutants.items() if function.name == "kind?")
    number = next(number for number, mutant in numbered if mutant.replacement == "")
    assert text.count(f"defp coder_{number}_kind?(") == 1
    assert text.count("defp coder_0_kind?(") == 2


def test_names_of_copies_are_not_told() -> None:
    assert original_names("no clause in Shop.coder_12_kind?/1") == "no clause in Shop.kind?/1"


def test_defaults_stay_where_they_are() -> None:
    anatomy, source = elixir_anatomy(MODULE), MODULE.encode()
    (pair,) = ((m, place) for m, place in mutants_of(anatomy) if source[m.start : m.end] == b"3")
    assert not switchable(source, *pair)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "def f(x, y), do: x + y",
                "def f(1, y \\\\ 2), do: y",
                "def f({:ok, x}, _) when x > 1 do\n x\nend",
                "defp g(), do: :ok",
                "def h do\n  g()\nrescue\n  _ -> nil\nend",
                "@rate 3",
                "# a comment",
                "def é(é), do: é + 1",
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_switching_text_parses(parts: list[str], newline: str) -> None:
    text = newline.join(["defmodule M do", *parts, "end", ""])
    switching, mutants = switches(text)
    assert not parse("elixir", switching.encode()).root_node.has_error, switching
    assert all(f"coder_{number}_" in switching for numbered in mutants.values() for number, _ in numbered)


@pytest.mark.parametrize("alone", [True, False])
def test_a_form_knows_what_is_in_force(alone: bool) -> None:
    text = "alias A.B\nrequire B\n\ndefmodule M do\n  @rate 3\nend\n\ndefmodule N do\n  def f, do: 1\nend\n"
    anatomy, source = elixir_anatomy(text), text.encode()
    mutant = next(m for m, _ in mutants_of(anatomy) if m.replacement == "2")
    form = form_of(source, anatomy.root, mutant, alone=alone)
    assert (form.line, form.preamble) == ((7, "alias A.B\nrequire B\n") if alone else (0, ""))
    expected = "defmodule N do\n  def f, do: 2\nend" if alone else text.replace("do: 1", "do: 2")
    assert mutated_form(source, form, mutant) == expected
