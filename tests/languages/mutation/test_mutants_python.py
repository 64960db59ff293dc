from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.mutation.mutant import apply, diff, reverse
from languages.mutation.python_operators import python_mutants

ATOMS = st.sampled_from(["x", "0", "7", "2.5", "True", "'a'", '""', "f(1)", "self.y", "é"])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<<", "&", "|", "^"]),
            inner,
        ),
        st.builds("{} {} {}".format, inner, st.sampled_from(["<", ">=", "==", "is", "not in", "and", "or"]), inner),
        st.builds("not {}".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[i for i in z if {}]".format, inner),
    ),
    max_leaves=8,
)
STATEMENTS = st.one_of(
    st.builds("if {}:\n        return {}\n    elif {}:\n        raise E({})".format, *[EXPRESSIONS] * 4),
    st.builds("while {}:\n        self.x += {}\n        break".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("try:\n        g({})\n    except (A, B) as e:\n        self.x = {}".format, EXPRESSIONS, EXPRESSIONS),
)
FUNCTIONS = st.lists(STATEMENTS, min_size=1, max_size=3).map(
    lambda body: "def f(x, z):\n    " + "\n    ".join(body) + "\n"
)


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS)
def test_every_mutant_parses_and_can_be_taken_out_again(text: str) -> None:
    try:
        ast.parse(text)
    except SyntaxError:
        return
    source = text.encode()
    for mutant in python_mutants(text):
        mutated = apply(source, mutant)
        ast.parse(mutated)
        assert mutated != source
        assert mutated[: mutant.start] == source[: mutant.start]
        assert mutated.endswith(source[mutant.end :])
        assert apply(mutated, reverse(source, mutant)) == source


def changes(text: str) -> set[tuple[str, str, str]]:
    source = text.encode()
    return {(m.operator, source[m.start : m.end].decode(), m.replacement) for m in python_mutants(text)}


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("a // b", ("arithmetic", "//", "/")),
        ("a -= b", ("arithmetic", "-=", "+=")),
        ("a < b", ("comparison", "<", "<=")),
        ("a not in b", ("comparison", "not in", "in")),
        ("a and b", ("boolean", "and", "or")),
        ("x = not a", ("boolean", "not a", "(a)")),
        ("x = 0x1f", ("constant", "0x1f", "32")),
        ("x = 'a'", ("constant", "'a'", "''")),
        ("x = a if b else c", ("condition", "b", "(not (b))")),
        ("while a < b: pass", ("condition", "a < b", "(not (a < b))")),
        ("def f():\n    return a", ("return", "return a", "return None")),
        ("f(a)", ("statement", "f(a)", "pass")),
        ("self.a = b", ("statement", "self.a = b", "pass")),
        ("raise E", ("exception", "raise E", "pass")),
        ("try: pass\nexcept E as e: pass", ("exception", "E", "()")),
    ],
)
def test_each_operator(text: str, change: tuple[str, str, str]) -> None:
    assert change in changes(text)


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring, 1 + 1."""',
        "def f(x: int | None): pass",
        "if __name__ == '__main__':\n    main(1)",
        "x = f'{y}'",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert changes(text) == set()


def test_broken_code_is_a_typed_error() -> None:
    with pytest.raises(CoderError, match="does not parse"):
        python_mutants("def f(:\n")


def test_a_diff_shows_the_line() -> None:
    text = "a = 1\nb = c + d\n"
    (mutant,) = [m for m in python_mutants(text) if m.operator == "arithmetic"]
    assert "-b = c + d\n+b = c - d" in diff("m.py", text, mutant)
