"""Which token speaks for a line.

A causal model has seen a whole line only at the token that carries the line's last byte (its newline, or the file's
last byte). Heads read the hidden state there. One token may end several lines ("\\n\\n"). Byte-level BPE makes this
exact: each token is a run of bytes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate


def line_ends(text: bytes) -> list[int]:
    """For each line, the offset just after its last byte (newline included). Empty text has no lines."""
    ends = [offset + 1 for offset, byte in enumerate(text) if byte == 0x0A]
    if text and (not ends or ends[-1] != len(text)):
        ends.append(len(text))
    return ends


def last_tokens(token_lengths: Sequence[int], text: bytes) -> list[int]:
    """For each line of `text`, the index of the token that carries its last byte.

    `token_lengths[i]` is the number of bytes of token `i`; their sum must be `len(text)`, else `ValueError`.
    """
    token_ends = list(accumulate(token_lengths))
    if (token_ends[-1] if token_ends else 0) != len(text):
        raise ValueError("the tokens do not spell the text")
    return [bisect_left(token_ends, end) for end in line_ends(text)]


def windows(last_token: Sequence[int], max_tokens: int) -> list[tuple[int, int]]:
    """Cut lines into runs `[first, end)` of at most `max_tokens` tokens, at line borders.

    A single line longer than the window gets a run of its own, with the lines that end at the same token; the caller
    cuts the front off.
    """
    runs: list[tuple[int, int]] = []
    first, start_token = 0, 0
    for line, token in enumerate(last_token):
        if token - start_token + 1 > max_tokens and line > first and token != last_token[line - 1]:
            runs.append((first, line))
            first, start_token = line, last_token[line - 1] + 1
    if last_token:
        runs.append((first, len(last_token)))
    return runs
