"""`POST /v1/completions`: text in, its continuation out; with `suffix`, what belongs between the two.

Follows OpenAI's API reference (completions/create). The fill-in-the-middle prompt is `tasks/complete.py`'s. With
`coder-raw` the names of special tokens in a text prompt become those tokens, so that any prompt format can be
written; with `coder` text is text.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from inference.engine import engine as engines
from server.openai.errors import bad_request
from server.openai.models import RAW, check_model, engine_of
from server.openai.schemas import CompletionBody
from server.openai.stream import Json, deliver
from tasks import complete
from tasks.task import Prompt

router = APIRouter(tags=["OpenAI"])


@router.post("/v1/completions", summary="The continuation of a text")
async def create_completion(body: CompletionBody, request: Request) -> Response:
    """A `text_completion`, or with `stream` its pieces as server-sent events."""
    check_model(body.model)
    body.check_supported()
    engine = engine_of(request)
    prepared = await run_in_threadpool(_prepare, engine, body)
    reply = TextReply(model=body.model, echo=_prompt_text(engine, body) if body.echo else "")
    generation = engine.submit(prepared)
    return await deliver(request, generation, reply, stream=bool(body.stream), usage=body.wants_usage)


@dataclass(frozen=True, kw_only=True)
class TextReply:
    """OpenAI's `text_completion`, whole and in pieces. `echo` is written before the model's text."""

    model: str
    echo: str = ""
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, text: str, finish_reason: str, usage: Json) -> Json:
        return {**self._event(self.echo + text, finish_reason), "usage": usage}

    def opening(self) -> Json:
        return self._event(self.echo)

    def piece(self, text: str) -> Json:
        return self._event(text)

    def ending(self, finish_reason: str) -> Json:
        return self._event("", finish_reason)

    def usage(self, usage: Json) -> Json:
        return {**self._event(""), "choices": [], "usage": usage}

    def _event(self, text: str, finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish_reason}
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "choices": [choice],
        }


def _prepare(engine: engines.Engine, body: CompletionBody) -> engines.Request:
    # An empty suffix asks nothing of a model without FIM tokens: it continues the text.
    fills = body.suffix is not None and (body.suffix != "" or engine.info.controls.can_fill_in_the_middle)
    prompt = _fill_in_the_middle(engine, body) if fills else Prompt(())
    tokens = prompt.token_ids(engine.tokenize, engine.info.controls) or _continue(engine, body)
    window = engine.info.context_length
    if len(tokens) >= window:
        message = (
            f"the prompt has {len(tokens)} tokens and the window of this model {window}, "
            "one of which the answer needs; send a shorter prompt"
        )
        raise bad_request(message, param="prompt", code="context_length_exceeded")
    return engines.Request(
        prompt=tuple(tokens),
        max_tokens=min(body.token_limit or window, window - len(tokens)),
        sampling=body.sampling(engine.info),
        stop=(*prompt.stop, *body.stop),
    )


def _fill_in_the_middle(engine: engines.Engine, body: CompletionBody) -> Prompt:
    if not engine.info.controls.can_fill_in_the_middle:
        message = (
            f"{engine.info.name} was not trained to fill in the middle, so it cannot use suffix; "
            "leave suffix out, or serve a model with FIM tokens"
        )
        raise bad_request(message, param="suffix", code="unsupported_parameter")
    if not isinstance(body.prompt, str):
        raise bad_request("with suffix, prompt must be text, not token ids", param="prompt", code="invalid_value")
    context = complete.CursorContext(body.prompt, body.suffix or "")
    return complete.prompt(context, engine.info.controls)


def _continue(engine: engines.Engine, body: CompletionBody) -> list[int]:
    if isinstance(body.prompt, str):
        tokens = engine.tokenize(body.prompt, special=body.model == RAW)
        if not tokens:
            raise bad_request("the prompt is empty; give the model a text to continue", param="prompt")
        bos_id = engine.info.bos_id
        return tokens if bos_id is None or tokens[0] == bos_id else [bos_id, *tokens]
    size = engine.info.vocabulary_size
    if not all(0 <= token < size for token in body.prompt):
        message = f"prompt: a token id must be from 0 to {size - 1} with this model"
        raise bad_request(message, param="prompt", code="invalid_value")
    return body.prompt


def _prompt_text(engine: engines.Engine, body: CompletionBody) -> str:
    if isinstance(body.prompt, str):
        return body.prompt
    return b"".join(map(engine.token_bytes, body.prompt)).decode(errors="replace")
