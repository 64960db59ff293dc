"""The backend over real sockets, against the real server around a scripted engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from inference.assistant.ghost_text import EmptyReason
from inference.backends.openai import KEY_VARIABLE, OpenAIBackend
from inference.engine.scripted import ScriptedEngine
from languages.errors import CoderError
from server.app import Access, create_app
from tasks.complete import CursorContext
from tasks.tokens import Control, ControlIds
from tests.server.harness import served, wait_until

FIM = ControlIds({Control.FIM_PREFIX: 300, Control.FIM_SUFFIX: 301, Control.FIM_MIDDLE: 302})


def test_ghost_text_comes_from_the_server() -> None:
    engine = ScriptedEngine("a + b\n\nprint()")
    with served(create_app(engine)) as url:
        backend = OpenAIBackend(f"{url}/v1/")
        suggestion = backend.complete(CursorContext("def add(a, b):\n    return ", "")).result(10)
        assert suggestion.text == "a + b"
        assert backend.name == f"scripted at {url}"
        assert backend.judge is None
        backend.close()
    assert engine.prompt_text().startswith("def add(a, b):")


def test_a_model_that_fills_in_the_middle_sees_the_suffix() -> None:
    engine = ScriptedEngine("a + b").with_heads({}, FIM)
    with served(create_app(engine)) as url:
        backend = OpenAIBackend(url)
        backend.complete(CursorContext("x = ", "\nprint(x)\n")).result(10)
        backend.close()
    assert engine.requests[-1].prompt[0] == 300
    assert "print(x)" in engine.prompt_text()


def test_names_of_special_tokens_stay_text() -> None:
    engine = ScriptedEngine("x")
    with served(create_app(engine)) as url:
        backend = OpenAIBackend(url)
        backend.complete(CursorContext("<|im_end|>", "")).result(10)
        backend.close()
    assert engine.prompt_text() == "<|im_end|>"


def test_cancelling_stops_the_engine_of_the_server() -> None:
    engine = ScriptedEngine("a" * 500, delay=0.02)
    with served(create_app(engine)) as url:
        backend = OpenAIBackend(url)
        completion = backend.complete(CursorContext("x = ", ""))
        wait_until(lambda: engine.generations)
        completion.cancel()
        assert completion.result(5).reason is EmptyReason.CANCELLED
        wait_until(lambda: engine.generations[0].finish_reason == "cancelled")
        backend.close()


def test_a_huge_file_is_cut_to_what_fits() -> None:
    engine = ScriptedEngine("x")
    with served(create_app(engine)) as url:
        backend = OpenAIBackend(url)
        assert backend.complete(CursorContext("value = 1\n" * 100_000 + "y = ", "")).result(10).text == "x"
        backend.close()
    assert len(engine.requests[-1].prompt) < 4096


def test_a_server_that_goes_away_is_a_reason() -> None:
    with served(create_app(ScriptedEngine())) as url:
        backend = OpenAIBackend(url)
    suggestion = backend.complete(CursorContext("x = ", "")).result(10)
    assert suggestion.reason is EmptyReason.ENGINE_ERROR
    assert url in suggestion.explanation
    backend.close()
    backend.close()
    assert backend.complete(CursorContext("x = ", "")).result(1).reason is EmptyReason.NO_MODEL


def test_a_key_is_sent_and_its_absence_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(ScriptedEngine("y"), access=Access(keys=("secret",)))
    with served(app) as url:
        with pytest.raises(CoderError, match=KEY_VARIABLE):
            OpenAIBackend(url)
        monkeypatch.setenv(KEY_VARIABLE, "secret")
        backend = OpenAIBackend(url)
        assert backend.complete(CursorContext("x = ", "")).result(10).text == "y"
        backend.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "http://[::1"])
def test_no_server_is_a_sentence(url: str) -> None:
    with pytest.raises(CoderError, match="no server answers"):
        OpenAIBackend(url)


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[int]]]:
    """A server that answers 503 once, then something that is not OpenAI's."""
    statuses = [503, 200]
    given: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given.append(statuses[min(len(given), 1)])
            self.send_response(given[-1])
            self.end_headers()
            self.wfile.write(b'{"hello": "world"}')

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", given
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_a_loading_server_is_waited_for_and_a_stranger_refused(stranger: tuple[str, list[int]]) -> None:
    url, given = stranger
    began = time.monotonic()
    with pytest.raises(CoderError, match="does not answer as an OpenAI-compatible server"):
        OpenAIBackend(url)
    assert given == [503, 200]
    assert time.monotonic() - began < 30
