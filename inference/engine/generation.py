"""`Generation`: one request's answer while it is written.

The engine's thread pushes chunks; any number of seconds later one consumer takes them, blocking or `async`. Leaving the
loop early does not cancel: call `cancel()`, or use the object as a context manager, which cancels on the way out.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

FinishReason = Literal["stop", "length", "cancelled", "error"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole characters, never a part of one, and the tokens that they came from."""

    text: str
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of the prompt, how many of those came from the cache, and tokens written."""

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class Generation:
    """Iterate it (`for` or `async for`) for `Chunk`s; then `finish_reason`, `usage` and `error` are set."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._chunks: deque[Chunk] = deque()
        self._on_change: Callable[[], object] | None = None
        self._on_cancel: Callable[[], object] | None = None
        self._cancelled = threading.Event()
        self.finish_reason: FinishReason | None = None
        self.usage: Usage | None = None
        self.error: str | None = None

    @property
    def cancelled(self) -> bool:
        """True as soon as somebody asked to stop; the engine looks at it before each token."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the engine to stop within one token. Idempotent; a finished generation stays as it is."""
        with self._ready:
            first = not self._cancelled.is_set()
            self._cancelled.set()
        if first and self._on_cancel is not None:
            self._on_cancel()

    def when_cancelled(self, call: Callable[[], object]) -> None:
        """Engine only: `call` this once when somebody cancels, at once if that has happened, from their thread."""
        with self._ready:
            self._on_cancel = call
            late = self._cancelled.is_set()
        if late:
            call()

    def push(self, chunk: Chunk) -> None:
        """Engine only: add text."""
        self._change(lambda: self._chunks.append(chunk))

    def finish(self, reason: FinishReason, usage: Usage, error: str | None = None) -> None:
        """Engine only: no more text. The first call counts."""

        def settle() -> None:
            if self.finish_reason is None:
                self.usage, self.error, self.finish_reason = usage, error, reason

        self._change(settle)

    def text(self) -> str:
        """Wait for the end and return everything that was not taken yet."""
        return "".join(chunk.text for chunk in self)

    def __iter__(self) -> Iterator[Chunk]:
        while True:
            with self._ready:
                self._ready.wait_for(self._has_news)
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
            yield chunk

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        loop = asyncio.get_running_loop()
        news = asyncio.Event()
        with self._ready:
            self._on_change = lambda: loop.call_soon_threadsafe(news.set)
        try:
            while True:
                news.clear()
                while (chunk := self._take()) is not None:
                    yield chunk
                if self.finish_reason is not None and not self._chunks:
                    return
                await news.wait()
        finally:
            with self._ready:
                self._on_change = None

    def __enter__(self) -> Generation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cancel()

    def _has_news(self) -> bool:
        return bool(self._chunks) or self.finish_reason is not None

    def _take(self) -> Chunk | None:
        with self._ready:
            return self._chunks.popleft() if self._chunks else None

    def _change(self, change: Callable[[], None]) -> None:
        with self._ready:
            change()
            self._ready.notify_all()
            if self._on_change is not None:
                try:
                    self._on_change()
                except RuntimeError:
                    # The reader's event loop is closed, so nobody waits any more.
                    self._on_change = None
