"""The learning rate over a run, as a factor of its peak."""

from __future__ import annotations

import math


def rate_factor(step: int, total: int, *, warmup: float, final: float) -> float:
    """Linear from near 0 to 1 over the first `warmup` share of `total` steps, then a cosine down to `final`.

    For step s of n with w = round(warmup n): (s + 1) / (w + 1) while s < w, then, with t = (s - w) / max(1, n - w - 1),
    final + (1 - final) (1 + cos(pi t)) / 2. Loshchilov and Hutter 2017, "SGDR".
    """
    rising = round(warmup * total)
    if step < rising:
        return (step + 1) / (rising + 1)
    through = min(1.0, (step - rising) / max(1, total - rising - 1))
    return final + (1 - final) * (1 + math.cos(math.pi * through)) / 2
