"""Which windows to spend tokens on: those rich in labels, with the weight that makes up for the preference.

Findings are rare (one line in fourteen), so a plain sample would hold few of each. Windows are drawn with a
probability that grows with the rarity of their labels, and each carries 1 / probability, so that weighted counts
estimate those of the whole split (Horvitz and Thompson 1952). It knows nothing of tokens or models.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from training.examples import LabelledWindow


def richness(windows: Sequence[LabelledWindow]) -> list[float]:
    """How much each window is worth: 1 for any, plus, for each of its labels k, sqrt(largest support / support of k).

    Scaled so that all windows with labels together are worth about as much as they would be with equally common labels.
    """
    support = Counter(label for window in windows for labels in window.labels for label in labels)
    most = max(support.values(), default=1)
    worth = {label: (most / count) ** 0.5 for label, count in support.items()}
    return [1.0 + sum(worth[label] for label in frozenset().union(*window.labels)) for window in windows]


def sample(windows: Sequence[LabelledWindow], max_tokens: int, rng: random.Random) -> list[LabelledWindow]:
    """Windows of about `max_tokens` tokens together: systematic sampling, probability proportional to richness."""
    tokens = sum(len(window.tokens) for window in windows)
    if tokens <= max_tokens:
        return list(windows)
    order = list(windows)
    rng.shuffle(order)
    chances = _inclusion(order, max_tokens)
    chosen, level, mark = [], 0.0, rng.random()
    for window, chance in zip(order, chances, strict=True):
        level += chance
        if level > mark:
            mark += 1.0
            chosen.append(replace(window, weight=1.0 / chance))
    return chosen


def _inclusion(windows: Sequence[LabelledWindow], max_tokens: int) -> list[float]:
    """Inclusion probabilities in (0, 1], proportional to richness, that use `max_tokens` in expectation."""
    worth = richness(windows)
    low, high = 0.0, 1.0 / min(worth)
    for _ in range(50):
        middle = (low + high) / 2
        used = sum(min(1.0, middle * value) * len(window.tokens) for window, value in zip(windows, worth, strict=True))
        low, high = (middle, high) if used < max_tokens else (low, middle)
    return [min(1.0, high * value) for value in worth]
