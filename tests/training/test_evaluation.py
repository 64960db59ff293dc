"""Fitting, calibration and scores against numbers that can be worked out."""

from __future__ import annotations

import pytest
import torch

from training.evaluation.calibration import NEVER, best_threshold, calibrate, platt
from training.evaluation.features import LineFeatures
from training.evaluation.fitting import fit_head
from training.evaluation.scores import average_precision, score


def test_a_fitted_head_separates_and_acts_on_raw_states() -> None:
    torch.manual_seed(0)
    states = torch.randn(400, 5) * torch.tensor([1.0, 10.0, 0.1, 1.0, 1.0]) + 3
    labels = torch.stack([states[:, 1] > 3, states[:, 2] > 3.05], dim=1).float()
    weight, bias = fit_head(LineFeatures(states, labels, torch.ones(400)), ridge=1e-4)
    given = (states @ weight.T + bias > 0).float()
    assert (given == labels).float().mean() > 0.98


def test_platt_finds_the_slope_and_offset_that_made_the_labels() -> None:
    torch.manual_seed(0)
    logits = torch.randn(40_000) * 2
    labels = (torch.rand(40_000) < torch.sigmoid(0.5 * logits - 1)).float()
    slope, offset = platt(logits, labels, torch.ones(40_000))
    assert slope == pytest.approx(0.5, abs=0.03)
    assert offset == pytest.approx(-1.0, abs=0.05)


def test_weights_move_probabilities_to_whole_files() -> None:
    # Half of the sampled lines hold, but each line that does not stands for nine.
    labels = torch.tensor([1.0, 0.0] * 50)
    weights = torch.tensor([1.0, 9.0] * 50)
    slope, offset = platt(torch.zeros(100), labels, weights)
    assert torch.sigmoid(torch.tensor(offset)).item() == pytest.approx(0.1, abs=1e-3)
    assert slope > 0


def test_the_threshold_has_the_best_f1_and_lies_between_two_probabilities() -> None:
    probabilities, labels = torch.tensor([0.9, 0.8, 0.6, 0.3]), torch.tensor([1.0, 1.0, 0.0, 1.0])
    # Cut after 2: P 1, R 2/3, F1 0.8. After 4: P 3/4, R 1, F1 0.857.
    assert best_threshold(probabilities, labels, torch.ones(4), 0.5) == pytest.approx(0.15)
    assert best_threshold(probabilities, labels, torch.ones(4), 0.9) == pytest.approx(0.7)
    assert best_threshold(probabilities, 1 - labels, torch.ones(4), 0.9) == NEVER


def test_equal_probabilities_are_never_cut_apart() -> None:
    probabilities, labels = torch.tensor([0.5, 0.5, 0.1]), torch.tensor([1.0, 0.0, 0.0])
    assert best_threshold(probabilities, labels, torch.ones(3), 0.6) == NEVER
    assert best_threshold(probabilities, labels, torch.ones(3), 0.5) == pytest.approx(0.3)


def test_a_label_that_never_holds_never_fires() -> None:
    found = calibrate(torch.randn(20, 2), torch.tensor([[1.0, 0.0], [0.0, 0.0]] * 10), torch.ones(20), 0.0)
    assert found.fires == [True, False]
    assert found.temperature[1] == 1.0


def test_scores_count_with_weights() -> None:
    probabilities, wanted = torch.tensor([0.9, 0.8, 0.2, 0.1]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    found = score("x", probabilities, wanted, torch.tensor([1.0, 3.0, 1.0, 5.0]), threshold=0.5)
    assert (found.precision, found.recall, found.support, found.rate) == (0.25, 0.5, 2, 0.2)
    assert found.f1 == pytest.approx(1 / 3)
    # (1/2)(1/1) + (1/2)(2/5)
    assert found.average_precision == pytest.approx(0.7)


def test_average_precision_of_guessing_is_the_rate() -> None:
    assert average_precision(torch.zeros(10), torch.tensor([1.0] * 3 + [0.0] * 7), torch.ones(10)) == pytest.approx(0.3)
    assert average_precision(torch.rand(5), torch.zeros(5), torch.ones(5)) == 0.0
