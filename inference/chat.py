"""Chat templates: messages -> the prompt's token ids.

The template comes from the GGUF file (Jinja, as Hugging Face's `apply_chat_template` renders it) and runs in a sandbox.
What people write never becomes a special token: the template is rendered around unguessable marks, its own text is
tokenised with special tokens, and each message's content without. It does not know what is in the window; `assistant/`
decides that.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from inference.engine.engine import ModelInfo
from languages.errors import CoderError

if TYPE_CHECKING:
    from jinja2 import Template

#: ChatML, for models whose file carries no template.
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `role` is "system", "user", "assistant" or whatever else the template knows."""

    role: str
    content: str


class Tokenize(Protocol):
    """`Engine.tokenize`."""

    def __call__(self, text: str, *, special: bool = False) -> list[int]:
        """Vocabulary ids of `text`."""


class ChatFormat:
    """How one model wants to be talked to."""

    def __init__(self, info: ModelInfo) -> None:
        """Raises `CoderError` when the model's template is not valid Jinja."""
        self._info = info
        self._template = _compile(info.chat_template or CHATML)

    @property
    def stop(self) -> tuple[str, ...]:
        """Strings that end an answer: none when the file has a template, whose end marks are end tokens."""
        return () if self._info.chat_template else ("<|im_end|>", "<|im_start|>")

    def token_ids(
        self, messages: Sequence[Message], tokenize: Tokenize, *, add_generation_prompt: bool = True
    ) -> tuple[int, ...]:
        """The prompt for the next answer. Raises `CoderError` when the template refuses the messages."""
        if not messages:
            raise CoderError("The conversation is empty: send at least one message.", code="bad_messages")
        nonce = secrets.token_hex(12)
        marks = [f"\ue000{nonce}{index}\ue001" for index in range(len(messages))]
        rendered = self._render(
            [Message(m.role, mark) for m, mark in zip(messages, marks, strict=True)], add_generation_prompt
        )
        contents = self._contents(messages, marks, rendered, add_generation_prompt)
        ids: list[int] = [] if self._info.bos_id is None else [self._info.bos_id]
        for piece in re.split(f"(\ue000{nonce}\\d+\ue001)", rendered):
            content = contents.get(piece)
            if content is not None:
                ids += tokenize(content)
            elif piece:
                written = tokenize(piece, special=True)
                ids += written[1:] if len(ids) == 1 and written[:1] == ids else written
        return tuple(ids)

    def text(self, messages: Sequence[Message], *, add_generation_prompt: bool = True) -> str:
        """The prompt as text, contents in place: for people to read, not for the model."""
        return self._render(messages, add_generation_prompt)

    def _contents(
        self, messages: Sequence[Message], marks: Sequence[str], rendered: str, add_generation_prompt: bool
    ) -> Mapping[str, str]:
        """What stands at each mark: the content, stripped where the template would have stripped it."""
        plain = dict(zip(marks, (message.content for message in messages), strict=True))
        stripped = {mark: content.strip() for mark, content in plain.items()}
        if stripped == plain:
            return plain
        wanted = self._render(messages, add_generation_prompt)
        return stripped if wanted == _substitute(rendered, stripped) else plain

    def _render(self, messages: Sequence[Message], add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            return self._template.render(
                messages=[{"role": message.role, "content": message.content} for message in messages],
                add_generation_prompt=add_generation_prompt,
                bos_token=self._info.bos_token,
                eos_token=self._info.eos_token,
                tools=None,
                documents=None,
            )
        except (TemplateError, TypeError, ValueError, KeyError, OverflowError) as error:
            raise CoderError(
                f"The model's chat template refuses these messages: {error}.", code="bad_messages"
            ) from error


def _substitute(rendered: str, contents: Mapping[str, str]) -> str:
    for mark, content in contents.items():
        rendered = rendered.replace(mark, content)
    return rendered


def _compile(source: str) -> Template:
    """A template with what Hugging Face's renderer offers, in a sandbox that cannot change its arguments."""
    from jinja2 import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    try:
        return environment.from_string(source)
    except TemplateError as error:
        message = f"The model's chat template is not valid Jinja ({error}): export the model again with a working one."
        raise CoderError(message, code="bad_chat_template") from error


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    """Jinja's own `tojson` escapes HTML; templates expect plain JSON."""
    import json

    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _raise_exception(message: str) -> None:
    from jinja2 import TemplateError

    raise TemplateError(message)
