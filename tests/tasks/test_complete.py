from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import complete
from tasks.complete import CursorContext
from tasks.task import TaskError
from tasks.tokens import Control, ControlIds

FIM = ControlIds({Control.FIM_PREFIX: 1000, Control.FIM_SUFFIX: 1001, Control.FIM_MIDDLE: 1002, Control.END: 1003})


def tokenize(text: str) -> list[int]:
    return list(text.encode())


def test_prompt_puts_prefix_suffix_then_middle() -> None:
    prompt = complete.prompt(CursorContext("ab", "c"), FIM)
    assert prompt.token_ids(tokenize, FIM) == [1000, 97, 98, 1001, 99, 1002]


def test_a_model_without_fim_tokens_continues_the_prefix() -> None:
    prompt = complete.prompt(CursorContext("ab", "c"), ControlIds({}))
    assert prompt.token_ids(tokenize, ControlIds({})) == [97, 98]


def test_a_prompt_that_needs_a_token_the_model_lacks_says_so() -> None:
    prompt = complete.prompt(CursorContext("ab", "c"), FIM)
    with pytest.raises(TaskError, match="fim_prefix"):
        prompt.token_ids(tokenize, ControlIds({}))


def test_text_that_names_a_control_token_stays_text() -> None:
    prompt = complete.prompt(CursorContext("<fim_middle>", ""), FIM)
    assert prompt.token_ids(tokenize, FIM).count(1002) == 1


@given(st.text(min_size=8, max_size=400), st.integers(0, 1000))
def test_an_example_spells_the_file_again(text: str, seed: int) -> None:
    example = complete.example(text, random.Random(seed))
    assert example is not None
    _, prefix, _, suffix, _ = example.prompt.pieces
    middle, end = example.target
    assert isinstance(prefix, str)
    assert isinstance(middle, str)
    assert isinstance(suffix, str)
    assert prefix + middle + suffix == text
    assert 0 < len(middle) <= 240
    assert end is Control.END


def test_most_middles_end_where_a_line_does() -> None:
    text = "first line\nsecond line\nthird line\nfourth line\n"
    ends = []
    for seed in range(400):
        example = complete.example(text, random.Random(seed))
        assert example is not None
        suffix = example.prompt.pieces[3]
        assert isinstance(suffix, str)
        ends.append(suffix == "" or suffix.startswith("\n"))
    assert 0.85 < sum(ends) / len(ends) < 0.99


def test_too_short_a_text_gives_no_example() -> None:
    assert complete.example("x = 1", random.Random(0)) is None


@pytest.mark.parametrize(
    ("given", "suffix", "wanted"),
    [
        ("a, b)", ")\n", "a, b"),
        ("a, b", ")\n", "a, b"),
        ("a)\nb)", ")\n", "a)\nb)"),
        ("a", "", "a"),
    ],
)
def test_parse_leaves_out_what_stands_after_the_cursor(given: str, suffix: str, wanted: str) -> None:
    assert complete.parse(given, suffix) == wanted


def test_metrics_count_exact_matches() -> None:
    assert complete.metrics(["a ", "b"], ["a", "c"]) == {"exact_match": 0.5}
    assert complete.metrics([], []) == {"exact_match": 0.0}
