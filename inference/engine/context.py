"""A loaded model, its llama.cpp context and one batch: the native side of the engine.

Whoever holds a `Context` owns it: no method may run in two threads at once. Sequences share one buffer of key-value
cells (`kv_unified`), so one step decodes tokens of any sequences together and two sequences can share a prefix. Rows'
hidden states come from `llama_set_embeddings`, switched on for the steps that want them: with it on, llama.cpp computes
the outputs of every row, which costs a fifth of the speed on prompts, and a second context would cost the same and its
memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.native import llama_library, take_errors
from languages.errors import CoderError


class DecodeError(Exception):
    """llama.cpp could not decode a batch; the message says why."""


class Context:
    """See the module's docstring. `batch_size` rows are decoded at most in one step."""

    def __init__(self, path: Path, *, cells: int, sequences: int, batch_size: int, threads: int) -> None:
        """`cells` key-value cells for all `sequences`. Raises `CoderError` when the model cannot be loaded."""
        self.llama = llama_library()
        self.batch_size = batch_size
        take_errors()
        self.model = self._load(path)
        self.handle = self._open(path, cells, sequences, threads)
        self.memory = self.llama.llama_get_memory(self.handle)
        self.hidden_size: int = self.llama.llama_model_n_embd(self.model)
        #: True when a sequence is one state and not cells: it can neither be cut in the middle nor shared.
        self.stateful = bool(
            self.llama.llama_model_is_recurrent(self.model) or self.llama.llama_model_is_hybrid(self.model)
        )
        self._states_on = False
        self._rows = 0
        self._make_batch()
        self._warm_up()

    def add(self, sequence: int, tokens: Sequence[int], position: int, *, output: bool) -> int:
        """Put `tokens` at `position` of `sequence` into the batch; with `output`, the last one's logits are kept.

        Returns the row of the last token.
        """
        first, end = self._rows, self._rows + len(tokens)
        self._token[first:end] = tokens
        self._position[first:end] = range(position, position + len(tokens))
        self._sequence[first:end] = sequence
        self._output[first:end] = 0
        self._output[end - 1] = output
        self._rows = end
        return end - 1

    def decode(self, *, states: bool = False) -> None:
        """Decode the batch and empty it. With `states`, `hidden_states` can be read after. Raises `DecodeError`."""
        if states != self._states_on:
            self.llama.llama_set_embeddings(self.handle, states)
            self._states_on = states
        self._batch.n_tokens, self._rows = self._rows, 0
        code = self.llama.llama_decode(self.handle, self._batch)
        if code != 0:
            said = take_errors() or {1: "no free key-value cells"}.get(code, f"llama_decode returned {code}")
            raise DecodeError(said)

    def hidden_states(self, first: int, count: int) -> NDArray[np.float32]:
        """A copy of the final-norm hidden states of `count` rows of the last batch, shape (count, hidden_size)."""
        pointer = self.llama.llama_get_embeddings(self.handle)
        rows = np.ctypeslib.as_array(pointer, shape=(first + count, self.hidden_size))
        return np.array(rows[first:], dtype=np.float32)

    def forget(self, sequence: int, start: int = 0) -> bool:
        """Drop the cells of `sequence` from position `start` on; False when the model cannot cut there."""
        return bool(self.llama.llama_memory_seq_rm(self.memory, sequence, start, -1))

    def share(self, source: int, target: int, length: int) -> None:
        """Let the empty sequence `target` begin with the first `length` cells of `source`."""
        self.llama.llama_memory_seq_cp(self.memory, source, target, 0, length)

    def clear_batch(self) -> None:
        """Forget rows that were added and not decoded."""
        self._rows = 0

    def clear(self) -> None:
        """Forget every sequence."""
        self.llama.llama_memory_clear(self.memory, False)

    def close(self) -> None:
        """Free context and model. Idempotent."""
        if self.model is not None:
            self.llama.llama_free(self.handle)
            self.llama.llama_model_free(self.model)
            self.model = self.handle = None

    def _load(self, path: Path) -> Any:
        model = self.llama.llama_model_load_from_file(str(path).encode(), self.llama.llama_model_default_params())
        if model is None:
            reason = take_errors() or "llama.cpp gave no reason"
            message = f"{path} cannot be loaded ({reason}): use a model that this llama.cpp knows."
            raise CoderError(message, code="model_not_loadable")
        return model

    def _open(self, path: Path, cells: int, sequences: int, threads: int) -> Any:
        parameters = self.llama.llama_context_default_params()
        parameters.n_ctx, parameters.n_seq_max, parameters.kv_unified = cells, sequences, True
        parameters.n_batch = parameters.n_ubatch = self.batch_size
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.pooling_type = self.llama.LLAMA_POOLING_TYPE_NONE
        parameters.no_perf = True
        handle = self.llama.llama_init_from_model(self.model, parameters)
        if handle is None:
            self.llama.llama_model_free(self.model)
            reason = take_errors() or "llama.cpp gave no reason"
            message = (
                f"{path} was loaded, but has no room to work ({reason}): use a shorter context or a smaller model."
            )
            raise CoderError(message, code="model_too_big")
        return handle

    def _make_batch(self) -> None:
        size = self.batch_size
        self._token, self._position, self._sequence = (np.zeros(size, dtype=np.int32) for _ in range(3))
        self._output = np.zeros(size, dtype=np.int8)
        self._ones = np.ones(size, dtype=np.int32)
        identifier = ctypes.POINTER(ctypes.c_int32)
        start = self._sequence.ctypes.data
        pointers = (ctypes.cast(start + 4 * row, identifier) for row in range(size))
        self._pointers = (identifier * size)(*pointers)
        self._batch = self.llama.llama_batch(
            n_tokens=0,
            token=self._token.ctypes.data_as(identifier),
            embd=None,
            pos=self._position.ctypes.data_as(identifier),
            n_seq_id=self._ones.ctypes.data_as(identifier),
            seq_id=self._pointers,
            logits=self._output.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def _warm_up(self) -> None:
        """Touch every weight once, so that the first request does not pay for it."""
        self.add(0, [0] * min(8, self.batch_size), 0, output=True)
        try:
            self.decode()
        except DecodeError as error:
            self.close()
            message = f"The model was loaded but cannot decode ({error}): export it again or use another."
            raise CoderError(message, code="model_not_loadable") from error
        self.clear()
