"""`Engine`: requests in, tokens out; and the hidden states that heads read.

One engine serves every door. It knows token ids, sampling and stopping; it does not know chat, tasks, files or HTTP.
`inference/engine/llama.py` is the real one, `inference/engine/scripted.py` the one for tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.engine.generation import Generation
from inference.heads import Head
from languages.errors import CoderError
from tasks.quality import WINDOW_TOKENS
from tasks.tokens import ControlIds


class Priority(IntEnum):
    """Which request the engine serves first: ghost text, then people who wait, then everything else."""

    INLINE = 0
    INTERACTIVE = 1
    BACKGROUND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """How the next token is chosen. Temperature 0 is greedy; `seed` None draws a fresh one for each request.

    Ranges: temperature [0, 2], top_p (0, 1], top_k >= 0 (0: off), min_p [0, 1], the two penalties [-2, 2] as OpenAI
    defines them, `logit_bias` token id -> [-100, 100].
    """

    temperature: float = 0.2
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int | None = None


GREEDY = SamplingOptions(temperature=0.0, seed=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Continue `prompt` (vocabulary ids) by at most `max_tokens` tokens, or up to a stop string or end token."""

    prompt: tuple[int, ...]
    max_tokens: int
    sampling: SamplingOptions = SamplingOptions()
    stop: tuple[str, ...] = ()
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What the loaded model is. `context_length` is the window that is served, in tokens.

    `bos_id` is the token that every prompt must start with; None when the model wants none;
    `window_tokens` is how much code the heads were calibrated on at once.
    """

    name: str
    path: str
    architecture: str
    parameters: int
    context_length: int
    hidden_size: int
    vocabulary_size: int
    chat_template: str | None
    bos_token: str
    eos_token: str
    controls: ControlIds
    heads: Mapping[str, Head]
    bos_id: int | None = None
    window_tokens: int = WINDOW_TOKENS


class Engine(Protocol):
    """A loaded model. Every method may be called from any thread."""

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Vocabulary ids of `text`; with `special`, the names of special tokens in it become those tokens."""

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one ordinary token; empty for control tokens."""

    def submit(self, request: Request) -> Generation:
        """Queue a request.

        Raises `CoderError`: `context_length_exceeded` when prompt + max_tokens does not fit the window, `bad_input` for
        an empty prompt, ids outside the vocabulary or sampling options out of range, `engine_closed` after `close`.
        """

    def hidden_states(self, tokens: Sequence[int], *, priority: Priority = Priority.BACKGROUND) -> NDArray[np.float32]:
        """The final-norm hidden state of each token, shape (len(tokens), hidden_size). Blocks.

        Raises `CoderError` when the tokens do not fit the window, or when the engine is closed meanwhile.
        """

    def close(self) -> None:
        """End running requests with `finish_reason` "cancelled" and free the model. Idempotent."""


def check_request(request: Request, info: ModelInfo) -> None:
    """Raise `CoderError` unless a model with this `info` can serve `request`."""
    if request.max_tokens < 0:
        raise CoderError("max_tokens must be 0 or more.")
    check_tokens(request.prompt, info, room=request.max_tokens)
    _check_sampling(request.sampling, info.vocabulary_size)


def check_tokens(tokens: Sequence[int], info: ModelInfo, *, room: int = 0) -> None:
    """Raise `CoderError` unless `tokens` are of the vocabulary and fit the window with `room` tokens after them."""
    if not tokens:
        raise CoderError("The prompt is empty: give it at least one token.", code="empty_prompt")
    if len(tokens) + room > info.context_length:
        asked = f"{len(tokens)} tokens of prompt and {room} of answer" if room else f"{len(tokens)} tokens"
        raise CoderError(
            f"{asked} do not fit the window of {info.context_length} tokens: shorten the text or ask for less.",
            code="context_length_exceeded",
        )
    if min(tokens) < 0 or max(tokens) >= info.vocabulary_size:
        raise CoderError(
            f"A token id is outside of the vocabulary (0 to {info.vocabulary_size - 1}).", code="bad_token"
        )


def _check_sampling(options: SamplingOptions, vocabulary_size: int) -> None:
    ranges = {
        "temperature": (options.temperature, 0.0, 2.0),
        "top_p": (options.top_p, 0.0, 1.0),
        "min_p": (options.min_p, 0.0, 1.0),
        "presence_penalty": (options.presence_penalty, -2.0, 2.0),
        "frequency_penalty": (options.frequency_penalty, -2.0, 2.0),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise CoderError(f"{name} is {value}, but must lie between {low:g} and {high:g}.", code="bad_sampling")
    if options.top_p == 0:
        raise CoderError("top_p is 0, but must be above 0.", code="bad_sampling")
    if options.top_k < 0:
        raise CoderError(f"top_k is {options.top_k}, but must be 0 (off) or more.", code="bad_sampling")
    for token, bias in options.logit_bias.items():
        if not 0 <= token < vocabulary_size or not -100 <= bias <= 100:
            message = f"logit_bias {token}: {bias} must name a token of the vocabulary and lie between -100 and 100."
            raise CoderError(message, code="bad_sampling")
