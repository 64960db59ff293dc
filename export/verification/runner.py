"""`LlamaCpp`: a GGUF file run by llama.cpp with logits and hidden states of every token.

The engine (`inference/engine/`) samples and therefore keeps logits to itself; verification wants all of them, without
the engine's half-precision cache. Used by one thread.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.native import llama_library, take_errors
from languages.errors import CoderError

Floats = NDArray[np.float32]


class LlamaCpp:
    """An open model; a context manager that frees it. `window`: the longest token sequence that will be asked for."""

    def __init__(self, path: Path, *, window: int, full_precision: bool = True) -> None:
        """`full_precision`: keys and values are cached as float32, and attention is computed without fused kernels."""
        self._library: Any = llama_library()
        take_errors()
        self._model = self._library.llama_model_load_from_file(str(path).encode(), self._model_parameters())
        if not self._model:
            raise CoderError(f"llama.cpp refuses {path}: {take_errors() or 'no reason given'}.")
        self._vocabulary = self._library.llama_model_get_vocab(self._model)
        self._context = self._library.llama_init_from_model(self._model, self._parameters(window, full_precision))
        if not self._context:
            self._library.llama_model_free(self._model)
            raise CoderError(f"llama.cpp has no memory for {path}: {take_errors() or 'no reason given'}.")
        self._sizes = (
            self._library.llama_vocab_n_tokens(self._vocabulary),
            self._library.llama_model_n_embd(self._model),
        )

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Vocabulary ids of `text`, nothing added; with `special`, names of special tokens become those tokens."""
        raw = text.encode()
        room = len(raw) + 8
        tokens = (self._library.llama_token * room)()
        count = self._library.llama_tokenize(self._vocabulary, raw, len(raw), tokens, room, False, special)
        return list(tokens[:count])

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token."""
        buffer = ctypes.create_string_buffer(256)
        count = self._library.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, True)
        return buffer.raw[: max(count, 0)]

    def logits_and_hidden_states(self, tokens: Sequence[int]) -> tuple[Floats, Floats]:
        """Next-token logits (T, V) and final-norm hidden states (T, H) of `tokens`."""
        count, (vocabulary, hidden) = len(tokens), self._sizes
        batch = self._library.llama_batch_init(count, 0, 1)
        try:
            self._decode(batch, tokens)
            logits = self._library.llama_get_logits(self._context)
            states = [self._library.llama_get_embeddings_ith(self._context, place) for place in range(count)]
            rows = [np.ctypeslib.as_array(state, (hidden,)).copy() for state in states]
            return np.ctypeslib.as_array(logits, (count, vocabulary)).copy(), np.stack(rows)
        finally:
            self._library.llama_batch_free(batch)

    def hidden_states(self, tokens: Sequence[int]) -> Floats:
        """Final-norm hidden states (T, H) of `tokens`."""
        return self.logits_and_hidden_states(tokens)[1]

    def __enter__(self) -> LlamaCpp:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._library.llama_free(self._context)
        self._library.llama_model_free(self._model)

    def _decode(self, batch: Any, tokens: Sequence[int]) -> None:
        self._library.llama_memory_clear(self._library.llama_get_memory(self._context), True)
        batch.n_tokens = len(tokens)
        for place, token in enumerate(tokens):
            batch.token[place], batch.pos[place], batch.logits[place] = token, place, True
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, 0
        if self._library.llama_decode(self._context, batch) != 0:
            raise CoderError(f"llama.cpp could not run {len(tokens)} tokens: {take_errors() or 'no reason given'}.")

    def _model_parameters(self) -> Any:
        parameters = self._library.llama_model_default_params()
        parameters.n_gpu_layers = 0
        return parameters

    def _parameters(self, window: int, full_precision: bool) -> Any:
        parameters = self._library.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = window
        parameters.n_threads = parameters.n_threads_batch = os.cpu_count() or 1
        parameters.embeddings = True
        parameters.pooling_type = self._library.LLAMA_POOLING_TYPE_NONE
        if full_precision:
            parameters.type_k = parameters.type_v = self._library.GGML_TYPE_F32
            parameters.flash_attn_type = self._library.LLAMA_FLASH_ATTN_TYPE_DISABLED
        return parameters
