"""A server around a scripted engine: in memory for most tests, on a real socket where the socket is the point."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from fastapi import FastAPI

from server.serving import Server, listen, url_of


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The address of `app`, served by uvicorn on a free loopback port for the length of the block."""
    listener = listen("127.0.0.1", 0)
    url = url_of(listener, "127.0.0.1")
    server = Server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()


def wait_until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Return as soon as `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def error_of(response: httpx.Response) -> dict[str, str | None]:
    """The OpenAI error of a response, which must have exactly OpenAI's fields."""
    error: dict[str, str | None] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error
