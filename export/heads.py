"""Heads in GGUF: `coder.head.<task>.{labels,weight,bias,temperature,threshold}`, weight flattened row by row.

llama.cpp ignores these keys and copies them when it quantises. `inference/heads.py` defines them,
`inference/model_file.py` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from inference.heads import KEY, Head
from languages.errors import CoderError

if TYPE_CHECKING:
    from gguf import GGUFWriter

ARRAYS = ("weight", "bias", "temperature", "threshold")


def add_heads(writer: GGUFWriter, heads: Mapping[str, Head], *, hidden_size: int) -> None:
    """Add every head's arrays to a GGUF file that is being written."""
    for task, head in heads.items():
        if head.weight.shape[1] != hidden_size:
            width = head.weight.shape[1]
            raise CoderError(
                f"The head {task} reads {width} numbers and the model gives {hidden_size}; train it again."
            )
        if not head.labels:
            continue
        if not all(np.isfinite(getattr(head, name)).all() for name in ARRAYS):
            raise CoderError(f"The head {task} holds numbers that are not finite; its training failed, train it again.")
        writer.add_array(f"{KEY}.{task}.labels", list(head.labels))
        for name in ARRAYS:
            writer.add_array(f"{KEY}.{task}.{name}", [float(value) for value in getattr(head, name).ravel()])
