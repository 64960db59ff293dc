"""Delivering a generation over HTTP: whole, or as server-sent events; and stopping it when the client is gone.

Format: `data: {json}` and an empty line for each event, `data: [DONE]` at the end (WHATWG HTML 9.2, OpenAI's streaming
reference). What an event looks like is the `Reply`'s concern.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from inference.engine.generation import Generation, Usage
from server.openai.errors import ApiError
from server.running import RunningGenerations

Json = Mapping[str, Any]

DONE = b"data: [DONE]\n\n"


class Reply(Protocol):
    """The JSON of one kind of answer, whole and in pieces."""

    def whole(self, text: str, finish_reason: str, usage: Json) -> Json:
        """The answer of a request that does not stream."""

    def opening(self) -> Json:
        """The first event."""

    def piece(self, text: str) -> Json:
        """An event with more text."""

    def ending(self, finish_reason: str) -> Json:
        """The last event with a choice."""

    def usage(self, usage: Json) -> Json:
        """The event after that, for those who asked for the token counts."""


async def deliver(request: Request, generation: Generation, reply: Reply, *, stream: bool, usage: bool) -> Response:
    """Answer `request` with `generation`. Decoding stops within one token when the client goes away."""
    running: RunningGenerations = request.app.state.running
    if stream:
        return EventStream(generation, reply, running, with_usage=usage)
    with running.track(generation):
        async with cancelling_when_gone(request.receive, generation):
            text = "".join([chunk.text async for chunk in generation])
    failure = failure_of(generation)
    if failure is not None:
        raise failure
    return JSONResponse(reply.whole(text, str(generation.finish_reason), usage_body(generation.usage)))


class EventStream(StreamingResponse):
    """A generation as server-sent events. An error after the first event becomes an event itself."""

    media_type = "text/event-stream"

    def __init__(self, generation: Generation, reply: Reply, running: RunningGenerations, *, with_usage: bool) -> None:
        self._generation = generation
        self._reply = reply
        self._running = running
        self._with_usage = with_usage
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(self._events(), headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._running.track(self._generation):
            async with cancelling_when_gone(receive, self._generation):
                await self.stream_response(send)

    async def _events(self) -> AsyncIterator[bytes]:
        yield self._event(self._reply.opening())
        async for chunk in self._generation:
            if not self._generation.cancelled:
                yield self._event(self._reply.piece(chunk.text))
        failure = failure_of(self._generation)
        if failure is not None:
            yield _event(failure.body())
        else:
            yield self._event(self._reply.ending(str(self._generation.finish_reason)))
            if self._with_usage:
                yield _event(self._reply.usage(usage_body(self._generation.usage)))
        yield DONE

    def _event(self, body: Json) -> bytes:
        """With usage asked for, every event has the field, null but in the last."""
        return _event({**body, "usage": None} if self._with_usage else body)


@asynccontextmanager
async def cancelling_when_gone(receive: Receive, generation: Generation) -> AsyncIterator[None]:
    """While the block runs, cancel `generation` as soon as the client disconnects. The request's body must be read."""
    watcher = asyncio.create_task(_cancel_when_gone(receive, generation))
    try:
        yield
    finally:
        watcher.cancel()


def usage_body(usage: Usage | None) -> Json:
    """Token counts in OpenAI's form."""
    assert usage is not None, "a finished generation has its usage"
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def failure_of(generation: Generation) -> ApiError | None:
    """What went wrong with a finished generation, if anything did."""
    if generation.finish_reason == "error":
        return ApiError(500, f"the model failed: {generation.error}", code="engine_error")
    if generation.finish_reason == "cancelled":
        return ApiError(503, "the answer was cut off because the server is stopping", code="cancelled")
    return None


async def _cancel_when_gone(receive: Receive, generation: Generation) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    generation.cancel()


def _event(body: Json) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
