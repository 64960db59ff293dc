"""The request bodies of the OpenAI API that we take, as typed values.

Follows OpenAI's API reference (chat/create, completions/create). `top_k` and `min_p` are additions that other local
servers share. What happens to fields that are not here is decided in `server/openai/parameters.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from inference.engine.engine import ModelInfo, SamplingOptions
from server.openai.errors import bad_request
from server.openai.parameters import check_extras

MAX_STOPS = 16


def check_text(text: str) -> str:
    """JSON can spell half a surrogate pair, which is no text: UTF-8 has no bytes for it."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("is not valid Unicode: it has half of a surrogate pair")
    return text


def read_stops(value: Any) -> tuple[str, ...]:
    """The stop strings: nothing, one string, or a list of them."""
    stops = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    if stops is None:
        return ()
    if not isinstance(stops, tuple) or not all(isinstance(stop, str) and stop for stop in stops):
        raise ValueError("must be a string or a list of strings, none of them empty")
    if len(stops) > MAX_STOPS:
        raise ValueError(f"takes at most {MAX_STOPS} strings")
    return tuple(map(check_text, stops))


def read_content(value: Any) -> str:
    """The text of a message: a string, or a list of text parts."""
    if isinstance(value, str):
        return check_text(value)
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise ValueError("must be a string or a list of text parts")
    if any(part.get("type") not in ("text", "input_text") for part in value):
        raise ValueError("only parts of type text are supported; this model cannot see images or hear audio")
    texts = [part.get("text") for part in value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a part of type text needs the field text, a string")
    return check_text("".join(map(str, texts)))


def read_prompt(value: Any) -> str | list[int]:
    """The prompt of a completion: a string, token ids, or a list of exactly one of these."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | list):
        value = value[0]
    if isinstance(value, str):
        return check_text(value)
    if isinstance(value, list) and value and all(type(token) is int for token in value):
        return value
    raise ValueError("must be one prompt: a string, a list of one string, or a list of token ids")


class Body(BaseModel):
    """A request body: JSON types as they are, no coercion; unknown fields are kept for `check_extras`."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class StreamOptions(Body):
    """`include_usage`: a last event with the token counts."""

    include_usage: bool | None = None


class GenerationBody(Body):
    """What chat and text completions share. Ranges are those of OpenAI's reference."""

    model: Annotated[str, AfterValidator(check_text)] = "coder"
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[tuple[str, ...], BeforeValidator(read_stops)] = ()
    n: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def wants_usage(self) -> bool:
        """True when a stream shall end with the token counts."""
        return bool(self.stream_options and self.stream_options.include_usage)

    @property
    def token_limit(self) -> int | None:
        """The longest answer that was asked for."""
        return self.max_tokens

    def check_supported(self) -> None:
        """Refuse what this server would have to ignore; raises `ApiError`."""
        if self.n not in (None, 1):
            raise bad_request("n must be 1: one answer is written for a request", param="n", code="unsupported_value")
        if self.stream_options is not None and not self.stream:
            raise bad_request("stream_options needs stream: true", param="stream_options", code="invalid_value")
        check_extras(self.model_extra or {}, type(self).model_fields)

    def sampling(self, info: ModelInfo) -> SamplingOptions:
        """How to choose tokens; what was not asked for stays at the engine's defaults."""
        names = ("temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        seed = None if self.seed is None else self.seed % 2**32
        return SamplingOptions(**given, seed=seed, logit_bias=_token_bias(self.logit_bias or {}, info.vocabulary_size))


class ChatMessage(Body):
    """One message of a conversation; `content` may also be given as a list of text parts."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, BeforeValidator(read_content)]


class ChatBody(GenerationBody):
    """`POST /v1/chat/completions`."""

    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    response_format: dict[str, JsonValue] | None = None

    @property
    def token_limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    def check_supported(self) -> None:
        super().check_supported()
        if self.response_format is not None and self.response_format.get("type") != "text":
            message = 'only response_format {"type": "text"} is supported; ask for JSON in the messages'
            raise bad_request(message, param="response_format", code="unsupported_value")
        for index, message_body in enumerate(self.messages):
            if (message_body.model_extra or {}).get("tool_calls"):
                param = f"messages[{index}].tool_calls"
                raise bad_request("tool calls are not supported", param=param, code="unsupported_parameter")


class CompletionBody(GenerationBody):
    """`POST /v1/completions`: `prompt` is a text, a list of one, or token ids; `suffix` follows the middle."""

    prompt: Annotated[str | list[int], BeforeValidator(read_prompt)]
    suffix: Annotated[str, AfterValidator(check_text)] | None = None
    echo: bool | None = None


def _token_bias(bias: Mapping[str, float], vocabulary_size: int) -> dict[int, float]:
    for token in bias:
        if not (token.isascii() and token.isdigit() and len(token) < 10 and int(token) < vocabulary_size):
            message = f"logit_bias: its keys must be token ids below {vocabulary_size}"
            raise bad_request(message, param="logit_bias", code="invalid_value")
    return {int(token): value for token, value in bias.items()}
