"""Affine maps on hidden states, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.heads import Head


def floats(*numbers: float) -> NDArray[np.float32]:
    return np.array(numbers, dtype=np.float32)


def head(**changes: NDArray[np.float32]) -> Head:
    arrays = {
        "weight": floats(1, 0, 0, 2).reshape(2, 2),
        "bias": floats(0, -1),
        "temperature": floats(1, 2),
        "threshold": floats(0.5, 0.5),
    }
    return Head(task="quality", labels=("a", "b"), **(arrays | changes))


def test_probabilities_are_the_sigmoid_of_the_calibrated_logits() -> None:
    states = floats(0, 0.5, 3, 1).reshape(2, 2)
    assert head().logits(states).tolist() == [[0.0, 0.0], [3.0, 0.5]]
    assert head().probabilities(states)[0].tolist() == [0.5, 0.5]
    assert head().probabilities(states)[1] == pytest.approx([0.952574, 0.622459], abs=1e-6)


def test_extreme_logits_stay_probabilities() -> None:
    probabilities = head().probabilities(floats(-1e6, 1e6).reshape(1, 2))
    assert np.isfinite(probabilities).all()
    assert probabilities[0] == pytest.approx([0.0, 1.0])


def test_no_tokens_no_rows() -> None:
    assert head().probabilities(np.empty((0, 2), dtype=np.float32)).shape == (0, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"weight": floats(1, 2)},
        {"weight": floats(1, 2, 3).reshape(3, 1)},
        {"bias": floats(1)},
        {"threshold": floats(1, 1, 1)},
        {"temperature": floats(1, 0)},
        {"temperature": floats(1, -1)},
    ],
)
def test_arrays_that_do_not_match_are_refused(changes: dict[str, NDArray[np.float32]]) -> None:
    with pytest.raises(ValueError, match="head quality"):
        head(**changes)
