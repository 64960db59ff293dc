"""The model's own findings: its "quality" head, read at the last token of every line.

The windows are those of training (`tasks/quality.py`). It does not know which engine answers, nor who shows the
findings.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference.engine.engine import Engine, ModelInfo
from inference.heads import Head
from languages.errors import CoderError
from languages.finding import Finding
from languages.linters.catalogue import describe
from languages.positions import TextLines
from tasks.quality import Window, windows
from tasks.tokens import Control

#: The head that this file reads.
TASK = "quality"


def can_judge(info: ModelInfo) -> bool:
    """True when the model has the head and the control token that judgement needs."""
    return TASK in info.heads and info.controls.get(Control.JUDGE) is not None


def judge(engine: Engine, path: str, text: str) -> list[Finding]:
    """What the model thinks is wrong in `text`, in order of lines; empty when the model cannot judge.

    Raises `CoderError` with code `tokens_do_not_spell` when the model's tokens lose characters of the text.
    """
    head = engine.info.heads.get(TASK)
    mark = engine.info.controls.get(Control.JUDGE)
    if head is None or mark is None or not text:
        return []
    lines = TextLines(text)
    found = (hit for window in _windows(engine, path, text) for hit in _hits(engine, head, mark, window))
    return [_finding(path, lines, line, label, probability) for line, label, probability in found]


def _windows(engine: Engine, path: str, text: str) -> list[Window]:
    source = text.encode()
    tokens = engine.tokenize(text)
    pieces = [engine.token_bytes(token) for token in tokens]
    if b"".join(pieces) != source:
        raise CoderError(
            f"the model's tokens do not spell {path}, so it cannot be judged; use a model with a byte-level vocabulary",
            code="tokens_do_not_spell",
        )
    size = min(engine.info.window_tokens, engine.info.context_length - 1)
    return windows(tokens, [len(piece) for piece in pieces], source, size)


def _hits(engine: Engine, head: Head, mark: int, window: Window) -> Iterator[tuple[int, str, float]]:
    """(0-based line, label, probability) where the head reaches its threshold."""
    states = engine.hidden_states((mark, *window.tokens))
    at_lines = states[np.asarray(window.positions) + 1]
    probabilities = head.probabilities(at_lines)
    for row, column in np.argwhere(probabilities >= head.threshold):
        yield window.first_line + int(row), head.labels[column], float(probabilities[row, column])


def _finding(path: str, lines: TextLines, line: int, label: str, probability: float) -> Finding:
    tool, _, check = label.rpartition(":")
    description = describe(label)
    rule = f"{tool} {check}".strip()
    return Finding(
        path=path,
        range=lines.without_indentation(line),
        check=check,
        category="security" if tool == "bandit" else "quality",
        severity="warning" if tool == "bandit" else "info",
        message=f"likely {rule}" if description is None else f"likely {description.name} ({rule})",
        source="coder",
        confidence=probability,
        url=None if description is None else description.url,
    )
