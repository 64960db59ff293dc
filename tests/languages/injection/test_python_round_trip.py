from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from languages.injection.catalogue import injectors
from languages.injection.planting import Injector, plant
from languages.injection.verification import detected
from tests.languages.injection.python_samples import FUNCTION, parses, with_crlf, with_tabs
from tests.tools import require_tool

NAMES = st.sampled_from(["user", "rows", "größe", "target", "limit"])
EXPRESSIONS = st.one_of(
    NAMES,
    st.sampled_from(["None", "[]", "{}", "1", "'text'", 'r"\\d+"', "hashlib.sha256(user)", "user is None"]),
    st.builds("{} is not {}".format, NAMES, NAMES),
    st.builds("({} + {})".format, NAMES, NAMES),
)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, EXPRESSIONS),
    st.builds("{}.append({})".format, NAMES, EXPRESSIONS),
    st.builds("# about {}".format, NAMES),
    st.builds('"""{}"""'.format, NAMES),
    st.just("pass"),
    st.just("x = 1; y = 2"),
)
HEADS = st.one_of(
    st.builds("if {}:".format, EXPRESSIONS),
    st.builds("for {} in {}:".format, NAMES, NAMES),
    st.builds("while {}:".format, EXPRESSIONS),
    st.builds("with open({}) as handle:".format, NAMES),
    st.builds("def inner({}, other=None):".format, NAMES),
    st.just("class Inner:"),
)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def block(statements: list[list[str]]) -> list[str]:
    """The lines of a body, which needs one statement that is no comment."""
    return [*(line for statement in statements for line in statement), "done = 1"]


def compound(head: str, body: list[str]) -> list[str]:
    return [head, *indented(body)]


def guarded(body: list[str], handler: list[str]) -> list[str]:
    return ["try:", *indented(body), "except ValueError as error:", *indented(handler)]


STATEMENTS = st.recursive(
    SIMPLE.map(lambda line: [line]),
    lambda inner: st.one_of(
        st.builds(compound, HEADS, st.lists(inner, max_size=3).map(block)),
        st.builds(guarded, st.lists(inner, max_size=2).map(block), st.lists(inner, max_size=2).map(block)),
    ),
    max_leaves=8,
)
FUNCTIONS = st.builds(
    lambda name, parameters, body: [f"def {name}({', '.join(sorted(parameters))}):", *indented(body)],
    st.sampled_from(["find", "_store"]),
    st.sets(NAMES),
    st.lists(STATEMENTS, max_size=4).map(block),
)
MODULES = st.lists(st.one_of(FUNCTIONS, STATEMENTS), max_size=4).map(
    lambda parts: "\n".join(line for part in [["import hashlib"], *parts] for line in part) + "\n"
)
CHANGES = st.sampled_from([str, with_crlf, with_tabs, str.rstrip])


@settings(max_examples=150, deadline=None)
@given(MODULES, CHANGES, st.sampled_from(injectors("python")), st.integers(0, 1000))
def test_the_round_trip(module: str, change: Callable[[str], str], injector: Injector, seed: int) -> None:
    require_tool("ruff")
    text = change(module)
    assert parses(text)
    planted = plant(injector, text, seed=seed)
    assert planted == plant(injector, text, seed=seed)
    if planted is None:
        return
    edits = {
        (text[: edit.start] + edit.text + text[edit.end :], edit.start + edit.at) for edit in injector.places(text)
    }
    assert planted.clean == text
    assert planted.line in {start.count("\n", 0, at) for start, at in edits if start == planted.violating}
    assert parses(planted.violating)
    assert detected(planted)


def test_a_text_too_large_is_left_alone() -> None:
    (injector,) = injectors("python", check="T201")
    assert plant(injector, "x = 1\n" + "# filler\n" * 1000) is not None
    assert plant(injector, "x = 1\n" + "# filler\n" * 300_000) is None


def test_seeds_choose_among_surface_forms() -> None:
    (injector,) = injectors("python", check="B608")
    forms = {plant(injector, FUNCTION, seed=seed) for seed in range(40)}
    assert len(forms) > 10
    assert None not in forms
