"""Ghost text over an `Engine`: a cursor in, one cancellable suggestion out.

Fits prefix and suffix into the model's window at line borders, asks with the highest priority, stops the model as
soon as more text would be cut off anyway, and always says why a suggestion is empty. The prompt is
`tasks/complete.py`'s; what of the answer is shown is decided in `inference/assistant/ghost_text.py`. It knows no
editor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from inference.assistant.ghost_text import EmptyReason, Suggestion, empty, has_surplus, rest_of_line, shape
from inference.engine.engine import GREEDY, Engine, Priority, Request
from inference.engine.generation import Generation
from languages.errors import CoderError
from tasks import complete as complete_task
from tasks.complete import CursorContext

#: Tokens of one suggestion, and of the text around the cursor that the model reads.
MAX_TOKENS = 48
PROMPT_TOKENS = 1024
#: The window's front moves in steps of this many characters, so that the engine's prefix cache survives typing.
_STEP = 1024
#: No token of code is longer on average, so more characters than this a token never fit.
_CHARACTERS_PER_TOKEN = 6
#: Tokens kept free for the control tokens of the prompt.
_MARGIN = 8


def complete(
    engine: Engine | None,
    context: CursorContext,
    *,
    max_tokens: int = MAX_TOKENS,
    prompt_tokens: int = PROMPT_TOKENS,
) -> Completion:
    """Start writing at a cursor. Never raises: what goes wrong is the suggestion's reason.

    `prompt_tokens` bounds what the model reads of the file, whatever its size; the model's window bounds both numbers.
    """
    if engine is None:
        return Completion(context, settled=empty(EmptyReason.NO_MODEL))
    info = engine.info
    max_tokens = max(1, min(max_tokens, info.context_length // 4))
    room = max(1, min(prompt_tokens, info.context_length - max_tokens - _MARGIN))
    fills = info.controls.can_fill_in_the_middle
    seen, indent = visible(context, room, engine.tokenize, fills=fills)
    if not seen.prefix and not fills:
        return Completion(context, settled=empty(EmptyReason.NOTHING_BEFORE_CURSOR))
    try:
        return Completion(context, engine.submit(_request(engine, seen, max_tokens)), indent=indent)
    except CoderError as error:
        return Completion(context, settled=empty(EmptyReason.ENGINE_ERROR, error.message))


class Completion:
    """One suggestion while it is written. `result` and `wait` may be called once, one of them."""

    def __init__(
        self,
        context: CursorContext,
        generation: Generation | None = None,
        *,
        indent: str = "",
        settled: Suggestion | None = None,
    ) -> None:
        self._context = context
        self._generation = generation
        self._indent = indent
        self._settled = settled
        self._ended_by: EmptyReason | None = None
        self._enough = False
        self._text = ""

    def cancel(self) -> None:
        """Stop the engine within one token; the suggestion is then empty. Idempotent, from any thread."""
        self._end(EmptyReason.CANCELLED)

    def result(self, timeout: float | None = None) -> Suggestion:
        """Wait for the suggestion. After `timeout` seconds: what is there by then."""
        if self._generation is None:
            return self._suggestion()
        timer = threading.Timer(timeout or 0.0, self._end, (EmptyReason.TIMEOUT,))
        timer.daemon = True
        if timeout is not None:
            timer.start()
        try:
            for chunk in self._generation:
                self._take(chunk.text)
        finally:
            timer.cancel()
            self._generation.cancel()
        return self._suggestion()

    async def wait(self, timeout: float | None = None) -> Suggestion:  # noqa: ASYNC109 - partial text is a result
        """As `result`, for a running event loop. Cancelling the awaiting task cancels the engine's work."""
        if self._generation is None:
            return self._suggestion()
        loop = asyncio.get_running_loop()
        timer = None if timeout is None else loop.call_later(timeout, self._end, EmptyReason.TIMEOUT)
        try:
            async for chunk in self._generation:
                self._take(chunk.text)
        finally:
            if timer is not None:
                timer.cancel()
            self._generation.cancel()
        return self._suggestion()

    def _end(self, reason: EmptyReason) -> None:
        self._ended_by = self._ended_by or reason
        if self._generation is not None:
            self._generation.cancel()

    def _take(self, text: str) -> None:
        self._text += text
        if self._generation and "\n" in text and has_surplus(self._text, self._context, indent=self._indent):
            self._enough = True
            self._generation.cancel()

    def _suggestion(self) -> Suggestion:
        generation = self._generation
        if self._settled is not None or generation is None:
            return self._settled or empty(EmptyReason.NO_MODEL)
        if self._ended_by is EmptyReason.CANCELLED:
            return empty(EmptyReason.CANCELLED)
        if generation.finish_reason == "error":
            return empty(EmptyReason.ENGINE_ERROR, generation.error or "")
        timed_out = self._ended_by is EmptyReason.TIMEOUT
        if generation.finish_reason == "cancelled" and not (timed_out or self._enough):
            return empty(EmptyReason.CANCELLED)
        unfinished = not self._enough and (timed_out or generation.finish_reason == "length")
        suggestion = shape(self._text, self._context, indent=self._indent, unfinished=unfinished)
        return empty(EmptyReason.TIMEOUT) if timed_out and not suggestion.text else suggestion


def visible(
    context: CursorContext, room: int, tokenize: Callable[[str], list[int]], *, fills: bool
) -> tuple[CursorContext, str]:
    """What of `context` the model is shown in `room` tokens, and the white space before the cursor that it must write.

    `fills`: the model reads the suffix too, which then gets a quarter of the room.
    """
    seen, indent = (context, "") if fills else _without_trailing_space(context)
    suffix_room = room // 4 if fills else 0
    suffix = head(seen.suffix, suffix_room, tokenize) if fills else seen.suffix
    return replace(seen, prefix=tail(seen.prefix, room - suffix_room, tokenize), suffix=suffix), indent


def stop_strings(context: CursorContext) -> tuple[str, ...]:
    """Where a suggestion ends at the latest: at the line's end inside a line, else at an empty line."""
    return ("\n",) if rest_of_line(context.suffix) else ("\n\n",)


def _request(engine: Engine, seen: CursorContext, max_tokens: int) -> Request:
    prompt = complete_task.prompt(seen, engine.info.controls)
    return Request(
        prompt=tuple(prompt.token_ids(engine.tokenize, engine.info.controls)),
        max_tokens=max_tokens,
        sampling=GREEDY,
        stop=prompt.stop + stop_strings(seen),
        priority=Priority.INLINE,
    )


def _without_trailing_space(context: CursorContext) -> tuple[CursorContext, str]:
    """The context without the blanks right before the cursor, and those blanks.

    Tokenizers glue a space to the word after it, so a model that reads a trailing space has never seen how to go on.
    """
    bare = context.prefix.rstrip(" \t")
    return replace(context, prefix=bare), context.prefix[len(bare) :]


def tail(text: str, max_tokens: int, tokenize: Callable[[str], list[int]]) -> str:
    """The end of `text` in at most `max_tokens` tokens, from a line border that stays put while a person types."""
    surplus = len(text) - max_tokens * _CHARACTERS_PER_TOKEN
    piece = _from_line(text, -(-surplus // _STEP) * _STEP) if surplus > 0 else text
    while piece and len(tokenize(piece)) > max_tokens:
        piece = _from_line(piece, max(1, min(_STEP, len(piece) // 2)))
    return piece


def head(text: str, max_tokens: int, tokenize: Callable[[str], list[int]]) -> str:
    """The start of `text` in at most `max_tokens` tokens, up to a line border where there is one."""
    piece = text[: max_tokens * _CHARACTERS_PER_TOKEN]
    while piece and (len(piece) < len(text) or len(tokenize(piece)) > max_tokens):
        border = piece.rfind("\n", 0, -1) + 1
        shorter = piece[: border or len(piece) // 2]
        if len(tokenize(shorter)) <= max_tokens:
            return shorter
        piece = shorter
    return piece


def _from_line(text: str, offset: int) -> str:
    """`text` from the first line that starts at or after `offset`; from `offset` when no line does."""
    border = text.find("\n", max(offset - 1, 0))
    return text[border + 1 :] if border != -1 and border + 1 < len(text) else text[offset:]
