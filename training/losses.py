"""The losses, as sums over a micro-batch, and the weights that balance rare labels.

A step's loss is a sum over all its micro-batches and processes divided by ONE count for the whole step, so that
splitting a batch never changes the loss (a mean of means would). These are pure functions; they know no models.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def causal_lm_loss_sum(logits: Tensor, targets: Tensor) -> Tensor:
    """The sum of -log softmax(logits_n)[target_n] over N target tokens, in nats, computed in float32.

    Divide by the number of target tokens of the whole step. `logits[n]` must come from the position before target n.
    """
    return functional.cross_entropy(logits.float(), targets, reduction="sum")


def head_loss_sum(logits: Tensor, labels: Tensor, positive_weight: Tensor) -> Tensor:
    """The sum over N lines of the mean over L labels of the weighted binary cross-entropy.

    For p = sigmoid(logit), label y in {0, 1} and weight w: -(w y log p + (1 - y) log(1 - p)). Divide by the number of
    lines of the whole step.
    """
    losses = functional.binary_cross_entropy_with_logits(
        logits.float(), labels.float(), pos_weight=positive_weight, reduction="none"
    )
    return losses.mean(dim=1).sum()


def positive_weights(support: Tensor, lines: int, limit: float = 10.0) -> Tensor:
    """w = clip(sqrt((lines - support) / support), 1, limit): rare labels count more, but not without bound."""
    odds = (lines - support.float()) / support.float().clamp(min=1.0)
    return odds.clamp(min=1.0).sqrt().clamp(max=limit)
