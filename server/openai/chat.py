"""`POST /v1/chat/completions`: messages in, the assistant's next message out (OpenAI's API reference, chat/create).

`coder` drops the oldest turns of a conversation that does not fit, and says which in `coder.context`; `coder-raw`
refuses it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from inference.assistant.context import Context, fit_context, whole_context
from inference.chat import ChatFormat, Message
from inference.engine import engine as engines
from server.openai.models import ASSISTANT, check_model, engine_of
from server.openai.schemas import ChatBody
from server.openai.stream import Json, deliver

#: Tokens that the assistant writes at most when the request does not say.
DEFAULT_ANSWER_TOKENS = 1024

router = APIRouter(tags=["OpenAI"])


@router.post("/v1/chat/completions", summary="The next message of a conversation")
async def create_chat_completion(body: ChatBody, request: Request) -> Response:
    """A `chat.completion`, or with `stream` its chunks as server-sent events.

    With `coder`, the field `coder` says what of the conversation was kept: `{"kind": "answer", "context": {"given",
    "kept", "dropped"}}`, in a stream on the first chunk; `given` and `kept` are tokens.
    """
    check_model(body.model)
    body.check_supported()
    engine = engine_of(request)
    prepared, context = await run_in_threadpool(_prepare, engine, body)
    reply = ChatReply(model=body.model, extra=_report(context) if body.model == ASSISTANT else {})
    generation = engine.submit(prepared)
    return await deliver(request, generation, reply, stream=bool(body.stream), usage=body.wants_usage)


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """OpenAI's `chat.completion` and `chat.completion.chunk`, with our `extra` fields on the first."""

    model: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, text: str, finish_reason: str, usage: Json) -> Json:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return {**self._envelope("chat.completion"), "choices": [choice], "usage": usage, **self.extra}

    def opening(self) -> Json:
        return {**self._chunk({"role": "assistant", "content": ""}), **self.extra}

    def piece(self, text: str) -> Json:
        return self._chunk({"content": text})

    def ending(self, finish_reason: str) -> Json:
        return self._chunk({}, finish_reason)

    def usage(self, usage: Json) -> Json:
        return {**self._envelope("chat.completion.chunk"), "choices": [], "usage": usage}

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**self._envelope("chat.completion.chunk"), "choices": [choice]}

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _prepare(engine: engines.Engine, body: ChatBody) -> tuple[engines.Request, Context]:
    """The request for the engine. Templates and tokenizing take a while for long conversations, so not on the loop."""
    chat_format = ChatFormat(engine.info)
    messages = [Message("system" if m.role == "developer" else m.role, m.content) for m in body.messages]
    window = engine.info.context_length
    if body.model == ASSISTANT:
        wanted = body.token_limit or DEFAULT_ANSWER_TOKENS
        context = fit_context(engine, chat_format, messages, reserve=min(wanted, window // 4))
    else:
        wanted = body.token_limit or window
        context = whole_context(engine, chat_format, messages)
    prepared = engines.Request(
        prompt=context.prompt,
        max_tokens=min(wanted, window - len(context.prompt)),
        sampling=body.sampling(engine.info),
        stop=(*chat_format.stop, *body.stop),
    )
    return prepared, context


def _report(context: Context) -> dict[str, Any]:
    dropped = [{"message": gone.index, "role": gone.role, "tokens": gone.tokens} for gone in context.dropped]
    return {"coder": {"kind": "answer", "context": {"given": context.given, "kept": context.kept, "dropped": dropped}}}
