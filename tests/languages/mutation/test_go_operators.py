from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.mutation.go_operators import go_mutants
from languages.mutation.mutant import apply, reverse
from languages.syntax import parse

ATOMS = st.sampled_from(
    ["x", "0", "7", "0x1F", "2.5", "true", '"a"', '""', "f(1)", "s.y", "é", "'c'", "`r`", "[]int{1}"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%", "<<", "&", "|", "^", "&^"]), inner
        ),
        st.builds("{} {} {}".format, inner, st.sampled_from(["<", ">=", "==", "!=", "&&", "||"]), inner),
        st.builds("!({})".format, inner),
        st.builds("func() int {{ return {} }}()".format, inner),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    st.builds("if {} {{\n\t\treturn {}, nil\n\t}} else if {} {{\n\t\ts.f({})\n\t}}".format, *[EXPRESSIONS] * 4),
    st.builds("for i := {}; {}; i++ {{\n\t\ts.x += {}\n\t\tbreak\n\t}}".format, *[EXPRESSIONS] * 3),
    st.builds(
        "switch y := {}; {{\n\tcase {}:\n\t\ty--\n\t\tfallthrough\n\tdefault:\n\t\tc <- {}\n\t}}".format,
        *[EXPRESSIONS] * 3,
    ),
    st.builds("L:\n\tfor {} {{\n\t\tx, z := {}, 1\n\t\tcontinue L\n\t}}".format, *[EXPRESSIONS] * 2),
    st.builds("if err := g({}); err != nil {{\n\t\treturn 0, err\n\t}}".format, EXPRESSIONS),
    st.builds("defer s.f({})".format, EXPRESSIONS),
)
FILES = st.lists(STATEMENTS, min_size=1, max_size=3).map(
    lambda body: (
        "package p\n\nfunc f(s T, c chan int) (n int, err error) {\n\t" + "\n\t".join(body) + "\n\treturn 1, e\n}\n"
    )
)


@settings(max_examples=60, deadline=None)
@given(FILES)
def test_every_mutant_parses_and_can_be_taken_out_again(text: str) -> None:
    source = text.encode()
    if parse("go", source).root_node.has_error:
        return
    mutants = go_mutants(text)
    assert mutants
    for mutant in mutants:
        mutated = apply(source, mutant)
        assert not parse("go", mutated).root_node.has_error
        assert mutated != source
        assert apply(mutated, reverse(source, mutant)) == source


def changes(text: str) -> set[tuple[str, str, str]]:
    source = text.encode()
    return {(m.operator, source[m.start : m.end].decode(), m.replacement) for m in go_mutants(text)}


def in_function(body: str, signature: str = "()") -> set[tuple[str, str, str]]:
    return changes(f"package p\n\nfunc f{signature} {{\n{body}\n}}\n")


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ("g(a + b)", ("arithmetic", "+", "-")),
        ("g(a % b)", ("arithmetic", "%", "*")),
        ("g(a &^ b)", ("arithmetic", "&^", "&")),
        ("a <<= b", ("arithmetic", "<<=", ">>=")),
        ("a++", ("arithmetic", "++", "--")),
        ("for ; ; a-- { g() }", ("arithmetic", "--", "++")),
        ("g(a < b)", ("comparison", "<", "<=")),
        ("g(a == b)", ("comparison", "==", "!=")),
        ("g(a && b)", ("boolean", "&&", "||")),
        ("g(!a)", ("boolean", "!a", "(a)")),
        ("if a { g() }", ("condition", "a", "!(a)")),
        ("if x := h(); x > 1 { g() }", ("condition", "x > 1", "!(x > 1)")),
        ("for a { g() }", ("condition", "a", "!(a)")),
        ("for i := 0; i < 9; i++ { g() }", ("condition", "i < 9", "!(i < 9)")),
        ("switch { case a > 1: g() }", ("condition", "a > 1", "!(a > 1)")),
        ("g(1_000)", ("constant", "1_000", "1001")),
        ("g(0x1F)", ("constant", "0x1F", "32")),
        ("g(017)", ("constant", "017", "16")),
        ("g(2.5)", ("constant", "2.5", "3.5")),
        ("g(true)", ("constant", "true", "false")),
        ('g("x")', ("constant", '"x"', '""')),
        ("g(``)", ("constant", "``", '"mutant"')),
        ("g()", ("statement", "g()", "{}")),
        ("a = 1", ("statement", "a = 1", "{}")),
        ("c <- 1", ("statement", "c <- 1", "{}")),
        ("go g()", ("statement", "go g()", "{}")),
        ("defer g()", ("statement", "defer g()", "{}")),
        ("for { break }", ("statement", "break", "{}")),
        ("if err != nil { return }", ("error", "{ return }", "{}")),
        ("if parseErr != nil { return }", ("error", "{ return }", "{}")),
    ],
)
def test_operators(body: str, change: tuple[str, str, str]) -> None:
    assert change in in_function(body)


@pytest.mark.parametrize(
    ("signature", "body", "change"),
    [
        ("() int", "return x", ("return", "return x", "return 0")),
        ("() string", "return x", ("return", "return x", 'return ""')),
        ("() []T", "return x", ("return", "return x", "return nil")),
        ("() *T", "return x", ("return", "return x", "return nil")),
        ("() (a, b float64)", "return x, y", ("return", "return x, y", "return 0, 0")),
        ("() p.T", "return x", ("return", "return x", "return *new(p.T)")),
        ("() [2]int", "return x", ("return", "return x", "return *new([2]int)")),
        ("() error", "return err", ("error", "return err", "return nil")),
        ("() (T, error)", "return x, err", ("return", "return x, err", "return *new(T), err")),
        ("() (T, error)", "return x, err", ("error", "return x, err", "return x, nil")),
        ("() (bool, error)", "return g()", ("error", "return g()", "return false, nil")),
        ("()", "h(func() bool { return x })", ("return", "return x", "return false")),
    ],
)
def test_what_is_returned(signature: str, body: str, change: tuple[str, str, str]) -> None:
    assert change in in_function(body, signature)


@pytest.mark.parametrize(
    "text",
    [
        'import "fmt"',
        "const a = 1 + 2",
        'type T struct { a [3]int `json:"x"` }',
        "func f() error { return nil }",
        "func f() bool { return true }\nconst b = 1",
        "func f() { return }",
        "func f() { var a [4]int }",
        "func f() int { panic(x) }",
        "func f() { g = []int{" + "1, " * 60 + "} }",
    ],
)
def test_what_stays_as_it_is(text: str) -> None:
    kinds = {"constant": "true", "statement": "g = "}
    left = {c for c in changes(f"package p\n{text}\n") if not c[1].startswith(kinds.get(c[0], "\0"))}
    assert left == set()


def test_a_panic_that_does_not_end_the_function_can_go() -> None:
    assert ("statement", "panic(x)", "{}") in in_function("if a { panic(x) }\nreturn 1", "() int")
    assert ("statement", "panic(x)", "{}") in in_function("panic(x)")
    assert ("statement", "panic(x)", "{}") not in in_function("if a { return 1 } else { panic(x) }", "() int")
    assert ("statement", "panic(x)", "{}") not in in_function("switch { default: panic(x) }", "() int")


def test_an_error_check_with_an_else_keeps_its_body() -> None:
    assert not any(operator == "error" for operator, *_ in in_function("if err != nil { return } else { g() }"))


@pytest.mark.parametrize("text", ["package p\nfunc f( {", "not go", "package p\nfunc f() { x := }\n"])
def test_broken_go_is_a_typed_error(text: str) -> None:
    with pytest.raises(CoderError) as caught:
        go_mutants(text)
    assert caught.value.code == "breaks_syntax"


def test_numbers_of_thousands_of_digits() -> None:
    assert {operator for operator, *_ in in_function("g(" + "9" * 5000 + ")")} == {"statement"}
