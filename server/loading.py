"""The model of a server: loading, ready, or failed.

A model takes seconds to load and the port should answer meanwhile, so a thread of its own loads it. It knows nothing
of routes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from inference.engine.engine import Engine
from languages.errors import CoderError

logger = logging.getLogger(__name__)

Loader = Callable[[], Engine]


class ModelSlot:
    """Holds the engine once it is there. `error` is what to tell people when loading failed."""

    def __init__(self, source: Engine | Loader, on_settled: Callable[[ModelSlot], None] | None = None) -> None:
        """`on_settled` is called on the event loop, once, when there is an engine or an error."""
        self._source = source
        self._on_settled = on_settled or (lambda slot: None)
        self._lock = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.engine: Engine | None = None
        self.error: CoderError | None = None

    def start(self) -> None:
        """Begin loading. Called on the event loop."""
        if not callable(self._source):
            self.engine = self._source
            return self._on_settled(self)
        arguments = (self._source, asyncio.get_running_loop())
        # A daemon: when the person gives up waiting, a half-loaded model must not hold the process.
        self._thread = threading.Thread(target=self._load, args=arguments, name="model-loader", daemon=True)
        return self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for loading to end, one way or the other; False when it still runs after `seconds`."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Free the model, also one that is still on its way."""
        with self._lock:
            self._closed = True
            engine = self.engine
        if engine is not None:
            engine.close()

    def _load(self, loader: Loader, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._take(loader())
        except CoderError as error:
            self.error = error
        except Exception as error:  # the door of this thread: whatever it was, people must hear of it
            logger.exception("loading the model failed")
            message = f"the model could not be loaded ({type(error).__name__}: {error}); `coder doctor` may know why"
            self.error = CoderError(message, code="load_failed")
        if not self._closed:
            loop.call_soon_threadsafe(self._on_settled, self)

    def _take(self, engine: Engine) -> None:
        with self._lock:
            unwanted = self._closed
            if not unwanted:
                self.engine = engine
        if unwanted:
            engine.close()
