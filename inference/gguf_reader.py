"""Reads the metadata of a GGUF file through the reference reader in libggml-base.

The reader (`gguf.h` of llama.cpp) parses the file in C, so a vocabulary of 49 152 pieces costs no Python loop, and a
file that it accepts is one that llama.cpp accepts. Tensors are described, never loaded. It does not know what the keys
mean: `inference/model_file.py` does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.native import base_library

#: `enum gguf_type`: the numbers, and the two kinds that are not numbers.
_NUMBERS: dict[int, type[np.generic]] = {
    0: np.uint8,
    1: np.int8,
    2: np.uint16,
    3: np.int16,
    4: np.uint32,
    5: np.int32,
    6: np.float32,
    7: np.bool_,
    10: np.uint64,
    11: np.int64,
    12: np.float64,
}
_STRING, _ARRAY = 8, 9


class _InitParams(ctypes.Structure):
    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """All tensors together: their numbers, where the last one ends in the file, the type that takes most bytes."""

    parameters: int
    end: int
    commonest_type: str


class Metadata:
    """The key-value pairs of one open GGUF file. Getters return None when the key is missing or of another kind."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._library = _reader()

    def integer(self, key: str) -> int | None:
        """A whole number, of whichever width."""
        value = self._number(key)
        return int(value) if isinstance(value, np.integer) else None

    def boolean(self, key: str) -> bool | None:
        """True or false."""
        value = self._number(key)
        return bool(value) if isinstance(value, np.bool_) else None

    def string(self, key: str) -> str | None:
        """A text; bytes that are not UTF-8 are replaced."""
        index = self._find(key, _STRING)
        return None if index is None else _text(self._library.gguf_get_val_str(self._handle, index))

    def numbers(self, key: str) -> NDArray[np.generic] | None:
        """A copy of an array of numbers, shape (n,)."""
        index = self._find(key, _ARRAY)
        kind = None if index is None else _NUMBERS.get(self._library.gguf_get_arr_type(self._handle, index))
        if index is None or kind is None:
            return None
        count = self._library.gguf_get_arr_n(self._handle, index)
        data = self._library.gguf_get_arr_data(self._handle, index)
        size = count * np.dtype(kind).itemsize
        return np.frombuffer(ctypes.string_at(data, size) if size else b"", dtype=kind)

    def strings(self, key: str) -> list[str] | None:
        """An array of texts. For long ones (a vocabulary) use `string_at`."""
        index = self._find(key, _ARRAY)
        if index is None or self._library.gguf_get_arr_type(self._handle, index) != _STRING:
            return None
        count = self._library.gguf_get_arr_n(self._handle, index)
        return [_text(self._library.gguf_get_arr_str(self._handle, index, place)) for place in range(count)]

    def string_at(self, key: str, place: int) -> str | None:
        """One text of an array of texts."""
        index = self._find(key, _ARRAY)
        if index is None or self._library.gguf_get_arr_type(self._handle, index) != _STRING:
            return None
        if not 0 <= place < self._library.gguf_get_arr_n(self._handle, index):
            return None
        return _text(self._library.gguf_get_arr_str(self._handle, index, place))

    def length(self, key: str) -> int | None:
        """How many elements an array has."""
        index = self._find(key, _ARRAY)
        return None if index is None else int(self._library.gguf_get_arr_n(self._handle, index))

    def keys(self, prefix: str) -> list[str]:
        """Every key that starts with `prefix`, in the file's order."""
        count = self._library.gguf_get_n_kv(self._handle)
        names = (_text(self._library.gguf_get_key(self._handle, index)) for index in range(count))
        return [name for name in names if name.startswith(prefix)]

    def tensors(self) -> TensorSummary:
        """What the tensors add up to."""
        library, handle = self._library, self._handle
        start = library.gguf_get_data_offset(handle)
        parameters, end, by_type = 0, start, dict[int, int]()
        for index in range(library.gguf_get_n_tensors(handle)):
            kind, size = library.gguf_get_tensor_type(handle, index), library.gguf_get_tensor_size(handle, index)
            parameters += size * library.ggml_blck_size(kind) // max(library.ggml_type_size(kind), 1)
            end = max(end, start + library.gguf_get_tensor_offset(handle, index) + size)
            by_type[kind] = by_type.get(kind, 0) + size
        commonest = max(by_type, key=by_type.__getitem__, default=None)
        name = "" if commonest is None else _text(library.ggml_type_name(commonest)).upper()
        return TensorSummary(parameters, end, name)

    def _find(self, key: str, kind: int) -> int | None:
        index = self._library.gguf_find_key(self._handle, key.encode())
        if index < 0 or self._library.gguf_get_kv_type(self._handle, index) != kind:
            return None
        return int(index)

    def _number(self, key: str) -> np.generic | None:
        index = self._library.gguf_find_key(self._handle, key.encode())
        kind = _NUMBERS.get(self._library.gguf_get_kv_type(self._handle, index)) if index >= 0 else None
        if kind is None:
            return None
        data = self._library.gguf_get_val_data(self._handle, index)
        value: np.generic = np.frombuffer(ctypes.string_at(data, np.dtype(kind).itemsize), dtype=kind)[0]
        return value


@contextmanager
def open_metadata(path: Path) -> Iterator[Metadata | None]:
    """The metadata of the file at `path`, or None when the reader refuses it (`take_errors` says why)."""
    handle = _reader().gguf_init_from_file(str(path).encode(), _InitParams(no_alloc=True, ctx=None))
    try:
        yield Metadata(handle) if handle else None
    finally:
        if handle:
            _reader().gguf_free(handle)


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")


@cache
def _reader() -> ctypes.CDLL:
    library = base_library()
    handle, index, place = ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t
    signatures: dict[str, tuple[object, tuple[object, ...]]] = {
        "gguf_init_from_file": (handle, (ctypes.c_char_p, _InitParams)),
        "gguf_free": (None, (handle,)),
        "gguf_find_key": (index, (handle, ctypes.c_char_p)),
        "gguf_get_n_kv": (index, (handle,)),
        "gguf_get_key": (ctypes.c_char_p, (handle, index)),
        "gguf_get_kv_type": (ctypes.c_int, (handle, index)),
        "gguf_get_val_data": (ctypes.c_void_p, (handle, index)),
        "gguf_get_val_str": (ctypes.c_char_p, (handle, index)),
        "gguf_get_arr_type": (ctypes.c_int, (handle, index)),
        "gguf_get_arr_n": (ctypes.c_size_t, (handle, index)),
        "gguf_get_arr_data": (ctypes.c_void_p, (handle, index)),
        "gguf_get_arr_str": (ctypes.c_char_p, (handle, index, place)),
        "gguf_get_data_offset": (ctypes.c_size_t, (handle,)),
        "gguf_get_n_tensors": (index, (handle,)),
        "gguf_get_tensor_type": (ctypes.c_int, (handle, index)),
        "gguf_get_tensor_size": (ctypes.c_size_t, (handle, index)),
        "gguf_get_tensor_offset": (ctypes.c_size_t, (handle, index)),
        "ggml_blck_size": (ctypes.c_int64, (ctypes.c_int,)),
        "ggml_type_size": (ctypes.c_size_t, (ctypes.c_int,)),
        "ggml_type_name": (ctypes.c_char_p, (ctypes.c_int,)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, list(arguments)
    return library
