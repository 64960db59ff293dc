"""Text <-> vocabulary ids, through the model's own tokenizer.

llama.cpp's vocabulary is read-only, so any thread may ask; the lock only keeps the model from being freed under a
question. It knows nothing of contexts.
"""

from __future__ import annotations

import ctypes
import threading
from typing import Any

from languages.errors import CoderError
from tasks.tokens import Control, ControlIds


class Vocabulary:
    """The tokenizer of a loaded model, until `close`."""

    def __init__(self, llama: Any, model: Any) -> None:
        self._llama = llama
        self._vocabulary = llama.llama_model_get_vocab(model)
        self._lock = threading.Lock()
        self._bytes: dict[int, bytes] = {}
        self._closed = False
        self.size: int = llama.llama_vocab_n_tokens(self._vocabulary)

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Ids of `text`, nothing added. Lone surrogates become "?"."""
        data = text.encode(errors="replace")
        room = len(data) + 8
        ids = (ctypes.c_int32 * room)()
        with self._lock:
            self._check_open()
            count = self._llama.llama_tokenize(self._vocabulary, data, len(data), ids, room, False, special)
            if count < 0:
                ids = (ctypes.c_int32 * -count)()
                count = self._llama.llama_tokenize(self._vocabulary, data, len(data), ids, -count, False, special)
        return ids[:count]

    def token_bytes(self, token: int) -> bytes:
        """The bytes of an ordinary token; empty for control tokens and ids outside of the vocabulary."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._piece(token) if 0 <= token < self.size else b""
        return known

    def end_tokens(self, controls: ControlIds) -> frozenset[int]:
        """Tokens at which an answer ends."""
        ends = {token for token in range(self.size) if self._llama.llama_vocab_is_eog(self._vocabulary, token)}
        own = controls.get(Control.END)
        return frozenset(ends if own is None else ends | {own})

    def known_controls(self, controls: ControlIds) -> ControlIds:
        """`controls`, and FIM tokens that llama.cpp recognises by their names where the file names none."""
        found = {
            Control.FIM_PREFIX: self._llama.llama_vocab_fim_pre(self._vocabulary),
            Control.FIM_SUFFIX: self._llama.llama_vocab_fim_suf(self._vocabulary),
            Control.FIM_MIDDLE: self._llama.llama_vocab_fim_mid(self._vocabulary),
            Control.FILE_SEPARATOR: self._llama.llama_vocab_fim_sep(self._vocabulary),
        }
        return ControlIds({control: token for control, token in found.items() if token >= 0} | dict(controls.ids))

    def close(self) -> None:
        """Refuse further questions. Returns once none is under way, so that the model can be freed."""
        with self._lock:
            self._closed = True

    def _piece(self, token: int) -> bytes:
        size = 64
        with self._lock:
            self._check_open()
            while True:
                buffer = ctypes.create_string_buffer(size)
                count = self._llama.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, False)
                if count >= 0:
                    return buffer.raw[:count]
                size = -count

    def _check_open(self) -> None:
        if self._closed:
            raise CoderError("The engine is closed.", code="engine_closed")
