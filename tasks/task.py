"""`Prompt`, `Example` and the two kinds of task.

A prompt is a sequence of pieces: text, and control tokens. Text is never parsed for special tokens, so what a user
writes cannot become one. Training examples and serving prompts of a task are written by the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tasks.tokens import Control, ControlIds

Piece = str | Control
#: Text to vocabulary ids, special tokens not parsed, nothing added.
Tokenize = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model sees, and the strings at which it shall stop."""

    pieces: tuple[Piece, ...]
    stop: tuple[str, ...] = ()

    def token_ids(self, tokenize: Tokenize, controls: ControlIds) -> list[int]:
        """Vocabulary ids; raises `TaskError` when the model lacks a control token that the prompt needs."""
        ids: list[int] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                ids.extend(tokenize(piece))
                continue
            control_id = controls.get(piece)
            if control_id is None:
                raise TaskError(f"this model has no {piece.value} token, so it was not trained for this task")
            ids.append(control_id)
        return ids


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and the text that the model should give after it (text tasks)."""

    prompt: Prompt
    target: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class LabelledLines:
    """A prompt whose last piece is code, and the labels of that code's lines (label tasks).

    `labels[i]` are the label names that hold on 0-based line `i`; lines that are not there have none.
    """

    prompt: Prompt
    labels: Mapping[int, frozenset[str]]


class TaskError(Exception):
    """The model's text is not what the task asks for, or the model cannot do the task. The message is a sentence."""


def tokens_of(pieces: Sequence[Piece], tokenize: Tokenize, controls: ControlIds) -> list[int]:
    """The vocabulary ids of `pieces`; see `Prompt.token_ids`."""
    return Prompt(tuple(pieces)).token_ids(tokenize, controls)
