"""`GET /v1/models`: the two ways to use the loaded model, and getting at the engine behind them.

`coder` is the assistant: it fits long conversations into the window and says so. `coder-raw` is the bare model: a
prompt that does not fit is refused.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from inference.engine.engine import Engine, ModelInfo
from server.loading import ModelSlot
from server.openai.errors import ApiError

ASSISTANT = "coder"
RAW = "coder-raw"
MODEL_IDS = (ASSISTANT, RAW)

_QUANTISATION = re.compile(r"(?<![A-Za-z0-9])(I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32)(?![A-Za-z0-9])", re.IGNORECASE)

router = APIRouter(tags=["OpenAI"])


@router.get("/v1/models", summary="The models")
async def list_models(request: Request) -> dict[str, Any]:
    """`coder` (the assistant) and `coder-raw` (the bare model), with what is loaded behind them."""
    return {"object": "list", "data": [_model(request, model_id) for model_id in MODEL_IDS]}


@router.get("/v1/models/{model_id}", summary="One model")
async def get_model(model_id: str, request: Request) -> dict[str, Any]:
    """One entry of `GET /v1/models`."""
    check_model(model_id)
    return _model(request, model_id)


def check_model(model_id: str) -> None:
    """A 404 `model_not_found` when there is no such id."""
    if model_id not in MODEL_IDS:
        message = f"there is no model {model_id[:60]!a}; this server has {ASSISTANT} and {RAW}"
        raise ApiError(404, message, param="model", code="model_not_found")


def engine_of(request: Request) -> Engine:
    """The loaded engine; a 503 while there is none."""
    slot: ModelSlot = request.app.state.slot
    if slot.engine is None:
        message = "the model is still loading; ask again in a few seconds"
        raise ApiError(503, message, code="model_loading", headers={"retry-after": "2"})
    return slot.engine


def describe(info: ModelInfo) -> dict[str, Any]:
    """What people and programs want to know of the loaded model."""
    file = PurePath(info.path).name
    quantisation = _QUANTISATION.search(file)
    return {
        "title": title(info),
        "name": info.name,
        "file": file,
        "architecture": info.architecture,
        "parameters": info.parameters,
        "context_length": info.context_length,
        "quantization": quantisation[0].upper() if quantisation else None,
        "fill_in_the_middle": info.controls.can_fill_in_the_middle,
        "heads": sorted(info.heads),
    }


def title(info: ModelInfo) -> str:
    """What people know the model by: its file's name, which says more than the name inside most files."""
    return _QUANTISATION.sub("", PurePath(info.path).stem).strip("-_. ") or info.name


def _model(request: Request, model_id: str) -> dict[str, Any]:
    info = engine_of(request).info
    created = request.app.state.started
    return {"id": model_id, "object": "model", "created": created, "owned_by": "local", "meta": describe(info)}
