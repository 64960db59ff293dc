"""`create_app`: the HTTP application around one engine.

It puts the rooms together (routes, errors, security) and owns the life of the model: loading starts with the server
and ends with it. It knows nothing of sockets, signals or the command line (`server/serving.py`, `server/cli.py`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from inference.engine.engine import Engine
from server import security, site
from server.loading import Loader, ModelSlot
from server.openai import chat, completions, models
from server.openai.errors import install_error_handlers
from server.running import RunningGenerations


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may ask for what. `host` is what the server is bound to; no `keys` means that none is needed."""

    host: str = "127.0.0.1"
    keys: Collection[str] = ()
    max_body_bytes: int = 8_000_000


def create_app(
    model: Engine | Loader,
    *,
    access: Access | None = None,
    on_settled: Callable[[ModelSlot], None] | None = None,
) -> FastAPI:
    """The application over an engine, or over a function that loads one.

    Loading runs in the background from the application's start; `on_settled` is called on the event loop when there is
    an engine or an error. The engine is closed when the application ends.
    """
    app = FastAPI(
        title="Coder",
        summary="A local coding assistant: an OpenAI-compatible API over one model file.",
        version=_version(),
        lifespan=_lifespan,
        middleware=_middleware(access or Access()),
        docs_url=None,
        redoc_url=None,
    )
    app.state.slot = ModelSlot(model, on_settled)
    app.state.running = RunningGenerations()
    app.state.started = int(time.time())
    install_error_handlers(app)
    for router in (models.router, chat.router, completions.router, site.router):
        app.include_router(router)
    app.mount("/web", StaticFiles(directory=site.WEB), name="web")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    slot: ModelSlot = app.state.slot
    slot.start()
    try:
        yield
    finally:
        running: RunningGenerations = app.state.running
        running.cancel_all()
        slot.close()


def _middleware(access: Access) -> list[Middleware]:
    """Outermost first. CORS answers pre-flights of the origins that `OriginGuard` lets through."""
    stack = [
        Middleware(security.AnswerHeaders),
        Middleware(security.HostGuard, bound_host=access.host),
        Middleware(security.OriginGuard),
        Middleware(
            CORSMiddleware,
            allow_origin_regex=security.ALLOWED_ORIGINS,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
        ),
    ]
    if access.keys:
        stack.append(Middleware(security.KeyGuard, keys=access.keys))
    return [*stack, Middleware(security.BodyLimit, limit=access.max_body_bytes)]


def _version() -> str:
    try:
        return version("coder-local")
    except PackageNotFoundError:  # running from a source tree that was not installed
        return "0"
