"""The backend that asks a server: `coder-serve`, or any other with OpenAI's `/v1/models` and `/v1/completions`.

One event loop in a thread of its own holds all connections. Cancelling a completion closes its connection, at which
`coder-serve` stops decoding. It knows text, not tokens, so it estimates what fits; hidden states do not travel, so it
cannot judge. Only `coder-serve` says whether its model fills in the middle; others get the prefix alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from inference.assistant.completion import MAX_TOKENS, PROMPT_TOKENS, Completion, stop_strings, visible
from inference.assistant.ghost_text import EmptyReason, empty
from inference.engine.engine import Engine
from inference.engine.generation import Chunk, Generation, Usage
from languages.errors import CoderError
from tasks.complete import CursorContext

#: Where the key of a server that wants one is found.
KEY_VARIABLE = "CODER_API_KEY"
#: Seconds to wait for a server that is still loading its model, and between two questions.
_LOADING_PATIENCE, _PAUSE = 120.0, 1.0
#: Code has two characters a token or more.
_CHARACTERS_PER_TOKEN = 2


class OpenAIBackend:
    """A model on the server at a URL, as a `Backend`."""

    def __init__(self, url: str, *, patience: float = _LOADING_PATIENCE) -> None:
        """Ask the server for its models, while it loads for up to `patience` seconds.

        Raises `CoderError` when nobody answers there, or not as an OpenAI-compatible server does.
        """
        self._url = url.rstrip("/").removesuffix("/v1")
        key = os.environ.get(KEY_VARIABLE)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        model = _first_model(self._url, headers, patience)
        meta = model.get("meta") or {}
        self._id: str = model["id"]
        self._name = str(meta.get("title") or self._id)
        self._fills = bool(meta.get("fill_in_the_middle"))
        self._client = httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(60.0, connect=5.0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="coder-client", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return f"{self._name} at {self._url}"

    @property
    def judge(self) -> Engine | None:
        return None

    def complete(self, context: CursorContext) -> Completion:
        seen, indent = visible(context, PROMPT_TOKENS, _estimate, fills=self._fills)
        if not seen.prefix and not self._fills:
            return Completion(context, settled=empty(EmptyReason.NOTHING_BEFORE_CURSOR))
        if self._loop.is_closed():
            return Completion(context, settled=empty(EmptyReason.NO_MODEL))
        generation = Generation()
        work = asyncio.run_coroutine_threadsafe(self._write(self._body(seen), generation), self._loop)
        generation.when_cancelled(work.cancel)
        # A task that is cancelled before its first step never comes to its own end.
        work.add_done_callback(lambda _: generation.finish("cancelled", _usage(0)))
        return Completion(context, generation, indent=indent)

    def close(self) -> None:
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _body(self, seen: CursorContext) -> dict[str, Any]:
        body = {
            "model": self._id,
            "prompt": seen.prefix,
            "max_tokens": MAX_TOKENS,
            "temperature": 0,
            "stop": list(stop_strings(seen)),
            "stream": True,
        }
        return body | {"suffix": seen.suffix} if self._fills else body

    async def _write(self, body: dict[str, Any], generation: Generation) -> None:
        """Push what the server streams into `generation`, and always finish it."""
        written = 0
        reason: str = "stop"
        try:
            async with self._client.stream("POST", f"{self._url}/v1/completions", json=body) as response:
                async for choice in _choices(response):
                    written += bool(choice.get("text"))
                    generation.push(Chunk(choice.get("text") or ""))
                    reason = choice.get("finish_reason") or reason
        except asyncio.CancelledError:
            generation.finish("cancelled", _usage(written))
        except (httpx.HTTPError, ValueError, KeyError) as error:
            generation.finish("error", _usage(written), f"the server at {self._url} failed: {error}")
        else:
            generation.finish("length" if reason == "length" else "stop", _usage(written))

    async def _leave(self) -> None:
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._client.aclose()


async def _choices(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The choice of each server-sent event; raises `ValueError` with the server's own words when it refuses."""
    if response.is_error:
        raise ValueError(_refusal((await response.aread()).decode(errors="replace")))
    async for line in response.aiter_lines():
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or data == "[DONE]":
            continue
        event = json.loads(data)
        if "error" in event:
            raise ValueError(_refusal(data))
        if event["choices"]:
            yield event["choices"][0]


def _first_model(url: str, headers: dict[str, str], patience: float) -> dict[str, Any]:
    """The first entry of `/v1/models`, once the server has loaded it."""
    deadline = time.monotonic() + patience
    while True:
        response = _get(f"{url}/v1/models", headers)
        if response.status_code != 503 or time.monotonic() > deadline:
            break
        time.sleep(_PAUSE)
    if response.status_code == 401:
        raise CoderError(f"the server at {url} wants an API key; put it into {KEY_VARIABLE}", code="server_key")
    try:
        model: dict[str, Any] = response.raise_for_status().json()["data"][0]
        model["id"] = str(model["id"])
    except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError):
        message = f"{url}/v1/models does not answer as an OpenAI-compatible server does; check the URL of --server"
        raise CoderError(message, code="server_unknown") from None
    return model


def _get(url: str, headers: dict[str, str]) -> httpx.Response:
    try:
        return httpx.get(url, headers=headers, timeout=10.0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"no server answers at {url} ({error}); start one with coder-serve, or check the URL of --server"
        raise CoderError(message, code="server_unreachable") from None


def _refusal(body: str) -> str:
    """The message of an OpenAI error object, or the start of what came instead."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200]


def _usage(written: int) -> Usage:
    return Usage(prompt_tokens=0, cached_tokens=0, completion_tokens=written)


def _estimate(text: str) -> list[int]:
    """As many entries as `text` has tokens at most, by its length."""
    return [0] * (len(text) // _CHARACTERS_PER_TOKEN)
