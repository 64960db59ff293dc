"""What is planted into Elixir is found, parses, and is written as the text is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.injection.elixir_configuration import INJECTORS as CONFIGURATION
from languages.injection.elixir_security import INJECTORS as SECURITY
from languages.injection.elixir_style import INJECTORS as STYLE
from languages.injection.planting import Injector, Planted, plant
from languages.injection.verification import detected, detected_all
from languages.linters.process import ToolFailure
from languages.workers.beam import BeamWorker
from languages.workers.elixir_code import elixir_syntax_findings
from tests.languages.injection.elixir_samples import CART, NOTHING, ROUTER, SAMPLES, with_crlf, with_tabs
from tests.tools import require_tool

ALL: tuple[Injector, ...] = (*STYLE, *SECURITY, *CONFIGURATION)
NAMED = {injector.check: injector for injector in ALL}
EVERY = pytest.mark.parametrize("injector", ALL, ids=lambda injector: injector.check)


def planted_into(injector: Injector, *texts: str, seeds: int = 2) -> list[Planted]:
    found = (plant(injector, text, seed=seed) for text in texts for seed in range(seeds))
    return [planted for planted in found if planted is not None]


def every_place(injector: Injector, text: str) -> list[str]:
    return [text[: edit.start] + edit.text + text[edit.end :] for edit in injector.places(text)]


def test_ids_are_the_tools_and_come_once() -> None:
    assert len(NAMED) == len(ALL)
    assert len(STYLE) >= 70
    assert len(SECURITY) >= 20
    assert all(injector.check.startswith("Credo.Check.") and injector.tool == "credo" for injector in STYLE)
    assert all(injector.cwe is not None and injector.tool == "sobelow" for injector in (*SECURITY, *CONFIGURATION))


def missed(planted: list[Planted]) -> list[tuple[str, str]]:
    return [(one.check, one.violating) for one, found in zip(planted, detected_all(planted), strict=True) if not found]


@EVERY
def test_every_injector_fits_somewhere(injector: Injector) -> None:
    assert planted_into(injector, *SAMPLES.values(), seeds=1)


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_planted_is_found(sample: str) -> None:
    assert missed([one for injector in ALL for one in planted_into(injector, SAMPLES[sample])]) == []


def test_line_ends_stay() -> None:
    planted = [one for injector in ALL for one in planted_into(injector, *map(with_crlf, SAMPLES.values()), seeds=1)]
    assert {one.check for one in planted} == set(NAMED)
    assert all("\n" not in one.violating.replace("\r\n", "") for one in planted)
    assert missed(planted[::2]) == []


def test_tabs_stay() -> None:
    planted = [one for injector in ALL for one in planted_into(injector, *map(with_tabs, SAMPLES.values()), seeds=1)]
    assert all(not line.startswith("  ") for one in planted for line in one.violating.split("\n"))
    assert missed(planted[1::2]) == []


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_planted_where_nothing_is(text: str) -> None:
    assert [injector.check for injector in ALL if plant(injector, text) is not None] == []


@pytest.mark.parametrize(
    "deep", ["(" * 3000 + "x" + ")" * 3000, " + ".join(["x"] * 5000), "if x do\n" * 99 + "end\n" * 99]
)
def test_nothing_is_planted_into_very_deep_code(deep: str) -> None:
    text = CART.replace("    Enum.take(names, 3)", deep)
    assert text != CART
    assert all(plant(injector, text) is None for injector in ALL)


def test_a_silenced_tool_gets_nothing() -> None:
    quiet = "# credo:disable-for-this-file\n" + CART
    assert all(plant(injector, quiet) is None for injector in STYLE)
    assert any(plant(injector, quiet) is not None for injector in SECURITY)


#: What becomes of a piece of the samples: check, text, before, after.
REWRITES = [
    ("Credo.Check.Refactor.UnlessWithElse", CART, "if limit > known do\n      Stock.reserve(items)\n    else\n",
     "unless limit > known do\n      {:error, names}\n    else\n      Stock.r"),
    ("Credo.Check.Refactor.NegatedConditionsWithElse", CART, "if limit > known do\n      Stock",
     "if !(limit > known) do\n      {:error"),
    ("Credo.Check.Refactor.CondStatements", CART, "if limit > known do\n      Stock.reserve(items)\n    else\n",
     "cond do\n      limit > known ->\n        Stock.reserve(items)\n\n      true ->\n"),
    ("Credo.Check.Readability.ModuleDoc", CART, 'Cart do\n  @moduledoc "What a customer wants to buy."\n\n  use',
     "Cart do\n  use"),
    ("Credo.Check.Readability.AliasOrder", CART, "alias Shop.Item\n  alias Shop.Price",
     "alias Shop.Price\n  alias Shop.Item"),
    ("Credo.Check.Design.AliasUsage", CART, "Stock.reserve(items)", "Shop.Stock.reserve(items)"),
    ("Credo.Check.Readability.VariableNames", CART, "def known(name) do\n    String.to_existing_atom(name)",
     "def known(myName) do\n    String.to_existing_atom(myName)"),
    ("Credo.Check.Readability.VariableNames", CART, "def paid?(order, item_list)", "def paid?(order, itemList)"),
    ("Credo.Check.Readability.ModuleAttributeNames", CART, "@default_limit 10_000", "@defaultLimit 10_000"),
    ("Credo.Check.Readability.PredicateFunctionNames", CART, "{state, found, sorted, paid?(state, [])}",
     "{state, found, sorted, is_paid(state, [])}"),
    ("Credo.Check.Readability.WithSingleClause", CART, "case Stock.find(order) do\n      {:ok, state} -> {state, fou",
     "with {:ok, state} <- Stock.find(order) do\n      {state, fou"),
    ("Credo.Check.Readability.LargeNumbers", CART, "@default_limit 10_000", "@default_limit 10000"),
    ("Credo.Check.Refactor.MapJoin", CART, 'Enum.map_join(paid, ", ", &to_string/1)',
     'Enum.join(Enum.map(paid, &to_string/1), ", ")'),
    ("Credo.Check.Refactor.Apply", CART, "Stock.reserve(items)\n", "apply(Stock, :reserve, [items])\n"),
    ("Credo.Check.Warning.ExpensiveEmptyEnumCheck", CART, "found = Enum.empty?(item_list)",
     "found = Enum.count(item_list) == 0"),
    ("Credo.Check.Warning.SpecWithStruct", CART, "@spec add(Item.t(),", "@spec add(%Item{},"),
    ("DOS.StringToAtom", CART, "String.to_existing_atom(name)", "String.to_atom(name)"),
    ("Config.CSRF", ROUTER, "plug :protect_from_forgery", "plug :fetch_session\n    plug :put_secure_browser_headers"),
    ("Config.CSRFRoute", ROUTER, '    post "/carts"', '    get "/carts", CartController, :create\n    post "/carts"'),
]  # fmt: skip


@pytest.mark.parametrize(("check", "text", "before", "after"), REWRITES)
def test_existing_code_is_spoilt(check: str, text: str, before: str, after: str) -> None:
    assert before in text
    assert after not in text
    assert any(after in one for one in every_place(NAMED[check], text))


@pytest.fixture(scope="module")
def worker() -> Iterator[BeamWorker]:
    require_tool("elixir")
    with BeamWorker() as worker:
        yield worker


def test_elixir_itself_parses_what_is_planted(worker: BeamWorker) -> None:
    for injector in ALL:
        for planted in planted_into(injector, *SAMPLES.values(), seeds=1):
            findings = elixir_syntax_findings(worker, "planted.ex", planted.violating, timeout=60)
            assert not isinstance(findings, ToolFailure), findings
            assert findings == (), (injector.check, planted.violating)


NAMES = st.sampled_from(["user", "items", "größe", "order_id", "_rest"])
VALUES = st.one_of(
    NAMES.map(lambda name: name.removeprefix("_")),
    st.sampled_from(["nil", "[]", "%{a: 1}", '"text"', ":ok", "20_000", 'Map.get(user, "a")', "Enum.map(items, & &1)"]),
    st.builds("{} == {}".format, NAMES, NAMES),
    st.builds("{} |> Enum.filter(& &1) |> inspect()".format, NAMES),
)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, VALUES),
    VALUES,
    st.sampled_from(["# a note", 'text = """\n  some text\n  """', 'String.trim("a; b")', "send(self(), :done)"]),
).map(lambda statement: statement.split("\n"))


def indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def block(parts: list[list[str]]) -> list[str]:
    """The lines of a body, which needs one statement that is no comment."""
    return [*(line for part in parts for line in part), ":ok"]


STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(
            lambda c, body: [f"if {c} do", *indented(body), "end"], VALUES, st.lists(inner, max_size=2).map(block),
        ),
        st.builds(
            lambda c, yes, no: [f"if {c} do", *indented(yes), "else", *indented(no), "end"],
            VALUES, st.lists(inner, max_size=2).map(block), st.lists(inner, max_size=2).map(block),
        ),
        st.builds(
            lambda c, body: [f"case {c} do", "  {:ok, found} ->", *indented(indented(body)), "", "  _ -> nil", "end"],
            VALUES, st.lists(inner, max_size=2).map(block),
        ),
    ),
    max_leaves=6,
)  # fmt: skip
FUNCTIONS = st.builds(
    lambda keyword, name, parameters, body: [f"{keyword} {name}({', '.join(sorted(parameters))}) do", *body, "end", ""],
    st.sampled_from(["def", "defp"]), st.sampled_from(["find_all", "ready?", "store"]), st.sets(NAMES),
    st.lists(STATEMENTS, max_size=4).map(block).map(indented),
)  # fmt: skip
ALIASES = st.sampled_from([[], ["alias Shop.Item", "alias Shop.Price", ""], ['@moduledoc "It."', "@some_limit 3", ""]])
MODULES = st.builds(
    lambda head, functions: "\n".join(
        ["defmodule Shop.Made do", *indented([*head, *(line for one in functions for line in one)]), "end", ""]),
    ALIASES, st.lists(FUNCTIONS, max_size=3),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(MODULES, st.sampled_from([str, with_crlf, str.rstrip]), st.sampled_from(ALL), st.integers(0, 1000))
def test_the_round_trip(module: str, change: type[str], injector: Injector, seed: int) -> None:
    text = change(module)
    planted = plant(injector, text, seed=seed)
    assert planted == plant(injector, text, seed=seed)
    if planted is None:
        return
    edits = {
        (text[: edit.start] + edit.text + text[edit.end :], edit.start + edit.at) for edit in injector.places(text)
    }
    assert planted.clean == text
    assert planted.line in {made.count("\n", 0, at) for made, at in edits if made == planted.violating}
    assert detected(planted)
