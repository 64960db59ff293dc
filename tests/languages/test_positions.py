from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from languages.finding import Position, Range
from languages.positions import TextLines


def test_byte_columns_become_code_points() -> None:
    lines = TextLines("é = '😀'; x\n")
    # é has 2 bytes, 😀 has 4: "x" is byte 13, code point 9.
    assert lines.at_byte_column(0, 13) == Position(0, 9)
    assert lines.at_byte(13) == Position(0, 9)


@pytest.mark.parametrize(
    ("line", "character", "wanted"),
    [(-1, 5, Position(0, 0)), (0, -2, Position(0, 0)), (0, 99, Position(0, 2)), (9, 0, Position(1, 1))],
)
def test_a_place_outside_the_text_becomes_the_nearest_inside(line: int, character: int, wanted: Position) -> None:
    assert TextLines("ab\nc").at_character(line, character) == wanted


def test_the_text_of_a_line_has_no_line_end() -> None:
    lines = TextLines("a\r\nb\n")
    assert [lines.content(line) for line in range(len(lines))] == ["a", "b", ""]


def test_a_line_without_its_indentation() -> None:
    lines = TextLines("x\n    y = 1  \n   \n")
    assert lines.without_indentation(1) == Range(Position(1, 4), Position(1, 9))
    assert lines.without_indentation(2) == Range(Position(2, 3), Position(2, 3))


def test_the_word_at_a_place() -> None:
    lines = TextLines("foo(bar)\n")
    assert lines.word_at(Position(0, 4)) == Range(Position(0, 4), Position(0, 7))
    assert lines.word_at(Position(0, 3)) == Range(Position(0, 3), Position(0, 4))
    assert lines.word_at(Position(0, 8)) == Range(Position(0, 7), Position(0, 8))
    assert TextLines("").word_at(Position(0, 0)) == Range(Position(0, 0), Position(0, 0))


@given(st.text(alphabet="aé😀\n\r\t", max_size=40))
def test_every_character_is_found_by_its_byte_offset(text: str) -> None:
    lines = TextLines(text)
    for index in range(len(text) + 1):
        before = text[:index]
        wanted = Position(before.count("\n"), len(before) - (before.rfind("\n") + 1))
        assert lines.at_byte(len(before.encode())) == wanted


@given(st.text(alphabet="aé\n", max_size=20), st.integers(-5, 60), st.integers(-5, 60))
def test_no_position_lies_outside_the_text(text: str, line: int, column: int) -> None:
    lines = TextLines(text)
    for position in (lines.at_character(line, column), lines.at_byte_column(line, column), lines.at_byte(column)):
        assert 0 <= position.line < len(lines)
        assert 0 <= position.character <= len(text.split("\n")[position.line])
