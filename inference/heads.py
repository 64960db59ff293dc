"""Heads: judgement as affine maps on a token's final-norm hidden state.

For hidden state h of shape (H,), the probability of label k is sigmoid((W_k . h + b_k) / T_k); it counts as found when
it reaches threshold_k. A head travels in GGUF metadata as
`coder.head.<task>.{labels,weight,bias,temperature,threshold}`, weight flattened row by row. This file needs numpy
alone; it does not know where hidden states come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Prefix of every head's keys in GGUF metadata.
KEY = "coder.head"


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One label task's head: `weight` (L, H), the other arrays (L,), all float32."""

    task: str
    labels: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: NDArray[np.float32]
    threshold: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.labels)
        if self.weight.ndim != 2 or self.weight.shape[0] != count:
            raise ValueError(f"head {self.task}: weight has shape {self.weight.shape}, wanted ({count}, hidden size)")
        for name in ("bias", "temperature", "threshold"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"head {self.task}: {name} has shape {getattr(self, name).shape}, wanted ({count},)")
        if not (self.temperature > 0).all():
            raise ValueError(f"head {self.task}: every temperature must be above 0")

    def logits(self, hidden_states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated logits of hidden states (T, H), shape (T, L)."""
        raw: NDArray[np.float32] = hidden_states @ self.weight.T + self.bias
        return raw / self.temperature

    def probabilities(self, hidden_states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probabilities of hidden states (T, H), shape (T, L)."""
        logits = np.clip(self.logits(hidden_states), -60.0, 60.0)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)
