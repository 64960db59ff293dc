"""Scores of one label over lines, counted with the weights of sampled windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckScore:
    """One label on held-out lines. `support` lines were seen with it; `rate` is its estimated share of all lines.

    `average_precision` needs no threshold; a judge that guesses has an average precision of `rate`.
    """

    label: str
    precision: float
    recall: float
    f1: float
    average_precision: float
    rate: float
    support: int
    fires: bool


def score(label: str, probabilities: Tensor, wanted: Tensor, weights: Tensor, threshold: float) -> CheckScore:
    """The score of one label: `probabilities`, `wanted` (0 or 1) and `weights` are (N,)."""
    given, truth, mass = probabilities >= threshold, wanted.bool(), weights.double()
    hits = float(mass[given & truth].sum())
    claimed, support = float(mass[given].sum()), float(mass[truth].sum())
    precision = hits / claimed if claimed else 0.0
    recall = hits / support if support else 0.0
    return CheckScore(
        label=label,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if hits else 0.0,
        average_precision=average_precision(probabilities, wanted, weights),
        rate=support / float(mass.sum()),
        support=int(truth.sum()),
        fires=threshold <= 1.0,
    )


def average_precision(scores: Tensor, wanted: Tensor, weights: Tensor) -> float:
    """The sum over cuts n of (R_n - R_{n-1}) P_n, the area under precision over recall; 0 without positives."""
    order = torch.argsort(scores, descending=True, stable=True)
    found, mass = scores[order], weights[order].double()
    positive = mass * wanted[order].bool()
    total = positive.sum()
    if total <= 0:
        return 0.0
    last = torch.ones_like(found, dtype=torch.bool)
    last[:-1] = found[1:] < found[:-1]
    hits, claimed = torch.cumsum(positive, 0)[last], torch.cumsum(mass, 0)[last]
    gained = torch.diff(hits, prepend=torch.zeros(1, dtype=hits.dtype))
    return float((gained * hits / claimed).sum() / total)
