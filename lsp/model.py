"""The model while it loads, when it is ready, and why it is not.

It loads in a thread of its own, so that diagnostics work before it is ready and without it. It does not know what the
backend is used for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from inference.backends.backend import Backend
from inference.engine.engine import Engine
from languages.errors import CoderError

LoadBackend = Callable[[], Backend]
State = Literal["none", "loading", "ready", "failed"]


class Model:
    """One backend that arrives later, or never. Every method may be called from any thread."""

    def __init__(self, load: LoadBackend | None) -> None:
        """`load` None: there shall be no model."""
        self._load = load
        self._lock = threading.Lock()
        self._closed = False
        self.backend: Backend | None = None
        self.error: str | None = None
        self.state: State = "none" if load is None else "loading"

    @property
    def judge(self) -> Engine | None:
        """The engine when its model can judge code, so that checks can ask it."""
        backend = self.backend
        return None if backend is None else backend.judge

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to load; `on_change` is called, in the loading thread, when that ends well or badly."""
        if self._load is None:
            return
        threading.Thread(target=self._run, args=(self._load, on_change), name="load model", daemon=True).start()

    def close(self) -> None:
        """Free the backend, now or as soon as it has loaded. Idempotent."""
        with self._lock:
            self._closed, backend, self.backend = True, self.backend, None
        if backend is not None:
            backend.close()

    def _run(self, load: LoadBackend, on_change: Callable[[], None]) -> None:
        try:
            backend = load()
        except CoderError as error:
            self._settle("failed", None, error.message)
        except Exception as error:
            self._settle("failed", None, f"The model could not be loaded ({error}); choose another one with --model.")
        else:
            self._settle("ready", backend, None)
        on_change()

    def _settle(self, state: State, backend: Backend | None, error: str | None) -> None:
        with self._lock:
            if not self._closed:
                self.state, self.backend, self.error = state, backend, error
                return
        if backend is not None:
            backend.close()
