from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.assistant.judge import can_judge, judge
from inference.engine.engine import Priority
from inference.engine.scripted import INFO, ScriptedEngine
from inference.heads import Head
from languages.errors import CoderError
from languages.finding import Position, Range
from tasks.tokens import Control, ControlIds
from tests.tools import require_tool

MARK = 300
CONTROLS = ControlIds({Control.JUDGE: MARK})


def head(*labels: str, threshold: float = 0.5) -> Head:
    """Label k fires where axis k of the hidden state is 1: its logit is 4 there and -4 elsewhere."""
    weight = np.zeros((len(labels), 8), dtype=np.float32)
    np.fill_diagonal(weight, 8.0)
    ones = np.ones(len(labels), dtype=np.float32)
    return Head("quality", labels, weight, -4 * ones, ones, threshold * ones)


class MarkedLines(ScriptedEngine):
    """Axis 0 is 1 from a "!" to the end of its line, axis 1 from a "?"; `seen` keeps the tokens it was shown."""

    def __init__(
        self, *labels: str, threshold: float = 0.5, context_length: int = 4096, window_tokens: int = 512
    ) -> None:
        super().__init__(info=replace(INFO, context_length=context_length, window_tokens=window_tokens))
        self.with_heads({"quality": head(*labels, threshold=threshold)}, CONTROLS)
        self.seen: list[tuple[int, ...]] = []

    def hidden_states(self, tokens: Sequence[int], *, priority: Priority = Priority.BACKGROUND) -> NDArray[np.float32]:
        self.seen.append(tuple(tokens))
        states = np.zeros((len(tokens), 8), dtype=np.float32)
        current = np.zeros(8, dtype=np.float32)
        for index, token in enumerate(tokens):
            if index and tokens[index - 1] == ord("\n"):
                current = np.zeros(8, dtype=np.float32)
            for axis, sign in enumerate("!?"):
                current[axis] = max(current[axis], token == ord(sign))
            states[index] = current
        return states


def test_a_line_is_judged_at_its_last_token() -> None:
    engine = MarkedLines("ruff:F401", "bandit:B101")
    first, second = judge(engine, "lib/a.py", "x = 1\n    y! = 2  \n\nz?")
    assert (first.range, first.check) == (Range(Position(1, 4), Position(1, 10)), "F401")
    assert (second.range, second.check) == (Range(Position(3, 0), Position(3, 2)), "B101")
    assert first.path == "lib/a.py"
    assert first.source == second.source == "coder"
    assert (first.category, second.category) == ("quality", "security")
    # sigmoid(4)
    assert first.confidence == pytest.approx(0.98201, abs=1e-5)


def test_the_model_sees_the_judge_mark_and_whole_lines() -> None:
    engine = MarkedLines("ruff:F401")
    judge(engine, "a.py", "a\n" * 300)
    assert [seen[0] for seen in engine.seen] == [MARK, MARK]
    assert [len(seen) for seen in engine.seen] == [513, 89]


def test_the_window_of_a_small_model_is_not_exceeded() -> None:
    engine = MarkedLines("ruff:F401", context_length=11)
    findings = judge(engine, "a.py", "abc\n" * 5 + "y = 123456789!\n")
    assert max(len(seen) for seen in engine.seen) == 11
    assert [finding.range.start.line for finding in findings] == [5]


def test_lines_are_right_behind_the_first_window() -> None:
    findings = judge(MarkedLines("ruff:F401"), "a.py", "a\n" * 300 + "b!\n" + "c\n")
    assert [finding.range.start.line for finding in findings] == [300]


def test_the_threshold_decides() -> None:
    assert judge(MarkedLines("ruff:F401", threshold=0.99), "a.py", "!\n") == []
    assert len(judge(MarkedLines("ruff:F401", threshold=0.98), "a.py", "!\n")) == 1


def test_the_message_names_the_rule() -> None:
    require_tool("ruff")
    (finding,) = judge(MarkedLines("ruff:F401"), "a.py", "!\n")
    assert finding.message == "likely unused-import (ruff F401)"
    assert finding.url == "https://docs.astral.sh/ruff/rules/unused-import"


def test_a_label_that_nobody_knows_is_named_as_it_is() -> None:
    (finding,) = judge(MarkedLines("house:R1"), "a.py", "!\n")
    assert (finding.message, finding.url) == ("likely house R1", None)


def test_columns_are_code_points() -> None:
    (finding,) = judge(MarkedLines("ruff:F401"), "a.py", "\té😀!\r\n")
    assert finding.range == Range(Position(0, 1), Position(0, 4))


def test_an_empty_file_has_no_findings() -> None:
    engine = MarkedLines("ruff:F401")
    assert judge(engine, "a.py", "") == []
    assert engine.seen == []


@pytest.mark.parametrize(
    "engine",
    [
        ScriptedEngine(),
        ScriptedEngine().with_heads({}, CONTROLS),
        ScriptedEngine().with_heads({"quality": head("ruff:F401")}, ControlIds({})),
    ],
    ids=["base", "no head", "no mark"],
)
def test_a_model_that_was_not_trained_to_judge_says_nothing(engine: ScriptedEngine) -> None:
    assert not can_judge(engine.info)
    assert judge(engine, "a.py", "!\n") == []


def test_a_model_that_can_judge_says_so() -> None:
    assert can_judge(MarkedLines("ruff:F401").info)


def test_tokens_that_lose_text_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = MarkedLines("ruff:F401")
    monkeypatch.setattr(engine, "tokenize", lambda text: list(text.encode())[1:])
    with pytest.raises(CoderError, match=r"do not spell a\.py"):
        judge(engine, "a.py", "x!\n")


def test_a_model_is_shown_windows_of_the_size_it_was_calibrated_on() -> None:
    engine = MarkedLines("ruff:F401", window_tokens=16)
    findings = judge(engine, "a.py", "x = 1!\n" * 10)
    assert [finding.range.start.line for finding in findings] == list(range(10))
    assert max(len(tokens) for tokens in engine.seen) == 1 + 14
