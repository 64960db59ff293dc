"""Judgement by line: code -> for each line and each check, the probability that the check fires there.

A label is "tool:check" ("ruff:F401", "bandit:B110"). The head is an affine map on the hidden state of the line's last
token (`tasks/lines.py`); calibration (temperature, threshold) travels with it. Metrics are per label, on lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.lines import last_tokens
from tasks.lines import windows as line_windows
from tasks.record import Record
from tasks.task import LabelledLines, Prompt
from tasks.tokens import Control

#: Tokens of code that a model judges at once, unless its file says otherwise (`coder.window_tokens`).
WINDOW_TOKENS = 512


def prompt(code: str) -> Prompt:
    """What the model sees to judge `code`: the judge mark, then the code."""
    return Prompt((Control.JUDGE, code))


def example(record: Record) -> LabelledLines:
    """The prompt of a record's content, with its labels by line."""
    labels = {line: frozenset(names) for line, names in record.labels.items()}
    return LabelledLines(prompt(record.content), labels)


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole lines that the model judges at once.

    `first_line` is 0-based; `tokens` are the code's alone, the model sees `(JUDGE, *tokens)`; `positions[i]` indexes
    `tokens` at the last token of line `first_line + i`, so that line's hidden state is number `positions[i] + 1`.
    """

    first_line: int
    tokens: tuple[int, ...]
    positions: tuple[int, ...]


def windows(
    tokens: Sequence[int], token_lengths: Sequence[int], text: bytes, max_tokens: int = WINDOW_TOKENS
) -> list[Window]:
    """Cut a file, tokenised once as a whole, into windows of at most `max_tokens` tokens at line borders.

    `token_lengths[i]` is the number of bytes of `tokens[i]`; raises `ValueError` when they do not add up to `text`. Of
    a line that is longer than a window, the tail is kept. Training, export and serving all cut here.
    """
    ends = last_tokens(token_lengths, text)
    return [_window(tokens, ends, first, end, max_tokens) for first, end in line_windows(ends, max_tokens)]


def _window(tokens: Sequence[int], ends: Sequence[int], first: int, end: int, max_tokens: int) -> Window:
    stop = ends[end - 1] + 1
    start = max(ends[first - 1] + 1 if first else 0, stop - max_tokens)
    return Window(first, tuple(tokens[start:stop]), tuple(token - start for token in ends[first:end]))


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Precision, recall and F1 of one label over lines; `support` is how often the tool fired."""

    precision: float
    recall: float
    f1: float
    support: int


Lines = Sequence[frozenset[str]]


def metrics(predictions: Lines, references: Lines, labels: Sequence[str]) -> Mapping[str, LabelScore]:
    """One score a label. `predictions[i]` and `references[i]` are the labels of the same line."""
    return {label: _score(label, predictions, references) for label in labels}


def _score(label: str, predictions: Lines, references: Lines) -> LabelScore:
    pairs = [(label in given, label in wanted) for given, wanted in zip(predictions, references, strict=True)]
    hits = sum(given and wanted for given, wanted in pairs)
    claimed = sum(given for given, _ in pairs)
    support = sum(wanted for _, wanted in pairs)
    precision = hits / claimed if claimed else 0.0
    recall = hits / support if support else 0.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return LabelScore(precision, recall, f1, support)
