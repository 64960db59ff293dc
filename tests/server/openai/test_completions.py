from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from inference.engine.scripted import ScriptedEngine
from tasks.tokens import Control, ControlIds
from tests.server.harness import error_of

FIM = ControlIds({Control.FIM_PREFIX: 300, Control.FIM_SUFFIX: 301, Control.FIM_MIDDLE: 302})


def complete(client: TestClient, **fields: Any) -> Any:
    return client.post("/v1/completions", json={"model": "coder-raw", **fields})


@pytest.mark.parametrize("prompt", ["def f", ["def f"], list(b"def f"), [list(b"def f")]])
def test_every_form_of_one_prompt(client: TestClient, engine: ScriptedEngine, prompt: Any) -> None:
    engine.say("():")
    body = complete(client, prompt=prompt).json()
    assert body["object"] == "text_completion"
    assert body["choices"] == [{"text": "():", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert engine.prompt_text() == "def f"
    assert body["usage"]["prompt_tokens"] == 5


def test_a_stream(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("ab")
    text = complete(client, prompt="x", stream=True, stream_options={"include_usage": True}).text
    lines = text.strip().split("\n\n")
    assert lines.pop() == "data: [DONE]"
    parts = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [choice["text"] for part in parts for choice in part["choices"]] == ["", "a", "b", ""]
    assert parts[-1]["usage"]["completion_tokens"] == 2


def test_echo_gives_the_prompt_first(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("b", "b")
    assert complete(client, prompt="a", echo=True).json()["choices"][0]["text"] == "ab"
    assert complete(client, prompt=[97], echo=True).json()["choices"][0]["text"] == "ab"


def test_a_suffix_is_filled_in(client: TestClient, engine: ScriptedEngine) -> None:
    engine.with_heads({}, FIM).say("middle")
    assert complete(client, prompt="A", suffix="B").json()["choices"][0]["text"] == "middle"
    assert engine.requests[0].prompt == (300, ord("A"), 301, ord("B"), 302)


def test_a_suffix_without_fim_tokens_is_refused(client: TestClient, engine: ScriptedEngine) -> None:
    error = error_of(complete(client, prompt="A", suffix="B"))
    assert (error["param"], error["code"]) == ("suffix", "unsupported_parameter")
    assert "fill in the middle" in str(error["message"])
    assert engine.requests == []


def test_a_prompt_over_the_window(client: TestClient) -> None:
    error = error_of(complete(client, prompt="x" * 5000))
    assert (error["param"], error["code"]) == ("prompt", "context_length_exceeded")
    assert "5000" in str(error["message"])


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ["a", "b"]},
        {"prompt": []},
        {"prompt": ""},
        {"prompt": [1, "a"]},
        {"prompt": [True]},
        {"prompt": [9999]},
        {"prompt": [-1]},
        {"prompt": None},
        {"prompt": {"a": 1}},
        {},
    ],
)
def test_bad_prompts(client: TestClient, engine: ScriptedEngine, fields: dict[str, Any]) -> None:
    response = complete(client, **fields)
    assert response.status_code == 400
    assert error_of(response)["param"] == "prompt"
    assert engine.requests == []


@pytest.mark.parametrize("fields", [{"best_of": 2}, {"logprobs": 0}, {"n": 2}])
def test_what_cannot_be_honoured(client: TestClient, fields: dict[str, Any]) -> None:
    response = complete(client, prompt="a", **fields)
    assert response.status_code == 400
    assert error_of(response)["param"] == next(iter(fields))
