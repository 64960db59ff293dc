from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Node

from languages.finding import Position, Range
from languages.lexical import comment_ranges, contains, line_tokens, string_ranges
from languages.syntax import GrammarName
from languages.tree import SyntaxTree, walk
from tests.languages.marks import GRAMMARS, marked

PIECES = [
    "", "x", "\n", "\r\n", "\t", "é", "😀", "\0", "(", ")", "{", "}", "[", '"', "'''", '"""', "`", "#", "//", "/*", ":",
    ",", "end", "do", "  ", "def f():\n    pass\n", "if x:\n", "fn x -> x end", "x = 1\n", "# note\n", "// note\n",
    "\\",
]  # fmt: skip
EDITS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 2), st.integers(0, 40), st.sampled_from(PIECES)),
    min_size=1,
    max_size=6,
)


def shape(tree: SyntaxTree) -> list[tuple[object, ...]]:
    def facts(node: Node) -> tuple[object, ...]:
        return node.type, node.start_byte, node.end_byte, node.start_point, node.end_point, node.is_missing

    return [facts(node) for node in walk(tree.root)]


@settings(max_examples=40, deadline=None)
@given(grammar=st.sampled_from(list(GRAMMARS)), edits=EDITS)
def test_an_incremental_parse_is_the_full_parse(
    grammar: GrammarName, edits: list[tuple[int, int, int, int, str]]
) -> None:
    tree = SyntaxTree(grammar, marked(grammar))
    for line, character, lines, end, new in edits:
        edited = tree.edited(Range(Position(line, character), Position(line + lines, end)), new)
        assert shape(edited) == shape(SyntaxTree(grammar, edited.text))
        tree = tree if edited.has_error else edited


def test_an_edit_replaces_code_points_and_the_old_tree_stays() -> None:
    tree = SyntaxTree("python", "é = '😀'\r\ny = 2\r\n")
    edited = tree.edited(Range(Position(0, 5), Position(0, 6)), "ü\nz")
    assert edited.text == "é = 'ü\nz'\r\ny = 2\r\n"
    assert tree.text == "é = '😀'\r\ny = 2\r\n"
    assert tree.edited(Range(Position(9, 9), Position(99, 0)), "z = 3\n").text.endswith("y = 2\r\nz = 3\n")
    assert tree.edited(Range(Position(1, 3), Position(0, 0)), "!").text == "é = '😀'\r\ny =! 2\r\n"


def test_ranges_are_in_code_points() -> None:
    tree = SyntaxTree("python", "é = '😀'; ü = 'x'\n")
    spans = [(one.start.character, one.end.character) for one in string_ranges(tree)]
    assert spans == [(4, 7), (13, 16)]


@pytest.mark.parametrize(
    ("grammar", "text", "comments", "strings"),
    [
        ("python", "x = 'a' # b\ny = f'{\"c\"} d'\n", ["# b"], ["'a'", "f'{\"c\"} d'"]),
        (
            "go",
            "package m\nvar x = \"a\" // b\nvar y, z = `c`, 'd' /* e */\n",
            ["// b", "/* e */"],
            ['"a"', "`c`", "'d'"],
        ),
        ("elixir", "x = \"a#{'b'}\" # c\ny = ~s(d)\n", ["# c"], ["\"a#{'b'}\"", "~s(d)"]),
    ],
)
def test_comments_and_strings(grammar: GrammarName, text: str, comments: list[str], strings: list[str]) -> None:
    tree = SyntaxTree(grammar, text)
    lines = text.split("\n")

    def texts(ranges: list[Range]) -> list[str]:
        return [lines[one.start.line][one.start.character : one.end.character] for one in ranges]

    assert texts(comment_ranges(tree)) == comments
    assert texts(string_ranges(tree)) == strings


def test_inside_a_string_is_between_its_quotes() -> None:
    spans = string_ranges(SyntaxTree("python", "x = 'a'\n"))
    assert [contains(spans, Position(0, column)) for column in range(3, 9)] == [False, False, True, True, False, False]


def test_the_tokens_of_each_line() -> None:
    tokens = line_tokens(SyntaxTree("python", "x = '''a\nb'''\r\n\ny\n"))
    assert [[token.kind for token in line] for line in tokens] == [
        ["identifier", "=", "string_start", "string_content"],
        ["string_content", "string_end"],
        [],
        ["identifier"],
        [],
    ]


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("text", ["", "\0" * 999, "\ud800 'x", "(" * 20_000, "é='x';" * 20_000, "\r\r\n\t\r"])
def test_hostile_text_has_tokens_inside_it(grammar: GrammarName, text: str) -> None:
    tree = SyntaxTree(grammar, text)
    assert len(line_tokens(tree)) == len(tree.lines)
    assert all(span.end <= tree.lines.end() for span in [*comment_ranges(tree), *string_ranges(tree)])
