"""The socket and the process: bind first, serve, and end cleanly on Ctrl-C or SIGTERM.

The port is taken before the model is loaded, so a taken port costs no minute. It knows nothing of routes and models.
"""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from fastapi import FastAPI

from languages.errors import CoderError
from server.running import RunningGenerations

#: Seconds that connections get to end after their generations were cancelled.
GRACE_SECONDS = 5


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `CoderError` when the port is taken or not ours to have."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise CoderError(f"{host} is not an address of this machine; use --host 127.0.0.1", code="bad_host") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening already: a bound socket that does not listen lets a second program bind the same port.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from None
    return listener


def url_of(listener: socket.socket, host: str) -> str:
    """What to type into a browser."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{listener.getsockname()[1]}"


class Server(uvicorn.Server):
    """uvicorn, quiet, which cancels running generations before it waits for their connections to end."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=30,
            )
        )
        self._running: RunningGenerations = app.state.running

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._running.cancel_all()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the server; unlike uvicorn's own, they are not raised again after it."""
        in_main_thread = threading.current_thread() is threading.main_thread()  # others hear no signals
        signals = (signal.SIGINT, signal.SIGTERM) if in_main_thread else ()
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _refusal(error: OSError, host: str, port: int) -> CoderError:
    if error.errno == errno.EADDRINUSE:
        free = _free_port(host)
        message = f"port {port} on {host} is taken by another program; stop it, or choose another with --port {free}"
        return CoderError(message, code="port_taken")
    if error.errno == errno.EACCES:
        return CoderError(f"port {port} needs administrator rights; choose one above 1023 with --port", code="bad_port")
    reason = error.strerror or str(error)
    message = f"cannot listen on {host}: {reason}; use --host 127.0.0.1, or an address of this machine"
    return CoderError(message, code="bad_host")


def _free_port(host: str) -> int:
    """A port that is free at this moment."""
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.bind((host, 0))
        free: int = probe.getsockname()[1]
        return free
