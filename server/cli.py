"""`coder-serve`: the command line of the server. It knows options and messages; the rest is imported when it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.cli.door import application, run

if TYPE_CHECKING:
    from server.loading import ModelSlot

app = application("Serve the model over HTTP.")


@app.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def serve(
    model: Annotated[str | None, typer.Option("--model", "-m", help="A GGUF file or a model's name.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; use keys beyond loopback.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8777,
    api_key_file: Annotated[
        Path | None, typer.Option(help="Clients must send one of the keys in this file, one a line.")
    ] = None,
    context: Annotated[int | None, typer.Option(min=256, help="The window to serve, in tokens.")] = None,
) -> None:
    """Serve the model over HTTP: a chat page, and an OpenAI-compatible API at /v1.

    Nothing leaves this machine. Without --model it serves the embedded model. Ctrl-C ends it.

    \b
    Examples:
      coder-serve
      coder-serve --model ~/models/coder.gguf --port 9000
      coder-serve --host 0.0.0.0 --api-key-file ~/.config/coder/keys
      curl http://127.0.0.1:8777/v1/chat/completions -H 'Content-Type: application/json' \\
           -d '{"messages": [{"role": "user", "content": "Hello"}]}'
    """
    from inference.models import open_engine
    from server.app import Access, create_app
    from server.keys import read_keys
    from server.openai.models import title
    from server.security import is_loopback
    from server.serving import GRACE_SECONDS, Server, listen, url_of

    keys = read_keys(api_key_file) if api_key_file else ()
    listener = listen(host, port)
    url = url_of(listener, host)
    if not keys and not is_loopback(host):
        _say("warning: everyone who can reach this machine can use the model; protect it with --api-key-file")

    def settled(slot: ModelSlot) -> None:
        if slot.engine is None:
            server.should_exit = True
        else:
            info = slot.engine.info
            _say(f"{title(info)} is ready, with a window of {info.context_length} tokens")

    web = create_app(
        lambda: open_engine(model, context_length=context),
        access=Access(host=host, keys=keys),
        on_settled=settled,
    )
    server = Server(web)
    _say(f"open {url} (the API is at {url}/v1); the model is loading")
    server.run(sockets=[listener])
    slot: ModelSlot = web.state.slot
    if slot.error is not None:
        raise slot.error
    _say("stopped")
    if not slot.wait(GRACE_SECONDS):
        # The loader is inside llama.cpp. An orderly exit would free what it is using, and crash.
        os._exit(0)


def main() -> None:
    """The `coder-serve` command."""
    run(app, "coder-serve")


def _say(message: str) -> None:
    print(f"coder-serve: {message}", file=sys.stderr, flush=True)
