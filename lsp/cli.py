"""`coder-lsp`: the language server for editors. It knows transports and the end of the process; answers come from
`lsp/server.py`.

Over stdio nothing but LSP reaches stdout: the process's own stdout is pointed at stderr first, so that a library that
prints cannot break the protocol, and child processes cannot read the client's messages.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from inference.cli.door import application, run
from languages.errors import CoderError

if TYPE_CHECKING:
    from inference.backends.backend import Backend
    from lsp.server import CoderServer

HOST = "127.0.0.1"
app = application("The language server of Coder.")


@app.command()
def serve(
    stdio: Annotated[bool, typer.Option("--stdio", help="Talk over standard input and output (the default).")] = False,
    tcp: Annotated[
        int | None, typer.Option("--tcp", metavar="PORT", min=0, max=65535, help="Wait for one client on 127.0.0.1.")
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="A GGUF file or a model's name.")] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Diagnostics only, no ghost text.")] = False,
    server_url: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="Ask the model of a running server; load none here.")
    ] = None,
) -> None:
    """Serve one editor: ghost text, diagnostics, hovers.

    The model loads in the background; diagnostics work before it is ready and without it.

    \b
    Examples:
      coder-lsp --stdio
      coder-lsp --model ~/models/coder.gguf
      coder-lsp --tcp 9257
      coder-lsp --server http://127.0.0.1:8777
    """
    _refuse_both({"--stdio": stdio, "--tcp": tcp is not None})
    _refuse_both({"--model": model is not None, "--server": server_url is not None, "--no-model": no_model})

    import logging

    from lsp.server import create_server

    # Libraries warn of their own optional parts; editors show stderr as errors.
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="coder-lsp: %(message)s")

    server = create_server(None if no_model else lambda: _backend(model, server_url))
    server.on_leave = lambda code: _leave(server, code)
    if tcp is None:
        _serve_stdio(server)
    else:
        _serve_tcp(server, tcp)
    _leave(server, 0 if server.is_shut_down else 1)


def main() -> None:
    """The `coder-lsp` command."""
    run(app, "coder-lsp")


def _refuse_both(given: dict[str, bool]) -> None:
    """At most one of these options may be given."""
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise CoderError(f"{' and '.join(names)} exclude each other; give one of them", code="bad_option")


def _backend(model: str | None, server_url: str | None) -> Backend:
    if server_url is not None:
        from inference.backends.openai import OpenAIBackend

        return OpenAIBackend(server_url)
    from inference.backends.embedded import EmbeddedBackend
    from inference.models import open_engine

    return EmbeddedBackend(open_engine(model))


def _serve_stdio(server: CoderServer) -> None:
    source, sink = _private_streams()
    server.start_io(source, sink)


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """The client's two pipes under numbers that nobody else knows; fd 0 is then empty, and fd 1 is stderr."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


def _serve_tcp(server: CoderServer, port: int) -> None:
    """Serve the first client; the port is announced once it can be connected to."""
    import socket

    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CoderError(f"port {port} cannot be used ({reason}); choose another one", code="port") from None
    with listener:
        print(f"coder-lsp: waiting for an editor on {HOST}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        connection, _ = listener.accept()
    with connection, connection.makefile("rb") as source, connection.makefile("wb") as sink:
        server.start_io(source, sink)


def _leave(server: CoderServer, code: int) -> None:
    """End the process, even while a thread waits for a tool or for the client's next message."""
    server.close()
    sys.stderr.flush()
    os._exit(code)
