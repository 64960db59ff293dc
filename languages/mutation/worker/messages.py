"""Messages between the engine and its worker: an eight-digit length, then JSON, over a pipe."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

_HEADER = 8


def write_message(fd: int, message: dict[str, Any]) -> None:
    """Write one message whole."""
    body = json.dumps(message).encode()
    rest = memoryview(f"{len(body):0{_HEADER}d}".encode() + body)
    while rest:
        rest = rest[os.write(fd, rest) :]


def read_message(fd: int, *, timeout: float | None = None) -> dict[str, Any]:
    """The next message; raises `EOFError` at the end of the pipe and `TimeoutError` after `timeout` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout
    size = int(_exactly(fd, _HEADER, deadline))
    message: dict[str, Any] = json.loads(_exactly(fd, size, deadline))
    return message


def _exactly(fd: int, size: int, deadline: float | None) -> bytes:
    data = bytearray()
    while len(data) < size:
        if deadline is not None and not select.select([fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        block = os.read(fd, size - len(data))
        if not block:
            raise EOFError
        data += block
    return bytes(data)


def split_messages(data: bytes) -> list[dict[str, Any]]:
    """The whole messages at the beginning of `data`."""
    messages: list[dict[str, Any]] = []
    while len(data) >= _HEADER and len(data) >= _HEADER + int(data[:_HEADER]):
        end = _HEADER + int(data[:_HEADER])
        messages.append(json.loads(data[_HEADER:end]))
        data = data[end:]
    return messages
