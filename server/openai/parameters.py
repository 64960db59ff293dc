"""What we say to request fields that we do not take.

Harmless ones are ignored. Known ones that would change the answer are refused with the reason, unless their value
asks for nothing. Unknown ones are refused with the nearest known name. None is ever silently dropped.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from server.openai.errors import ApiError, bad_request

#: Fields that change nothing about the answer.
HARMLESS = frozenset(
    {
        *("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "cache_prompt"),
        *("prompt_cache_retention", "parallel_tool_calls", "reasoning_effort", "verbosity"),
    }
)

#: Fields that would change the answer, and why they cannot.
UNSUPPORTED: Mapping[str, str] = {
    "tools": "tools are not supported; describe the task in the messages",
    "tool_choice": "tools are not supported; describe the task in the messages",
    "functions": "functions are not supported; describe the task in the messages",
    "function_call": "functions are not supported; describe the task in the messages",
    "logprobs": "log probabilities are not supported; leave logprobs out",
    "top_logprobs": "log probabilities are not supported; leave top_logprobs out",
    "audio": "audio is not supported; this model reads and writes text",
    "modalities": "only the modality text is supported",
    "prediction": "predicted outputs are not supported; leave prediction out",
    "web_search_options": "web search is not supported; this server works offline",
    "best_of": "only one answer is written for a request; leave best_of out",
}

#: Values, as JSON, that ask an unsupported field for nothing.
_NOTHING = frozenset({"null", "false", "[]", "{}"})
_NOTHING_FOR: Mapping[str, frozenset[str]] = {
    "tool_choice": frozenset({'"none"', '"auto"'}),
    "function_call": frozenset({'"none"', '"auto"'}),
    "top_logprobs": frozenset({"0"}),
    "modalities": frozenset({'["text"]'}),
    "best_of": frozenset({"1"}),
}


def check_extras(extras: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse the first of `extras` that may not be ignored; raises `ApiError`. `known` are the fields that we take."""
    for name, value in extras.items():
        if name in HARMLESS:
            continue
        if name not in UNSUPPORTED:
            raise unknown_parameter(name, known)
        if json.dumps(value) not in _NOTHING | _NOTHING_FOR.get(name, frozenset()):
            raise bad_request(UNSUPPORTED[name], param=name, code="unsupported_parameter")


def unknown_parameter(name: str, known: Iterable[str]) -> ApiError:
    """A 400 that names the nearest known field."""
    near = difflib.get_close_matches(name, [*known, *UNSUPPORTED], 1)
    hint = f"; did you mean {near[0]}?" if near else "; leave it out"
    shown = ascii(name[:60])[1:-1]
    return bad_request(f"unknown parameter {shown}{hint}", param=shown, code="unknown_parameter")
