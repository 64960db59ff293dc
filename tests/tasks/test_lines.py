from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.lines import last_tokens, line_ends, windows


@st.composite
def tokenised(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """A text, and the lengths of tokens that spell it."""
    text = draw(st.text(alphabet="ab\né ", max_size=60)).encode()
    cuts = sorted(draw(st.sets(st.integers(1, len(text) - 1)))) if len(text) > 1 else []
    borders = [0, *cuts, len(text)] if text else [0]
    return text, [end - start for start, end in pairwise(borders)]


def test_a_line_ends_after_its_newline_or_at_the_end_of_the_file() -> None:
    assert line_ends(b"a\nbc\n\nd") == [2, 5, 6, 7]
    assert line_ends(b"a\n") == [2]
    assert line_ends(b"") == []


def test_one_token_may_end_several_lines() -> None:
    # "a", "\n\n", "b" spell "a\n\nb": the second token ends lines 0 and 1.
    assert last_tokens([1, 2, 1], b"a\n\nb") == [1, 1, 2]


def test_tokens_that_do_not_spell_the_text_are_refused() -> None:
    with pytest.raises(ValueError, match="do not spell"):
        last_tokens([1, 1], b"abc")
    with pytest.raises(ValueError, match="do not spell"):
        last_tokens([], b"a")


@given(tokenised())
def test_the_last_token_of_a_line_carries_its_last_byte(case: tuple[bytes, list[int]]) -> None:
    text, lengths = case
    ends = list(accumulate(lengths))
    found = last_tokens(lengths, text)
    assert len(found) == len(line_ends(text))
    for token, end in zip(found, line_ends(text), strict=True):
        assert ends[token] - lengths[token] < end <= ends[token]


@given(tokenised(), st.integers(1, 9))
def test_windows_cover_every_line_once_and_in_order(case: tuple[bytes, list[int]], size: int) -> None:
    text, lengths = case
    last = last_tokens(lengths, text)
    runs = windows(last, size)
    assert [line for first, end in runs for line in range(first, end)] == list(range(len(last)))


@given(tokenised(), st.integers(1, 9))
def test_a_window_is_too_long_only_when_it_ends_one_token(case: tuple[bytes, list[int]], size: int) -> None:
    text, lengths = case
    last = last_tokens(lengths, text)
    for first, end in windows(last, size):
        start = last[first - 1] + 1 if first else 0
        fits = last[end - 1] - start + 1 <= size
        assert fits or len(set(last[first:end])) == 1


def test_lines_that_share_a_token_stay_together_behind_an_overlong_line() -> None:
    # Lines 0 and 1 end at token 5; the window holds 3 tokens, so the run is cut in front, not between them.
    assert windows([5, 5, 7], 3) == [(0, 2), (2, 3)]
