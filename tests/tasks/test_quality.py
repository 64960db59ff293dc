from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.lines import line_ends
from tasks.quality import LabelScore, Window, example, metrics, prompt, windows
from tasks.record import Record
from tasks.task import Prompt
from tasks.tokens import Control


def byte_windows(text: bytes, max_tokens: int) -> list[Window]:
    """Windows of a model whose tokens are bytes."""
    return windows(list(text), [1] * len(text), text, max_tokens)


def test_the_prompt_is_the_judge_mark_and_the_code() -> None:
    assert prompt("x = 1\n") == Prompt((Control.JUDGE, "x = 1\n"))


def test_an_example_carries_the_labels_of_its_lines() -> None:
    record = Record(
        id="1", source="s", license="MIT", url="", language="python", task="quality", content="import os\n",
        labels={0: ("ruff:F401",)},
    )  # fmt: skip
    given_example = example(record)
    assert given_example.prompt == prompt("import os\n")
    assert given_example.labels == {0: frozenset({"ruff:F401"})}


def test_a_short_file_is_one_window() -> None:
    assert byte_windows(b"a\nbc\n", 9) == [Window(0, tuple(b"a\nbc\n"), (1, 4))]


def test_windows_break_at_line_borders() -> None:
    assert byte_windows(b"ab\ncd\nef", 6) == [Window(0, tuple(b"ab\ncd\n"), (2, 5)), Window(2, tuple(b"ef"), (1,))]


def test_of_an_overlong_line_the_tail_is_kept() -> None:
    assert byte_windows(b"a\nlonger\nb\n", 4) == [
        Window(0, tuple(b"a\n"), (1,)),
        Window(1, tuple(b"ger\n"), (3,)),
        Window(2, tuple(b"b\n"), (1,)),
    ]


def test_lines_that_end_at_one_token_share_its_position() -> None:
    assert windows([7, 8, 9], [1, 2, 1], b"a\n\nb") == [Window(0, (7, 8, 9), (1, 1, 2))]
    assert windows([6, 7, 8, 9], [1, 1, 2, 1], b"ab\n\nc", max_tokens=2) == [
        Window(0, (7, 8), (1, 1)),
        Window(2, (9,), (0,)),
    ]


def test_an_empty_file_has_no_window() -> None:
    assert byte_windows(b"", 4) == []


def test_tokens_that_do_not_spell_the_text_are_refused() -> None:
    with pytest.raises(ValueError, match="do not spell"):
        windows([1], [1], b"ab")


@given(st.text(alphabet="ab\n", max_size=80), st.integers(1, 12))
def test_every_line_is_judged_once_at_its_last_byte(text: str, size: int) -> None:
    code = text.encode()
    ends = line_ends(code)
    judged = []
    for window in byte_windows(code, size):
        assert len(window.tokens) <= size
        for offset, position in enumerate(window.positions):
            line = window.first_line + offset
            judged.append(line)
            assert window.tokens[position] == code[ends[line] - 1]
    assert judged == list(range(len(ends)))


def test_scores_by_hand() -> None:
    given_labels = [frozenset({"a"}), frozenset({"a"}), frozenset(), frozenset({"b"})]
    wanted = [frozenset({"a"}), frozenset(), frozenset({"a"}), frozenset({"a"})]
    scores = metrics(given_labels, wanted, ["a", "b", "c"])
    # a: 1 hit of 2 claims and 3 wanted: precision 1/2, recall 1/3, F1 = 2 * 1/6 / (5/6) = 0.4.
    assert scores["a"] == LabelScore(0.5, 1 / 3, pytest.approx(0.4), 3)
    assert scores["b"] == LabelScore(0.0, 0.0, 0.0, 0)
    assert scores["c"] == LabelScore(0.0, 0.0, 0.0, 0)
