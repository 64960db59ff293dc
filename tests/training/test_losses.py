"""Losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.losses import causal_lm_loss_sum, head_loss_sum, positive_weights
from training.schedule import rate_factor


def test_causal_loss_is_the_sum_of_negative_log_probabilities() -> None:
    # softmax(0, ln 3) = (1/4, 3/4); softmax(0, 0) = (1/2, 1/2).
    logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])
    loss = causal_lm_loss_sum(logits, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx(math.log(4 / 3) + math.log(2))


def test_head_loss_weights_positives_and_averages_over_labels() -> None:
    # sigmoid(ln 3) = 3/4, sigmoid(0) = 1/2. Label 0 holds with weight 2, label 1 does not hold.
    logits = torch.tensor([[math.log(3), 0.0]])
    loss = head_loss_sum(logits, torch.tensor([[1.0, 0.0]]), torch.tensor([2.0, 5.0]))
    assert loss.item() == pytest.approx((2 * math.log(4 / 3) + math.log(2)) / 2)


def test_head_loss_adds_over_lines() -> None:
    logits, labels, weight = torch.randn(6, 3), torch.randint(0, 2, (6, 3)), torch.ones(3)
    parts = head_loss_sum(logits[:2], labels[:2], weight) + head_loss_sum(logits[2:], labels[2:], weight)
    torch.testing.assert_close(head_loss_sum(logits, labels, weight), parts)


def test_positive_weights_are_square_roots_of_odds_within_bounds() -> None:
    # 100 lines: support 10 -> sqrt(9); 60 -> below 1, so 1; 0 and 1 -> the limit.
    found = positive_weights(torch.tensor([10, 60, 0, 1]), 100, limit=5.0)
    assert found.tolist() == pytest.approx([3.0, 1.0, 5.0, 5.0])


def test_the_rate_rises_then_falls_as_a_cosine() -> None:
    factors = [rate_factor(step, 11, warmup=2 / 11, final=0.1) for step in range(11)]
    assert factors[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert factors[6] == pytest.approx(0.55)
    assert factors[-1] == pytest.approx(0.1)
