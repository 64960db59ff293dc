from __future__ import annotations

import threading
import time

import pytest
from starlette.testclient import TestClient

from inference.engine.engine import Engine
from inference.engine.scripted import ScriptedEngine
from languages.errors import CoderError
from server.app import create_app
from server.loading import ModelSlot
from tests.server.harness import error_of, wait_until


def test_the_server_answers_while_the_model_loads() -> None:
    may_load = threading.Event()
    engine = ScriptedEngine("Hi")

    def load() -> Engine:
        may_load.wait(5)
        return engine

    with TestClient(create_app(load), base_url="http://127.0.0.1") as client:
        early = client.get("/health")
        assert (early.status_code, early.json()) == (503, {"status": "loading"})
        refused = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hello"}]})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "2"
        assert error_of(refused)["code"] == "model_loading"
        assert client.get("/").status_code == 200
        may_load.set()
        wait_until(lambda: client.get("/health").status_code == 200)
        assert client.get("/health").json()["model"]["name"] == "scripted"


@pytest.mark.parametrize(
    ("error", "message"),
    [(CoderError("there is no such file"), "there is no such file"), (RuntimeError("boom"), "RuntimeError: boom")],
)
def test_a_model_that_does_not_load_is_told(error: Exception, message: str, caplog: pytest.LogCaptureFixture) -> None:
    settled: list[ModelSlot] = []

    def load() -> Engine:
        raise error

    with TestClient(create_app(load, on_settled=settled.append), base_url="http://127.0.0.1") as client:
        wait_until(lambda: settled)
        health = client.get("/health")
    assert settled[0].engine is None
    assert health.status_code == 503
    assert message in health.json()["message"]


def test_a_model_that_comes_too_late_is_closed() -> None:
    may_load = threading.Event()
    engine = ScriptedEngine("x" * 1000, delay=0.01)
    closed = threading.Event()

    def load() -> Engine:
        may_load.wait(5)
        engine.close = closed.set  # type: ignore[method-assign]
        return engine

    app = create_app(load)
    with TestClient(app, base_url="http://127.0.0.1"):
        time.sleep(0.01)
    assert not app.state.slot.wait(0.01)
    may_load.set()
    assert app.state.slot.wait(5)
    assert closed.is_set()
    assert app.state.slot.engine is None
