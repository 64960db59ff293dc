"""After the backbone is trained: fit the quality head, calibrate it on dev files, score it on test files."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from export.progress import progress_bar
from inference.heads import Head
from tasks.record import Record
from training.batches import QUALITY
from training.evaluation.calibration import Calibration, calibrate
from training.evaluation.features import LineFeatures, line_features
from training.evaluation.fitting import fit_head
from training.evaluation.scores import CheckScore, score
from training.examples import labelled_windows
from training.model import TrainingModel
from training.recipe import Recipe
from training.sampling import sample
from training.tokens import CodeTokenizer

#: How the time limit is shared between fitting, calibration and test.
_TIME = {"train": 0.5, "dev": 0.25, "test": 0.25}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A fitted, calibrated head, its scores on test files, and how many lines each split gave."""

    head: Head
    scores: tuple[CheckScore, ...]
    lines: Mapping[str, int]


def judge(
    model: TrainingModel,
    splits: Mapping[str, Sequence[Record]],
    labels: tuple[str, ...],
    recipe: Recipe,
    tokenizer: CodeTokenizer,
    device: torch.device,
) -> Judgement:
    """Read hidden states of the three splits, then fit, calibrate and score."""
    quality = recipe.quality
    budgets = {"train": quality.fit_tokens, "dev": quality.calibration_tokens, "test": recipe.evaluation.quality_tokens}
    features = {}
    for split, tokens in budgets.items():
        size = quality.fit_window_tokens if split == "train" else quality.window_tokens
        rng = random.Random(f"{recipe.seed}/judge/{split}")
        windows = sample(labelled_windows(splits[split], labels, tokenizer, size), tokens, rng)
        seconds = quality.time_limit_minutes * 60 * _TIME[split]
        with progress_bar(f"Reading lines of {split} files", tokens) as advance:
            features[split] = line_features(
                model, windows, len(labels), device=device, seconds=seconds, advance=advance
            )
    weight, bias = fit_head(features["train"], quality.ridge)
    dev = features["dev"]
    calibration = calibrate(dev.states @ weight.T + bias, dev.labels, dev.weights, quality.min_precision)
    head = _head(labels, weight, bias, calibration)
    lines = {split: len(found.weights) for split, found in features.items()}
    return Judgement(head, _scores(head, features["test"]), lines)


def _head(labels: tuple[str, ...], weight: torch.Tensor, bias: torch.Tensor, calibration: Calibration) -> Head:
    arrays = (weight, bias + calibration.shift, calibration.temperature, calibration.threshold)
    return Head(QUALITY, labels, *(part.float().numpy() for part in arrays))


def _scores(head: Head, features: LineFeatures) -> tuple[CheckScore, ...]:
    probabilities = torch.from_numpy(head.probabilities(features.states.numpy()))
    return tuple(
        score(label, probabilities[:, index], features.labels[:, index], features.weights, float(head.threshold[index]))
        for index, label in enumerate(head.labels)
    )
