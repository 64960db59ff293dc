"""A conversation with the model: what was said, and the next answer.

It keeps the turns, fits them into the window (`inference/assistant/context.py` decides what is dropped and says so) and
streams the answer. It does not know whether a terminal or a test is listening.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from inference.assistant.context import fit_context
from inference.chat import ChatFormat, Message
from inference.engine.engine import Engine, Request, SamplingOptions
from inference.engine.generation import Generation
from languages.errors import CoderError


class Conversation:
    """Turns with one model. Not for use by two threads at once."""

    def __init__(
        self,
        engine: Engine,
        *,
        system: str | None = None,
        sampling: SamplingOptions | None = None,
        max_tokens: int = 1024,
    ) -> None:
        self._engine = engine
        self._format = ChatFormat(engine.info)
        self._sampling = sampling or SamplingOptions()
        self._max_tokens = max_tokens
        self.messages: list[Message] = [Message("system", system)] if system else []

    def ask(self, question: str) -> Answer:
        """Start the answer to `question`. The turn is kept once the answer was left.

        Raises `CoderError` when the question alone does not fit the window.
        """
        asked = [*self.messages, Message("user", question)]
        context = fit_context(self._engine, self._format, asked, reserve=self._reserve())
        room = self._engine.info.context_length - len(context.prompt)
        request = Request(
            prompt=context.prompt,
            max_tokens=min(self._max_tokens, room),
            sampling=self._sampling,
            stop=self._format.stop,
        )
        notes = (f"the oldest {len(context.dropped)} messages no longer fit the window",) if context.dropped else ()
        return Answer(self, asked, self._engine.submit(request), notes)

    def _reserve(self) -> int:
        """Tokens kept free for the answer: what was asked for, at most a quarter of the window."""
        return min(self._max_tokens, self._engine.info.context_length // 4)


class Answer:
    """Iterate it for text as it comes; use it as a context manager, which keeps the turn on the way out."""

    def __init__(
        self, conversation: Conversation, asked: list[Message], generation: Generation, notes: tuple[str, ...]
    ) -> None:
        self._conversation = conversation
        self._asked = asked
        self._generation = generation
        self._said: list[str] = []
        self.notes = notes

    @property
    def cut_short(self) -> bool:
        """True when the answer ended at its token limit."""
        return self._generation.finish_reason == "length"

    def __iter__(self) -> Iterator[str]:
        for chunk in self._generation:
            self._said.append(chunk.text)
            yield chunk.text
        if self._generation.finish_reason == "error":
            raise CoderError(f"the model failed: {self._generation.error}", code="engine_error")

    def __enter__(self) -> Answer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._generation.cancel()
        if self._said:
            self._conversation.messages = [*self._asked, Message("assistant", "".join(self._said))]
