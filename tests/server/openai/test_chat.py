from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from inference.engine.scripted import INFO, ScriptedEngine
from server.app import create_app
from tests.server.harness import error_of

IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}]
HELLO = [{"role": "user", "content": "Hello"}]


def ask(client: TestClient, **fields: Any) -> Any:
    return client.post("/v1/chat/completions", json={"messages": HELLO, **fields})


def events(text: str) -> list[Any]:
    lines = text.split("\n\n")
    assert lines.pop() == ""
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def small(window: int, *replies: str) -> TestClient:
    app = create_app(ScriptedEngine(*replies, info=replace(INFO, context_length=window)))
    return TestClient(app, base_url="http://127.0.0.1")


def test_a_whole_answer(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("Hi!")
    body = ask(client, model="coder").json()
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == "Hi!"
    assert body["choices"][0]["finish_reason"] == "stop"
    prompt = len(engine.requests[0].prompt)
    assert body["usage"] == {
        "prompt_tokens": prompt,
        "completion_tokens": 3,
        "total_tokens": prompt + 3,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert body["coder"] == {"kind": "answer", "context": {"given": prompt, "kept": prompt, "dropped": []}}


def test_the_raw_model_says_nothing_of_the_assistant(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("Hi!")
    assert "coder" not in ask(client, model="coder-raw").json()


def test_the_template_is_the_models(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("ok")
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    ]
    assert ask(client, messages=messages).status_code == 200
    assert engine.prompt_text() == "<|system|>Be brief.\n<|user|>ab\n<|assistant|>"


def test_a_streamed_answer(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("Hé!")
    response = ask(client, stream=True, stream_options={"include_usage": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    opening, *pieces, ending, usage = events(response.text)
    assert opening["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert opening["coder"]["kind"] == "answer"
    assert "".join(piece["choices"][0]["delta"]["content"] for piece in pieces) == "Hé!"
    assert ending["choices"][0]["finish_reason"] == "stop"
    assert all(event["usage"] is None for event in (opening, *pieces, ending))
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 3
    assert len({event["id"] for event in (opening, *pieces, ending, usage)}) == 1


def test_without_include_usage_there_is_none(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("Hi")
    assert all("usage" not in event for event in events(ask(client, stream=True).text))


def test_sampling_options_reach_the_engine(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("one STOP two")
    response = ask(
        client, temperature=1, top_p=0.5, top_k=3, seed=7, presence_penalty=-1, logit_bias={"65": 2}, stop=[" STOP"],
        max_completion_tokens=9,
    )  # fmt: skip
    assert response.json()["choices"][0]["message"]["content"] == "one"
    asked = engine.requests[0]
    assert (asked.max_tokens, asked.sampling.temperature, asked.sampling.seed) == (9, 1.0, 7)
    assert (asked.sampling.top_p, asked.sampling.top_k, asked.sampling.presence_penalty) == (0.5, 3, -1.0)
    assert asked.sampling.logit_bias == {65: 2.0}


def test_an_answer_has_a_limit_when_none_is_asked_for(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("a", "b")
    ask(client, model="coder")
    ask(client, model="coder-raw")
    assert engine.requests[0].max_tokens == 1024
    assert engine.requests[1].max_tokens == INFO.context_length - len(engine.requests[1].prompt)


def test_max_tokens_over_the_window_is_clamped_and_ends_by_length() -> None:
    with small(64, "x" * 100) as client:
        body = ask(client, model="coder-raw", max_tokens=1000).json()
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["total_tokens"] == 64


@pytest.mark.parametrize("model", ["coder", "coder-raw"])
def test_a_message_over_the_window_is_refused_with_the_numbers(model: str) -> None:
    with small(64) as client:
        response = ask(client, model=model, messages=[{"role": "user", "content": "x" * 100}])
    assert response.status_code == 400
    error = error_of(response)
    assert (error["code"], error["param"]) == ("context_length_exceeded", "messages")
    assert "122 tokens" in str(error["message"])
    assert "64" in str(error["message"])


def test_a_long_conversation_loses_its_oldest_turns_and_says_so() -> None:
    messages = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "old" * 40},
        {"role": "assistant", "content": "answer"},
        {"role": "user", "content": "new"},
    ]
    with small(128, "ok") as client:
        body = ask(client, messages=messages).json()
        raw = ask(client, messages=messages, model="coder-raw")
    context = body["coder"]["context"]
    assert context["dropped"] == [
        {"message": 1, "role": "user", "tokens": 120},
        {"message": 2, "role": "assistant", "tokens": 6},
    ]
    assert context["kept"] == body["usage"]["prompt_tokens"] < 128 < context["given"]
    assert error_of(raw)["code"] == "context_length_exceeded"


@pytest.mark.parametrize(
    ("fields", "status", "param", "code"),
    [
        ({"messages": []}, 400, "messages", "invalid_value"),
        ({"messages": 3}, 400, "messages", "invalid_value"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, 400, "messages[0].content", "missing_parameter"),
        ({"messages": [{"role": "user", "content": None}]}, 400, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": IMAGE}]}, 400, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, 400, "messages[0].content", "invalid_value"),
        ({"temperature": 3}, 400, "temperature", "invalid_value"),
        ({"temperature": "1"}, 400, "temperature", "invalid_value"),
        ({"max_tokens": 0}, 400, "max_tokens", "invalid_value"),
        ({"n": 2}, 400, "n", "unsupported_value"),
        ({"stop": ""}, 400, "stop", "invalid_value"),
        ({"stop": ["x"] * 17}, 400, "stop", "invalid_value"),
        ({"logit_bias": {"99999": 1}}, 400, "logit_bias", "invalid_value"),
        ({"tools": [{"type": "function"}]}, 400, "tools", "unsupported_parameter"),
        ({"logprobs": True}, 400, "logprobs", "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format", "unsupported_value"),
        ({"stream_options": {"include_usage": True}}, 400, "stream_options", "invalid_value"),
        ({"tempature": 1}, 400, "tempature", "unknown_parameter"),
        ({"model": "gpt-4"}, 404, "model", "model_not_found"),
    ],
)  # fmt: skip
def test_bad_requests_name_the_parameter(
    client: TestClient, engine: ScriptedEngine, fields: dict[str, Any], status: int, param: str, code: str
) -> None:
    content = json.dumps({"messages": HELLO, **fields})
    response = client.post("/v1/chat/completions", content=content, headers={"content-type": "application/json"})
    error = error_of(response)
    assert (response.status_code, error["param"], error["code"]) == (status, param, code)
    assert error["message"]
    assert engine.requests == []


def test_fields_that_ask_for_nothing_are_ignored(client: TestClient, engine: ScriptedEngine) -> None:
    engine.say("ok")
    nothing = {
        "user": "u",
        "metadata": {"a": "b"},
        "store": False,
        "tools": [],
        "tool_choice": "none",
        "logprobs": False,
        "top_logprobs": None,
        "response_format": {"type": "text"},
        "n": 1,
        "modalities": ["text"],
    }
    assert ask(client, **nothing).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_failing_model_is_an_openai_error(client: TestClient, engine: ScriptedEngine, stream: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_speak", fail)
        response = ask(client, stream=stream)
    if stream:
        error = events(response.text)[-1]["error"]
    else:
        assert response.status_code == 500
        error = error_of(response)
    assert (error["code"], error["message"]) == ("engine_error", "the model failed: out of memory")


def fail(request: Any, reply: str, generation: Any) -> None:
    from inference.engine.generation import Usage

    usage = Usage(prompt_tokens=1, cached_tokens=0, completion_tokens=0)
    generation.finish("error", usage, "out of memory")
