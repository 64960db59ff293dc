"""Who may ask: the Host and Origin allow-lists, API keys, the size of a request, and the headers of every answer.

Plain ASGI middleware, one class a concern, none of which touches the body of an answer, so streams pass through
unbuffered. Host: against DNS rebinding (a foreign name that resolves to this machine). Origin: against other sites'
pages posting here.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.openai.errors import ApiError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

#: Origins beside our own page that may read answers: editors' web views, and pages served from this machine.
ALLOWED_ORIGINS = r"vscode-webview://[\w.-]+|https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_ANSWER_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

#: What answers without a key: nothing of the model's or the user's.
_OPEN_PATHS = frozenset({"/", "/health"})
_OPEN_PREFIX = "/web/"


class HostGuard:
    """Refuses a Host header that is not a name of this server (403)."""

    def __init__(self, app: ASGIApp, bound_host: str) -> None:
        self.app = app
        self._names = LOOPBACK_NAMES | {bound_host.lower()}
        # Bound to every interface, a request may come by any address or by the machine's name; a rebound
        # attacker's page still sends its own name.
        self._any_address = is_wildcard(bound_host)
        if self._any_address:
            self._names |= {socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._knows(host_name(Headers(scope=scope).get("host", ""))):
            return await self.app(scope, receive, send)
        message = "this server does not answer to that Host; ask it by the address it printed when it started"
        return await ApiError(403, message, code="host_not_allowed").response()(scope, receive, send)

    def _knows(self, name: str) -> bool:
        return name in self._names or (self._any_address and is_address(name))


class OriginGuard:
    """Refuses browsers' requests from pages of other sites (403), whatever their method."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None or origin_allowed(origin, headers.get("host", "")):
            return await self.app(scope, receive, send)
        message = "pages of other sites may not use this server"
        return await ApiError(403, message, code="origin_not_allowed").response()(scope, receive, send)


class KeyGuard:
    """Asks for `Authorization: Bearer KEY` (401) everywhere but at the page's own files and `/health`."""

    def __init__(self, app: ASGIApp, keys: Collection[str]) -> None:
        self.app = app
        self._digests = [_digest(key) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_open(scope) or self._accepts(Headers(scope=scope)):
            return await self.app(scope, receive, send)
        message = "this server needs one of its API keys; send the header Authorization: Bearer KEY"
        error = ApiError(401, message, code="invalid_api_key", headers={"www-authenticate": "Bearer"})
        return await error.response()(scope, receive, send)

    def _accepts(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        given = _digest(key.strip())
        # Every key is compared, each in constant time, so timing tells nothing about any of them.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return scheme.lower() == "bearer" and any(matches)


class BodyLimit:
    """Refuses a request body of more than `limit` bytes (413), announced or not."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > self._limit:
            await self._drain(receive)
            return await self._error().response()(scope, receive, send)
        received = 0

        async def counting() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, self._error().message)
            return message

        return await self.app(scope, counting, send)

    async def _drain(self, receive: Receive) -> None:
        """Read on for a while: many clients look for the answer only after they have sent everything."""
        read = 0
        while read < 8 * self._limit:
            message = await receive()
            read += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return

    def _error(self) -> ApiError:
        message = f"the request is larger than {self._limit / 1e6:.0f} MB; send less context"
        return ApiError(413, message, code="request_too_large")


class AnswerHeaders:
    """Puts the content security policy and its companions on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ANSWER_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


def origin_allowed(origin: str, host: str) -> bool:
    """True for our own page, an editor's web view, and pages served from this machine. "null" is nobody."""
    parts = urlsplit(origin)
    if parts.scheme == "vscode-webview":
        return True
    if parts.scheme not in ("http", "https"):
        return False
    return parts.netloc == host or host_name(parts.netloc) in LOOPBACK_NAMES


def host_name(host: str) -> str:
    """`[::1]:8777` -> `::1`, `LocalHost:80` -> `localhost`; empty when there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    """True for an IPv4 or IPv6 address in figures."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_wildcard(host: str) -> bool:
    """True when binding to `host` means every interface."""
    return is_address(host) and ipaddress.ip_address(host).is_unspecified


def is_loopback(host: str) -> bool:
    """True when only this machine can reach `host`."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path in _OPEN_PATHS or path.startswith(_OPEN_PREFIX) or scope["method"] == "OPTIONS"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogateescape")).digest()
