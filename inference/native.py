"""The shared libraries inside llama-cpp-python, and their log.

llama.cpp writes what went wrong to its log and returns null. Here that log is silent, and its last errors can be read,
so that they end up in a sentence. `base_library` is ggml's lowest library: it reads GGUF files and is loaded in a
millisecond, without the `llama_cpp` package. This file knows nothing of models.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from languages.errors import CoderError

#: `GGML_LOG_LEVEL_ERROR`; a message at level `_CONTINUED` belongs to the one before it.
_ERROR, _CONTINUED = 3, 5
_LogCallback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)


class _Log:
    """The newest error lines of ggml and llama.cpp, from whichever thread."""

    def __init__(self) -> None:
        self.errors: deque[str] = deque(maxlen=8)
        self.callback = _LogCallback(self._take)
        self.listeners: list[Callable[[str], None]] = []
        self._level = 0

    def _take(self, level: int, text: bytes | None, _data: int | None) -> None:
        self._level = self._level if level == _CONTINUED else level
        line = (text or b"").decode(errors="replace").strip()
        if self._level == _ERROR and line:
            self.errors.append(line)
        for listener in tuple(self.listeners):
            listener(line)


@cache
def _log() -> _Log:
    return _Log()


def take_errors() -> str:
    """What the libraries complained of since the last call, oldest first; "" when nothing."""
    errors = _log().errors
    said = "; ".join(line.split(": ", 1)[-1] for line in dict.fromkeys(errors))
    errors.clear()
    return said


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Give `listener` every line that the libraries log meanwhile. It must not raise: C code calls it."""
    _log().listeners.append(listener)
    try:
        yield
    finally:
        _log().listeners.remove(listener)


def library_folder() -> Path:
    """Where llama-cpp-python keeps its libraries. The package is found, not imported."""
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None or spec.origin is None:
        raise CoderError("llama-cpp-python is not installed: run `make run` again.", code="not_installed")
    return Path(spec.origin).parent / "lib"


@cache
def base_library() -> ctypes.CDLL:
    """`libggml-base`, silenced."""
    suffix = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
    names = [f"libggml-base{suffix}", f"ggml-base{suffix}"]
    found = next((path for path in (library_folder() / name for name in names) if path.exists()), None)
    if found is None:
        message = f"{library_folder()} has no {names[0]}: reinstall llama-cpp-python."
        raise CoderError(message, code="not_installed")
    library = ctypes.CDLL(str(found))
    library.ggml_log_set.argtypes = [_LogCallback, ctypes.c_void_p]
    library.ggml_log_set.restype = None
    library.ggml_log_set(_log().callback, None)
    return library


@cache
def llama_library() -> Any:
    """The low-level `llama_cpp` API, silenced, with its back ends initialised."""
    import llama_cpp

    callback = ctypes.cast(_log().callback, llama_cpp.llama_log_callback)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(None))
    llama_cpp.llama_backend_init()
    return llama_cpp
