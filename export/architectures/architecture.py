"""`Architecture`: how one family of models is called and laid out in Hugging Face files and in GGUF files.

Names and shapes only, in both directions. It does not know tokenizers, quantisation or where tensors are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: Hyperparameters by GGUF key without the architecture's prefix ("block_count", "rope.freq_base").
Hyperparameters = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class TensorName:
    """One tensor's two names. `rotary_heads` > 0: its rows are permuted between the two, that many heads."""

    gguf: str
    hugging_face: str
    rotary_heads: int = 0

    def to_gguf(self, array: NDArray[Any]) -> NDArray[Any]:
        """From the Hugging Face row order to GGUF's."""
        return interleave_rows(array, self.rotary_heads) if self.rotary_heads else array

    def to_hugging_face(self, array: NDArray[Any]) -> NDArray[Any]:
        """From the GGUF row order to Hugging Face's."""
        return separate_rows(array, self.rotary_heads) if self.rotary_heads else array


class Architecture(Protocol):
    """A family of models that both sides know."""

    #: `general.architecture` in GGUF.
    gguf_name: str
    #: `architectures[0]` in config.json.
    hugging_face_name: str

    def hyperparameters(self, config: Mapping[str, Any]) -> Hyperparameters:
        """GGUF's hyperparameters for a config.json; `CoderError` when GGUF cannot express it."""

    def config(self, hyperparameters: Hyperparameters, *, tied: bool) -> dict[str, Any]:
        """The config.json for GGUF's hyperparameters; `tied`: input and output embeddings are one tensor."""

    def tensors(self, config: Mapping[str, Any]) -> Sequence[TensorName]:
        """Every tensor of a model with this config.json, in the order of the GGUF file."""


def interleave_rows(array: NDArray[Any], heads: int) -> NDArray[Any]:
    """Rows (heads, 2, d/2) -> (heads, d/2, 2): rotary pairs become neighbours, as llama.cpp's NORM rope wants."""
    pairs = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(array.shape))


def separate_rows(array: NDArray[Any], heads: int) -> NDArray[Any]:
    """The inverse of `interleave_rows`."""
    pairs = array.reshape(heads, array.shape[0] // heads // 2, 2, *array.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(array.shape))
