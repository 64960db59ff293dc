"""What needs a real socket: clients that go away, and the `openai` client."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import openai
import pytest

from inference.engine.scripted import ScriptedEngine
from server.app import create_app
from tests.server.harness import served, wait_until

DELAY = 0.02


@pytest.fixture
def slow() -> ScriptedEngine:
    return ScriptedEngine(delay=DELAY)


@pytest.fixture
def url(slow: ScriptedEngine) -> Iterator[str]:
    with served(create_app(slow)) as address:
        yield address


def send_chat(url: str, *, stream: bool) -> socket.socket:
    parts = urlsplit(url)
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "stream": stream}).encode()
    connection = socket.create_connection((parts.hostname, parts.port))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.parametrize("stream", [True, False])
def test_decoding_stops_within_a_token_when_the_client_goes(slow: ScriptedEngine, url: str, stream: bool) -> None:
    slow.say("x" * 10_000)
    connection = send_chat(url, stream=stream)
    wait_until(lambda: slow.generations)
    generation = slow.generations[0]
    if stream:
        received = b""
        while received.count(b'"content":"x"') < 3:
            received += connection.recv(4096)
    assert not generation.cancelled
    connection.close()
    wait_until(lambda: generation.cancelled)
    written = len(generation._chunks)  # what the engine had written when it was told to stop
    wait_until(lambda: generation.finish_reason == "cancelled")
    assert len(generation._chunks) <= written + 1
    assert generation.usage is not None
    assert generation.usage.completion_tokens < 1000


def test_stopping_the_server_cancels_what_runs(slow: ScriptedEngine) -> None:
    slow.say("x" * 10_000)
    with served(create_app(slow)) as url:
        connection = send_chat(url, stream=True)
        wait_until(lambda: slow.generations)
    received = b""
    while part := connection.recv(4096):
        received += part
    connection.close()
    assert slow.generations[0].finish_reason == "cancelled"
    assert b'"code":"cancelled"' in received


def client_of(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0)


def test_the_openai_client(slow: ScriptedEngine, url: str) -> None:
    slow.say("Hello, world", "Hello, world", "more")
    with client_of(url) as client:
        messages: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Hi"}]
        whole = client.chat.completions.create(model="coder", messages=messages)
        assert whole.choices[0].message.content == "Hello, world"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == 12
        stream = client.chat.completions.create(
            model="coder", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
        assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello, world"
        assert chunks[-1].usage is not None
        assert client.completions.create(model="coder-raw", prompt="some").choices[0].text == "more"
        assert [model.id for model in client.models.list()] == ["coder", "coder-raw"]


def test_the_openai_client_understands_our_errors(slow: ScriptedEngine, url: str) -> None:
    with client_of(url) as client:
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "Hi"}])
        assert missing.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError) as long:
            client.chat.completions.create(model="coder-raw", messages=[{"role": "user", "content": "x" * 5000}])
        assert long.value.code == "context_length_exceeded"


def test_the_openai_client_closing_its_stream_stops_decoding(slow: ScriptedEngine, url: str) -> None:
    slow.say("x" * 10_000)
    with client_of(url) as client:
        stream = client.chat.completions.create(
            model="coder", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        next(iter(stream))
        stream.close()
        wait_until(lambda: slow.generations[0].finish_reason == "cancelled")
