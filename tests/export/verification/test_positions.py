"""Counting equal positions, near ties and differences."""

from __future__ import annotations

import numpy as np

from export.verification.positions import NEAR_TIE, Agreement, Window

WINDOW = Window("a.py", (1, 2, 3))


def test_equal_near_and_different_are_counted_apart() -> None:
    reference = np.array([[1.0, 0.0], [1.0, 1.0 - NEAR_TIE / 2], [1.0, 0.5]], dtype=np.float32)
    candidate = np.array([[0.9, 0.1], [1.0, 1.1], [0.4, 0.5]], dtype=np.float32)
    agreement = Agreement()
    agreement.add(WINDOW, reference, candidate)
    assert (agreement.equal, agreement.near_ties, agreement.different) == (1, 1, 1)
    assert agreement.first == "a.py, position 2: torch 0, GGUF 1, 0.5000 apart"
    row = agreement.row("argmax", at_least=1.0)
    assert row.passed is False
    assert "1 near ties" in row.result


def test_near_ties_alone_pass_and_are_shown() -> None:
    agreement = Agreement(equal=9, near_ties=1)
    row = agreement.row("argmax", at_least=1.0)
    assert row.passed is True
    assert "9 equal, 1 near ties (100.00%)" in row.result


def test_without_a_limit_nothing_is_judged() -> None:
    assert Agreement(equal=1, different=9).row("argmax", at_least=None).passed is None
