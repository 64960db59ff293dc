"""`ScriptedEngine`: an engine for tests that says what it was told to say.

Each queued reply answers one request, a chunk at a time, in its own thread, with real cancellation, stop strings, token
limits and usage; requests are kept in `requests` so a test can read what was asked. A token is a byte.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.engine.engine import ModelInfo, Priority, Request, check_request, check_tokens
from inference.engine.generation import Chunk, Generation, Usage
from inference.heads import Head
from languages.errors import CoderError
from tasks.tokens import ControlIds

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)

INFO = ModelInfo(
    name="scripted",
    path="scripted.gguf",
    architecture="scripted",
    parameters=0,
    context_length=4096,
    hidden_size=8,
    vocabulary_size=512,
    chat_template=TEMPLATE,
    bos_token="",
    eos_token="",
    controls=ControlIds({}),
    heads={},
)


class ScriptedEngine:
    """Queue replies with `say`; see the module's docstring."""

    def __init__(self, *replies: str, delay: float = 0.0, info: ModelInfo = INFO) -> None:
        """`delay`: seconds before each token, so that a test can cancel in the middle."""
        self._replies = deque(replies)
        self._delay = delay
        self._info = info
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.requests: list[Request] = []
        self.generations: list[Generation] = []

    @property
    def info(self) -> ModelInfo:
        return self._info

    def with_heads(self, heads: Mapping[str, Head], controls: ControlIds) -> ScriptedEngine:
        """The same script, with a model that has these heads and control tokens."""
        self._info = replace(self._info, heads=heads, controls=controls)
        return self

    def say(self, *replies: str) -> None:
        """Queue more replies, one a request."""
        self._replies.extend(replies)

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        return list(text.encode())

    def token_bytes(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    def prompt_text(self, index: int = -1) -> str:
        """The text of a request's prompt, control tokens left out."""
        return b"".join(map(self.token_bytes, self.requests[index].prompt)).decode(errors="replace")

    def submit(self, request: Request) -> Generation:
        if self._closed:
            raise CoderError("The engine is closed.", code="engine_closed")
        check_request(request, self._info)
        generation = Generation()
        self.requests.append(request)
        self.generations.append(generation)
        reply = self._replies.popleft() if self._replies else ""
        thread = threading.Thread(target=self._speak, args=(request, reply, generation), daemon=True)
        self._threads.append(thread)
        thread.start()
        return generation

    def hidden_states(self, tokens: Sequence[int], *, priority: Priority = Priority.BACKGROUND) -> NDArray[np.float32]:
        """Deterministic states: one of `hidden_size` axes is 1, chosen by the token's id."""
        check_tokens(tokens, self._info)
        states = np.zeros((len(tokens), self._info.hidden_size), dtype=np.float32)
        states[np.arange(len(tokens)), np.asarray(tokens) % self._info.hidden_size] = 1.0
        return states

    def close(self) -> None:
        self._closed = True
        for generation in self.generations:
            generation.cancel()
        for thread in self._threads:
            thread.join(timeout=5)

    def _speak(self, request: Request, reply: str, generation: Generation) -> None:
        stops = [reply.find(stop) for stop in request.stop if stop and stop in reply]
        spoken = reply[: min(stops)] if stops else reply
        usage = Usage(prompt_tokens=len(request.prompt), cached_tokens=0, completion_tokens=0)
        for written, character in enumerate(spoken):
            if self._delay:
                time.sleep(self._delay)
            usage = replace(usage, completion_tokens=written)
            if generation.cancelled:
                return generation.finish("cancelled", usage)
            if written >= request.max_tokens:
                return generation.finish("length", usage)
            generation.push(Chunk(character, tuple(character.encode())))
        usage = replace(usage, completion_tokens=len(spoken))
        return generation.finish("length" if len(spoken) >= request.max_tokens and not stops else "stop", usage)
