"""What the engine's thread works on: a text to continue, or tokens whose hidden states are wanted.

Both are a list of tokens and how many of them are decoded. A job does not know the model; the scheduler tells it what
came out.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.engine.engine import Priority, Request
from inference.engine.generation import Chunk, FinishReason, Generation, Usage
from inference.engine.text_stream import TextStream
from languages.errors import CoderError

if TYPE_CHECKING:
    from inference.engine.sampling import Sampler


class TextJob:
    """One request and the generation that its reader holds.

    `tokens` is the prompt and what was written after it; the first `done` of them are in the sequence's cells.
    """

    def __init__(self, request: Request, generation: Generation, order: int) -> None:
        self.request = request
        self.generation = generation
        self.rank: tuple[Priority, int] = (request.priority, order)
        self.tokens = list(request.prompt)
        self.cells = len(request.prompt) + request.max_tokens
        self.done = 0
        self.cached = 0
        self.sampler: Sampler | None = None
        self._stream = TextStream(request.stop)
        self._unsaid: list[int] = []

    @property
    def cancelled(self) -> bool:
        """Whether its reader left."""
        return self.generation.cancelled

    @property
    def writing(self) -> bool:
        """Whether the prompt is decoded, so that each step gives a token."""
        return self.done >= len(self.request.prompt)

    def accept(self, token: int, data: bytes) -> None:
        """Take the next token, which is not an end token, and finish when it was the last one."""
        self.tokens.append(token)
        self._unsaid.append(token)
        self._say(self._stream.feed(data))
        if self._stream.stopped:
            self.finish("stop")
        elif len(self.tokens) == self.cells:
            self.finish("length")

    def finish(self, reason: FinishReason, error: str | None = None) -> None:
        """No more tokens. What was held back is said, unless nobody listens."""
        if self.sampler is not None:
            self.sampler.close()
        if reason in ("stop", "length"):
            self._say(self._stream.close())
        written = len(self.tokens) - len(self.request.prompt)
        usage = Usage(prompt_tokens=len(self.request.prompt), cached_tokens=self.cached, completion_tokens=written)
        self.generation.finish(reason, usage, error)

    @property
    def finished(self) -> bool:
        """Whether the reader has a finish reason."""
        return self.generation.finish_reason is not None

    def _say(self, text: str) -> None:
        if text:
            self.generation.push(Chunk(text, tuple(self._unsaid)))
            self._unsaid.clear()


class StatesJob:
    """Tokens whose hidden states are wanted; `future` gives an array of shape (len(tokens), hidden_size)."""

    def __init__(self, tokens: list[int], priority: Priority, order: int, hidden_size: int) -> None:
        self.tokens = tokens
        self.rank: tuple[Priority, int] = (priority, order)
        self.cells = len(tokens)
        self.done = 0
        self.cached = 0
        self.future: Future[NDArray[np.float32]] = Future()
        self.cancelled = False
        self.writing = False
        self._states = np.empty((len(tokens), hidden_size), dtype=np.float32)

    def accept_states(self, first: int, states: NDArray[np.float32]) -> None:
        """Take the states of the tokens from `first` on; the last ones finish the job."""
        self._states[first : first + len(states)] = states
        if first + len(states) == len(self.tokens):
            self.future.set_result(self._states)

    def finish(self, reason: FinishReason, error: str | None = None) -> None:
        """End it without states, with a `CoderError`."""
        if not self.future.done():
            code = "engine_error" if reason == "error" else "engine_closed"
            self.future.set_exception(
                CoderError(error or "The engine was closed before the states were there.", code=code)
            )

    @property
    def finished(self) -> bool:
        """Whether the caller has its states or an error."""
        return self.future.done()


Job = TextJob | StatesJob
