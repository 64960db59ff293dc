"""The web page at `/`, its files under `/web/`, the rendering it asks for, `/docs` and `/health`.

Everything comes from this package: no request leaves the machine. It knows nothing of chats; the page keeps those in
the browser.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse

from server.loading import ModelSlot
from server.openai.models import describe
from server.openai.schemas import check_text

WEB = Path(__file__).parent / "web"

router = APIRouter()


class RenderBody(BaseModel):
    """Markdown to be shown."""

    model_config = ConfigDict(strict=True)

    text: Annotated[str, Field(max_length=400_000), AfterValidator(check_text)]


@router.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The chat page."""
    return FileResponse(WEB / "index.html", headers={"cache-control": "no-cache"})


@router.get("/health", tags=["Server"], summary="Whether the model is loaded")
async def health(request: Request) -> JSONResponse:
    """200 with the model when it is ready; 503 with `{"status": "loading"}` before."""
    slot: ModelSlot = request.app.state.slot
    if slot.engine is not None:
        return JSONResponse({"status": "ok", "model": describe(slot.engine.info)})
    if slot.error is not None:
        return JSONResponse({"status": "error", "message": slot.error.message}, 503)
    return JSONResponse({"status": "loading"}, 503, headers={"retry-after": "1"})


@router.post("/v1/coder/render", tags=["Coder"], summary="Markdown as safe HTML")
async def render_markdown(body: RenderBody) -> dict[str, str]:
    """`{"html"}`: what the page shows for a finished message; code is coloured by class names."""
    from server.render import render

    return {"html": await run_in_threadpool(render, body.text)}


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """What this server answers, from its own OpenAPI description; works offline."""
    from server.reference import reference
    from server.render import render

    template = (WEB / "docs.html").read_text("utf-8")
    return HTMLResponse(template.replace("<!-- reference -->", render(reference(request.app.openapi()))))
