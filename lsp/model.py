"""The model while it loads, when it is ready, and why it is not.

It loads in a thread of its own, so that diagnostics work before it is ready and without it. It does not know what the
engine is used for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from inference.assistant.judge import can_judge
from inference.engine.engine import Engine
from languages.errors import CoderError

LoadEngine = Callable[[], Engine]
State = Literal["none", "loading", "ready", "failed"]


class Model:
    """One engine that arrives later, or never. Every method may be called from any thread."""

    def __init__(self, load: LoadEngine | None) -> None:
        """`load` None: there shall be no model."""
        self._load = load
        self._lock = threading.Lock()
        self._closed = False
        self.engine: Engine | None = None
        self.error: str | None = None
        self.state: State = "none" if load is None else "loading"

    @property
    def judge(self) -> Engine | None:
        """The engine when its model can judge code, so that checks can ask it."""
        engine = self.engine
        return engine if engine is not None and can_judge(engine.info) else None

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to load; `on_change` is called, in the loading thread, when that ends well or badly."""
        if self._load is None:
            return
        threading.Thread(target=self._run, args=(self._load, on_change), name="load model", daemon=True).start()

    def close(self) -> None:
        """Free the engine, now or as soon as it has loaded. Idempotent."""
        with self._lock:
            self._closed, engine, self.engine = True, self.engine, None
        if engine is not None:
            engine.close()

    def _run(self, load: LoadEngine, on_change: Callable[[], None]) -> None:
        try:
            engine = load()
        except CoderError as error:
            self._settle("failed", None, error.message)
        except Exception as error:
            self._settle("failed", None, f"The model could not be loaded ({error}); choose another one with --model.")
        else:
            self._settle("ready", engine, None)
        on_change()

    def _settle(self, state: State, engine: Engine | None, error: str | None) -> None:
        with self._lock:
            if not self._closed:
                self.state, self.engine, self.error = state, engine, error
                return
        if engine is not None:
            engine.close()
