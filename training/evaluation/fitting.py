"""A head as regularised logistic regression on fixed hidden states, solved to convergence.

Stochastic steps leave a linear head half-trained; with the states cached, the convex problem takes seconds. The
result is an affine map on the raw hidden state, as serving wants it. L-BFGS: Liu and Nocedal 1989.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.evaluation.features import LineFeatures


def fit_head(features: LineFeatures, ridge: float, iterations: int = 200) -> tuple[Tensor, Tensor]:
    """Weight (L, H) and bias (L,) that minimise mean cross-entropy + ridge / 2 |W'|^2 on standardised states.

    W' acts on (h - mean) / deviation; standardisation is folded into the result: W = W' / deviation, b = b' - W mean.
    """
    mean = features.states.mean(dim=0)
    deviation = features.states.std(dim=0).clamp(min=1e-6)
    inputs = (features.states - mean) / deviation
    labels = features.labels
    weight = torch.zeros(labels.shape[1], inputs.shape[1], requires_grad=True)
    bias = torch.logit(labels.mean(dim=0).clamp(1e-4, 1 - 1e-4)).requires_grad_()
    solver = torch.optim.LBFGS([weight, bias], max_iter=iterations, history_size=20, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        solver.zero_grad()
        entropy = functional.binary_cross_entropy_with_logits(inputs @ weight.T + bias, labels, reduction="none")
        loss = entropy.mean(dim=0).sum() + ridge / 2 * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(objective)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        folded = weight / deviation
        return folded, bias - folded @ mean
