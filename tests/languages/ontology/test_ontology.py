from __future__ import annotations

import pytest

from languages.ontology.hops import MAX_ENDS, derived
from languages.ontology.ontology import triples_of
from languages.ontology.text import as_text
from languages.ontology.triples import DERIVED, SIMPLE, Triple, split_function
from languages.syntax import GrammarName
from tests.languages.marks import GRAMMARS, marked


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_the_simple_level_is_the_structure(grammar: GrammarName) -> None:
    simple = triples_of(grammar, "x", marked(grammar), "simple")
    full = triples_of(grammar, "x", marked(grammar), "full")
    assert {one.relation for one in simple} <= SIMPLE
    assert set(simple) < set(full)
    assert len(set(full)) == len(full)


def test_chains_are_followed_and_loops_end() -> None:
    calls = [
        Triple("a", "calls", "b"),
        Triple("b", "calls", "c"),
        Triple("c", "calls", "a"),
        Triple("c", "raises", "E"),
    ]
    assert Triple("a", "reaches", "c") in derived(calls)
    assert Triple("a", "may_raise", "E") in derived(calls)
    assert Triple("a", "reaches", "b") not in derived(calls)
    assert Triple("a", "may_raise", "E") not in derived([*calls, Triple("a", "rescues", "E")])
    assert {one.relation for one in derived(calls)} <= DERIVED


def test_a_hub_does_not_explode() -> None:
    calls = [Triple("a", "calls", "b"), *(Triple("b", "calls", f"c{n}") for n in range(500))]
    assert sum(one.relation == "reaches" for one in derived(calls)) == MAX_ENDS


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("budget", [0, 5, 20, 60, 200, 700, 100_000])
def test_the_text_keeps_its_budget(grammar: GrammarName, budget: int) -> None:
    triples = triples_of(grammar, "x", marked(grammar))
    text = as_text(triples, budget)
    assert len(text) <= budget
    assert text == as_text(triples, budget)


def test_a_short_budget_drops_several_hops_first_and_structure_last() -> None:
    triples = triples_of("go", "m.go", "package m\nfunc a() { b() }\nfunc b() { c() }\nfunc c() { panic(1) }\n")
    full = as_text(triples)
    assert "reaches c/0" in full
    shorter = as_text(triples, len(full) - 60)
    assert "may raise" not in shorter
    assert "calls b/0" in shorter
    assert "function a/0" in as_text(triples, 90)
    assert as_text(triples, 90).endswith("more lines")


def test_resolving_what_is_called() -> None:
    text = (
        "defmodule A do\n  alias X.{Y, Z}\n  alias X.Long, as: L\n"
        "  def f(a), do: a |> Y.g(1) |> L.h() |> Enum.map(&Z.i/1) |> g() |> __MODULE__.g()\n  def g(x), do: x\nend\n"
    )
    calls = [one.object for one in triples_of("elixir", "a.ex", text) if one.relation == "calls"]
    assert sorted(calls) == ["A.g/1", "Enum.map/2", "X.Long.h/1", "X.Y.g/2", "X.Z.i/1"]


def test_python_names_are_resolved() -> None:
    text = "import os.path as p\nfrom a.b import c as d\ndef f(self): p.join(1, 2); d.e(); unknown(); d()\n"
    calls = [one.object for one in triples_of("python", "x.py", text) if one.relation == "calls"]
    assert calls == ["os.path.join/2", "a.b.c.e/0", "a.b.c/0"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("A.B.f/2", ("A.B", "f", 2)),
        ("f/1", ("", "f", 1)),
        ("A.+/2", ("A", "+", 2)),
        ("A.//2", ("A", "/", 2)),
        ("A.B", None),
        ("net/http", None),
    ],
)
def test_a_function_name_in_parts(name: str, parts: tuple[str, str, int] | None) -> None:
    assert split_function(name) == parts


HOSTILE = {
    "empty": "",
    "zeros": "\0" * 9_999,
    "surrogate": "def f\ud800(): pass\n",
    "open": "(" * 20_000,
    "deep": "f(" * 3_000 + ")" * 3_000,
    "minified": "x=f(1);" * 20_000,
    "line ends": "def f():\r\n\treturn g()\r\n\r\r",
}


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_raises_nothing(grammar: GrammarName, name: str) -> None:
    triples = triples_of(grammar, "x", HOSTILE[name])
    assert len(as_text(triples, 500)) <= 500


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        ("python", "def f{n}(a):\n    return f{n}(a) + g(1)\n"),
        ("go", "func f{n}(a int) int {{\n\treturn f{n}(a) }}\n"),
        ("elixir", "def f{n}(a) do\n f{n}(a) end\n"),
    ],
)
def test_a_file_of_20_000_lines(grammar: GrammarName, text: str) -> None:
    body = "".join(text.format(n=n) for n in range(10_000))
    before, after = {"python": ("", ""), "go": ("package m\n", ""), "elixir": ("defmodule A do\n", "end\n")}[grammar]
    triples = triples_of(grammar, "x", before + body + after)
    assert sum(one.relation == "calls" for one in triples) == 10_000
