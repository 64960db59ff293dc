from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.mutation.go_operators import go_mutants
from languages.mutation.go_schemata import Instrumenter, Schemata
from languages.mutation.go_units import Kind, Units
from languages.mutation.mutant import apply
from languages.mutation.options import Numbered
from languages.syntax import parse
from tests.languages.mutation.go_packages import ODD


def numbered(text: str) -> list[Numbered]:
    source = Instrumenter(text)
    return [(n, m) for n, m in enumerate(go_mutants(text), start=1) if source.place(m) is not None]


def schemata(text: str) -> Schemata:
    return Instrumenter(text).schemata(numbered(text))


@pytest.mark.parametrize("text", [ODD, ODD.replace("\n", "\r\n")])
def test_every_mutant_is_in_the_file_once_and_the_file_parses(text: str) -> None:
    made = schemata(text)
    assert not parse("go", made.source).root_node.has_error
    assert sorted(number for *_, number in made.places) == [number for number, _ in numbered(text)]
    lines = made.source.split(b"\n")
    source = text.encode()
    root = parse("go", source).root_node
    for first, last, number in made.places:
        mutant = dict(numbered(text))[number]
        placed = Units(root).place(mutant)
        assert placed is not None
        after = mutant.start + len(mutant.replacement.encode()) + placed.unit.end - mutant.end
        copy = b"\n".join(lines[first : last + 1])
        assert copy.startswith(apply(source, mutant)[placed.unit.start : after])
        assert {made.mutant_at(line) for line in range(first, last + 1)} == {number}
    assert made.mutant_at(0) is None


def test_without_mutants_nothing_changes() -> None:
    assert Instrumenter(ODD).schemata([]).source == ODD.encode()


def kinds(body: str, operator: str, signature: str = "(a, b int) (n int, err error)") -> set[Kind | None]:
    text = f"package p\n\nfunc f{signature} {{\n{body}\n}}\n"
    source = Instrumenter(text)
    placed = [source.place(mutant) for mutant in go_mutants(text) if mutant.operator == operator]
    return {None if place is None else place.unit.kind for place in placed}


@pytest.mark.parametrize(
    ("body", "operator", "kind"),
    [
        ("if a < b { g() }", "comparison", Kind.TRUTH),
        ("x := a < b", "comparison", Kind.TRUTH),
        ("if a+1 < b { g() }", "arithmetic", Kind.TRUTH),
        ("x = a + b", "arithmetic", Kind.STATEMENT),
        ("for i := h(); ; i++ { g() }", "arithmetic", Kind.STATEMENT),
        ("switch a { case 1: g() }", "constant", Kind.STATEMENT),
        ("select { case c <- 1: g() }", "constant", Kind.STATEMENT),
        ("x := 1", "constant", Kind.VALUE),
        ("for i := 0; ; { g() }", "constant", Kind.VALUE),
        ("var x int64 = a + b", "arithmetic", Kind.VALUE),
        ("if c { x := a + b; g(x) }", "arithmetic", Kind.LIST),
        ("switch a { case b: x := a + b; g(x) }", "arithmetic", Kind.LIST),
        ("x := a + b", "arithmetic", Kind.FUNCTION),
        ("g(func() { x := a + b; g(x) })", "arithmetic", Kind.FUNCTION),
        ("if c { x := a + b\nL: for { break L } }", "arithmetic", Kind.FUNCTION),
        ("L: for x := a + b; ; { break L }", "arithmetic", Kind.FUNCTION),
        ("select { case v := <-c: v, w := a + b, v }", "arithmetic", Kind.FUNCTION),
        ("x := a + b; recover()", "arithmetic", None),
    ],
)
def test_the_smallest_piece_that_can_stand_twice(body: str, operator: str, kind: Kind | None) -> None:
    assert kinds(body, operator) == {kind}


def test_package_values_need_a_type_that_the_source_shows() -> None:
    text = "package p\n\nvar a = 1\nvar b T = f(2)\nvar c = f(3)\nvar d, e = 4, 5\nvar g = T{6}\n"
    source = Instrumenter(text)
    held = {text[m.start : m.end] for m in go_mutants(text) if source.place(m) is not None}
    assert held == {"1", "2"}


def test_a_function_is_called_again_with_its_named_parameters_and_receiver() -> None:
    head = "func (r *T) f(_ int, a, b string, more ...int) (n int, err error)"
    text = f"package p\n\n{head} {{ x := g() + 1; return x, nil }}\n"
    written = schemata(text).source.decode()
    assert "return func(r *T, a string, b string, more ...int) (n int, err error) {\nx := g() - 1" in written
    assert "}(r, a, b, more...)" in written


LITERALS = st.sampled_from(["1", "a", "a + 1", "f(2)", "a < 3", "!b", "true && b", '"s"', "func() int { return 4 }()"])
NESTED = st.recursive(
    st.builds("x = {}".format, LITERALS),
    lambda inner: st.one_of(
        st.builds("if a < 2 {{\n{}\n}} else if v := {}; v {{\n{}\n}}".format, inner, LITERALS, inner),
        st.builds("for i := {}; i < 3; i++ {{\ny := {}\n{}\n}}".format, LITERALS, LITERALS, inner),
        st.builds("switch {} {{\ncase 5:\n{}\nfallthrough\ndefault:\n{}\n}}".format, LITERALS, inner, inner),
        st.builds("{}; {}".format, inner, inner),
        st.builds("{{ {} }}".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(NESTED)
def test_nested_pieces_parse_and_hold_the_original(body: str) -> None:
    text = f"package p\n\nfunc f(a int, b bool) {{\n{body}\n}}\n"
    made = schemata(text)
    assert not parse("go", made.source).root_node.has_error
    assert sorted(number for *_, number in made.places) == [number for number, _ in numbered(text)]
