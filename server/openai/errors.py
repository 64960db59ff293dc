"""Errors in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`, for everything that goes wrong over HTTP.

`ApiError` is what endpoints raise; the handlers here turn it, our own `CoderError`s, FastAPI's validation errors and
Starlette's 404 and 405 into that form once. The message never repeats what the client sent, so a body cannot break
the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from languages.errors import CoderError

logger = logging.getLogger(__name__)

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}
_SENTENCES = {
    404: "there is no {method} {path} here; GET /docs lists what there is",
    405: "{path} does not answer {method}; GET /docs lists what it answers",
}
_CODES = {
    400: "invalid_json",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    503: "model_loading",
}


class ApiError(Exception):
    """One refusal: an HTTP status and the four fields of OpenAI's error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON object that clients read, also as an event inside a stream."""
        fields = {"message": self.message, "type": error_type(self.status), "param": self.param, "code": self.code}
        return {"error": fields}

    def response(self) -> JSONResponse:
        """The whole answer."""
        return JSONResponse(self.body(), self.status, headers=self.headers)


def bad_request(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400: the request is wrong in the way that `message` says."""
    return ApiError(400, message, param=param, code=code)


def from_coder_error(error: CoderError) -> ApiError:
    """A mistake that the user can mend, over HTTP. `engine_error` is ours to mend: a 500."""
    param = "messages" if error.code == "context_length_exceeded" else None
    return ApiError(500 if error.code == "engine_error" else 400, error.message, param=param, code=error.code)


def error_type(status: int) -> str:
    """OpenAI's `type` for an HTTP status."""
    return _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")


def install_error_handlers(app: FastAPI) -> None:
    """Make every error that leaves `app` an OpenAI error."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(CoderError, _on_coder_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_bug)


async def _on_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error.response()


async def _on_coder_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CoderError)
    return from_coder_error(error).response()


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = error.status_code
    message = str(error.detail)
    if status in _SENTENCES:
        message = _SENTENCES[status].format(method=request.method, path=ascii(request.url.path)[1:-1])
    elif status == 400:
        message = "the body could not be read as JSON; send one JSON object in UTF-8"
    return ApiError(status, message, code=_CODES.get(status), headers=error.headers).response()


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, ascii(request.url.path))
    message = "the server failed on this request; its log says where"
    return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, message, code="internal_error").response()


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first: Mapping[str, Any] = error.errors()[0]
    media_type = request.headers.get("content-type", "")
    if first["loc"] == ("body",) and "json" not in media_type:
        message = "the body must be a JSON object, sent with the header Content-Type: application/json"
        return bad_request(message, code="invalid_content_type").response()
    return _validation_error(first).response()


def _validation_error(first: Mapping[str, Any]) -> ApiError:
    """One of pydantic's errors as a sentence that names the parameter."""
    if first["type"] == "json_invalid":
        position = first["loc"][-1]
        reason = first["ctx"]["error"]
        return bad_request(f"the body is not valid JSON at character {position}: {reason}", code="invalid_json")
    param = param_name(first["loc"][1:])
    if first["type"] == "missing":
        return bad_request(f"{param or 'the body'} is missing", param=param, code="missing_parameter")
    if first["type"] in ("model_attributes_type", "model_type"):
        return bad_request(f"{param or 'the body'} must be a JSON object", param=param, code="invalid_value")
    reason = str(first["msg"]).removeprefix("Value error, ").removesuffix(" after validation, not 0")
    reason = reason[:1].lower() + reason[1:]
    return bad_request(f"{param or 'the body'}: {reason}", param=param, code="invalid_value")


def param_name(location: Sequence[str | int]) -> str | None:
    """`("messages", 0, "content", "str")` as `messages[0].content`; the names of union members are left out."""
    name = ""
    for part in location:
        if isinstance(part, int):
            name += f"[{part}]"
        elif part.isidentifier() and part not in _UNION_MEMBERS:
            name += f".{part}" if name else part
    return name or None


_UNION_MEMBERS = {"str", "int", "list", "dict"}
