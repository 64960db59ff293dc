"""Micro-batches as tensors, and the loss of one: the meeting point of examples, model and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.examples import LabelledWindow, TextExample, TrainingExample
from training.losses import causal_lm_loss_sum, head_loss_sum
from training.model import TrainingModel

#: The name of the label task, as in `coder.json`.
QUALITY = "quality"
COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Batch:
    """One micro-batch of one task: `rows`, `columns` (N,) choose states; `targets` are ids (N,) or labels (N, L)."""

    task: str
    tokens: Tensor
    rows: Tensor
    columns: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on `device`."""
        parts = (part.to(device) for part in (self.tokens, self.rows, self.columns, self.targets))
        return Batch(self.task, *parts)


def collate(examples: Sequence[TrainingExample], labels: int) -> Batch:
    """Examples of one kind as a batch, padded on the right with 0, which no chosen position ever sees."""
    tokens = torch.zeros(len(examples), max(len(example.tokens) for example in examples), dtype=torch.long)
    places: list[tuple[int, int]] = []
    targets: list[Tensor] = []
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = torch.tensor(example.tokens)
        positions, wanted = _wanted(example, labels)
        places += [(row, position) for position in positions]
        targets.append(wanted)
    where = torch.tensor(places, dtype=torch.long).reshape(-1, 2)
    task = COMPLETE if isinstance(examples[0], TextExample) else QUALITY
    return Batch(task, tokens, where[:, 0], where[:, 1], torch.cat(targets))


def _wanted(example: TrainingExample, labels: int) -> tuple[Sequence[int], Tensor]:
    """The positions whose hidden states count, and what they should say."""
    if isinstance(example, TextExample):
        return range(example.target - 1, len(example.tokens) - 1), torch.tensor(example.tokens[example.target :])
    return example.positions, label_matrix(example, labels)


def label_matrix(window: LabelledWindow, labels: int) -> Tensor:
    """The labels of a window's lines, (lines, L) of 0 and 1."""
    matrix = torch.zeros(len(window.labels), labels)
    for line, names in enumerate(window.labels):
        matrix[line, sorted(names)] = 1.0
    return matrix


def chosen_states(model: TrainingModel, batch: Batch) -> Tensor:
    """The hidden states (N, H) that the batch's targets are about."""
    return model.hidden_states(batch.tokens)[batch.rows, batch.columns]


def loss_sum(model: TrainingModel, batch: Batch, positive_weight: Tensor) -> Tensor:
    """The batch's summed loss; the caller divides by the whole step's count of this task."""
    states = chosen_states(model, batch)
    if batch.task == COMPLETE:
        return causal_lm_loss_sum(model.token_logits(states), batch.targets)
    return head_loss_sum(model.head_logits(QUALITY, states), batch.targets, positive_weight)
