"""Fitting a conversation into the window, and saying what was left out.

The oldest turns go first, whole: a question with everything that was said to it. System messages and the last turn
stay. Nothing is ever cut in silence: what went is in `Context.dropped`, and what cannot fit is an error with the
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.chat import ChatFormat, Message
from inference.engine.engine import Engine
from languages.errors import CoderError


@dataclass(frozen=True, slots=True)
class DroppedMessage:
    """A message that was left out: its 0-based place in the conversation, who said it, and its tokens."""

    index: int
    role: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Context:
    """What the model gets to see. `given` and `kept` are tokens, before and after dropping; `prompt` has `kept` ids."""

    prompt: tuple[int, ...]
    given: int
    kept: int
    dropped: tuple[DroppedMessage, ...] = ()


def fit_context(engine: Engine, chat_format: ChatFormat, messages: Sequence[Message], *, reserve: int) -> Context:
    """The newest turns of `messages` that leave `reserve` tokens of the window free for the answer.

    When the last turn alone does not leave that many, it gets what there is. Raises `CoderError`
    (`context_length_exceeded`) when even it does not fit.
    """
    window = engine.info.context_length
    whole = _prompt(engine, chat_format, messages)
    if len(whole) <= window - reserve:
        return Context(whole, given=len(whole), kept=len(whole))
    sizes = [len(engine.tokenize(message.content)) for message in messages]
    starts = turn_starts(messages)
    turn = _first_turn(messages, starts, sizes, len(whole), window - reserve)
    prompt = _prompt(engine, chat_format, _without(messages, starts[turn]))
    while len(prompt) > window - reserve and turn < len(starts) - 1:
        turn += 1
        prompt = _prompt(engine, chat_format, _without(messages, starts[turn]))
    _check_fits(prompt, window, "the last message" if turn else "the conversation")
    gone = [index for index in range(starts[turn]) if messages[index].role != "system"]
    dropped = tuple(DroppedMessage(index, messages[index].role, sizes[index]) for index in gone)
    return Context(prompt, given=len(whole), kept=len(prompt), dropped=dropped)


def whole_context(engine: Engine, chat_format: ChatFormat, messages: Sequence[Message]) -> Context:
    """All of `messages`, or a `CoderError` (`context_length_exceeded`)."""
    prompt = _prompt(engine, chat_format, messages)
    _check_fits(prompt, engine.info.context_length, "the conversation")
    return Context(prompt, given=len(prompt), kept=len(prompt))


def turn_starts(messages: Sequence[Message]) -> list[int]:
    """Where turns begin: at each user message that does not follow another user message. The first begins at 0."""
    starts = [
        index
        for index, message in enumerate(messages)
        if message.role == "user" and (index == 0 or messages[index - 1].role != "user")
    ]
    return [0, *starts[1:]]


def _first_turn(
    messages: Sequence[Message], starts: Sequence[int], sizes: Sequence[int], given: int, limit: int
) -> int:
    """The turn to keep from, by arithmetic: tokenizing once for each turn of a long conversation would take minutes."""
    marks = (given - sum(sizes)) / len(messages)  # what the template adds around a message, on average
    left, turn = float(given), 0
    while left > limit and turn < len(starts) - 1:
        leaving = range(starts[turn], starts[turn + 1])
        left -= sum(sizes[index] + marks for index in leaving if messages[index].role != "system")
        turn += 1
    return turn


def _without(messages: Sequence[Message], start: int) -> list[Message]:
    """System messages, and everything from `start` on."""
    return [message for index, message in enumerate(messages) if index >= start or message.role == "system"]


def _prompt(engine: Engine, chat_format: ChatFormat, messages: Sequence[Message]) -> tuple[int, ...]:
    return tuple(chat_format.token_ids(messages, engine.tokenize))


def _check_fits(prompt: Sequence[int], window: int, what: str) -> None:
    if len(prompt) >= window:
        raise CoderError(
            f"{what} has {len(prompt)} tokens and the window of this model {window}, one of which the answer needs; "
            "send a shorter one, or serve a larger window",
            code="context_length_exceeded",
        )
