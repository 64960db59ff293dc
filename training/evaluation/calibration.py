"""From raw head logits to probabilities that mean what they say, and thresholds worth acting on.

Platt 1999: on held-out lines, p = sigmoid(a z + c). Serving computes sigmoid((z + shift) / temperature), so
temperature = 1 / a and shift = c / a, which goes into the head's bias. The weights of sampled windows enter, so the
probabilities are those of whole files. The threshold is the one with the best F1 among those precise enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

#: No probability reaches this: the label never fires.
NEVER = 2.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """All (L,): `shift` is added to the bias; `fires[k]` is false when no threshold of label k was precise enough."""

    shift: Tensor
    temperature: Tensor
    threshold: Tensor

    @property
    def fires(self) -> list[bool]:
        """Whether each label can ever be found."""
        return [value <= 1.0 for value in self.threshold.tolist()]


def calibrate(logits: Tensor, labels: Tensor, weights: Tensor, min_precision: float) -> Calibration:
    """Fit every label on its own; a label that never holds here keeps its logits and never fires."""
    fits = [_label(logits, labels, weights, min_precision) for logits, labels in zip(logits.T, labels.T, strict=True)]
    shift, temperature, threshold = (torch.tensor(column) for column in zip(*fits, strict=True))
    return Calibration(shift, temperature, threshold)


def _label(logits: Tensor, labels: Tensor, weights: Tensor, min_precision: float) -> tuple[float, float, float]:
    if not labels.any():
        return 0.0, 1.0, NEVER
    slope, offset = platt(logits, labels, weights)
    probabilities = torch.sigmoid(slope * logits + offset)
    return offset / slope, 1.0 / slope, best_threshold(probabilities, labels, weights, min_precision)


def platt(logits: Tensor, labels: Tensor, weights: Tensor) -> tuple[float, float]:
    """Slope a > 0 and offset c that minimise the weighted cross-entropy of sigmoid(a z + c), pulled weakly to a = 1."""
    parameters = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # log a, c
    inputs, wanted, scale = logits.double(), labels.double(), weights.double() / weights.double().sum()
    solver = torch.optim.LBFGS([parameters], max_iter=100, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        solver.zero_grad()
        fitted = parameters[0].exp() * inputs + parameters[1]
        loss = functional.binary_cross_entropy_with_logits(fitted, wanted, weight=scale, reduction="sum")
        loss = loss + 1e-4 * parameters[0].square()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(objective)  # type: ignore[no-untyped-call]
    log_slope, offset = parameters.detach().tolist()
    return float(torch.tensor(log_slope).clamp(-3.0, 3.0).exp()), offset


def best_threshold(probabilities: Tensor, labels: Tensor, weights: Tensor, min_precision: float) -> float:
    """The probability from which on F1 is best while precision is at least `min_precision`; `NEVER` when there is none.

    It lies halfway down to the next smaller probability, so that rounding in serving does not undo it.
    """
    order = torch.argsort(probabilities, descending=True, stable=True)
    found, wanted, mass = probabilities[order], labels[order].bool(), weights[order].double()
    hits = torch.cumsum(mass * wanted, 0)
    claimed = torch.cumsum(mass, 0)
    precision = hits / claimed
    f1 = 2 * hits / (claimed + (mass * wanted).sum())
    # Lines of equal probability fire together: only the last of a run is a place to cut.
    last = torch.ones_like(wanted)
    last[:-1] = found[1:] < found[:-1]
    f1 = torch.where(last & (precision >= min_precision), f1, torch.zeros_like(f1))
    best = int(torch.argmax(f1))
    if f1[best] <= 0:
        return NEVER
    below = found[best + 1] if best + 1 < len(found) else torch.zeros(())
    return float((found[best] + below) / 2)
