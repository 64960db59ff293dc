"""Hidden states at line ends, with the labels of those lines: what a head is fitted to and judged on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.batches import chosen_states, collate
from training.examples import LabelledWindow
from training.model import TrainingModel

_WINDOWS_A_BATCH = 4


@dataclass(frozen=True, slots=True)
class LineFeatures:
    """N lines: `states` (N, H) float32, `labels` (N, L) of 0 and 1, `weights` (N,): how many lines each stands for."""

    states: Tensor
    labels: Tensor
    weights: Tensor


def line_features(
    model: TrainingModel,
    windows: Sequence[LabelledWindow],
    labels: int,
    *,
    device: torch.device,
    seconds: float = 0.0,
    advance: Callable[[int], None] = lambda tokens: None,
) -> LineFeatures:
    """Run the model over windows without gradients; `advance` is told the tokens just done.

    With `seconds`, it stops after the batch in which they are over. Windows must be in random order then, so that
    those it read are a fair part of all.
    """
    model.eval()
    started = time.monotonic()
    states, wanted, weights = [], [], []
    for start in range(0, len(windows), _WINDOWS_A_BATCH):
        batch_windows = windows[start : start + _WINDOWS_A_BATCH]
        batch = collate(batch_windows, labels).to(device)
        with torch.inference_mode():
            states.append(chosen_states(model, batch).cpu().clone())
        wanted.append(batch.targets.cpu())
        for window in batch_windows:
            weights += [window.weight] * len(window.positions)
        advance(batch.tokens.numel())
        if seconds and time.monotonic() - started > seconds:
            break
    return LineFeatures(torch.cat(states), torch.cat(wanted), torch.tensor(weights))
