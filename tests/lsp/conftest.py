"""A client and our server in one process, joined by a loopback socket, with a scripted engine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.client import LanguageClient

from inference.backends.embedded import EmbeddedBackend
from inference.engine.engine import Engine
from languages.finding import Finding, Position, Range
from languages.linters.linter import LinterFailure
from lsp.server import CoderServer, Timings, create_server

URI = "file:///project/shop.py"
QUICK = Timings(typing=0.05, pause=0.02, patience=5.0, orphan=0.1)


class Editor(LanguageClient):
    """A client that keeps what the server told it."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.published: list[types.PublishDiagnosticsParams] = []
        self.statuses: list[dict[str, Any]] = []
        self.messages: list[str] = []
        self.logged: list[str] = []
        self.server_capabilities = types.ServerCapabilities()

    def open(self, text: str, uri: str = URI, language: str = "python") -> None:
        item = types.TextDocumentItem(uri, language, 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, version: int, text: str, uri: str = URI) -> None:
        whole = types.TextDocumentContentChangeWholeDocument(text)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))

    async def ghost_text(self, line: int, character: int, **context: Any) -> list[types.InlineCompletionItem]:
        context.setdefault("trigger_kind", types.InlineCompletionTriggerKind.Invoked)
        params = types.InlineCompletionParams(
            types.InlineCompletionContext(**context), types.TextDocumentIdentifier(URI), types.Position(line, character)
        )
        result = await self.text_document_inline_completion_async(params)
        assert isinstance(result, types.InlineCompletionList)
        return list(result.items)

    async def pull(self, previous: str | None = None) -> types.DocumentDiagnosticReport:
        document = types.TextDocumentIdentifier(URI)
        return await self.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(document, previous_result_id=previous)
        )

    async def status(self) -> Any:
        return await self.workspace_execute_command_async(types.ExecuteCommandParams("coder.status"))


Pair = tuple[Editor, CoderServer]
Start = Callable[..., AbstractAsyncContextManager[Pair]]


async def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition reads what the server pushes
            await asyncio.sleep(0.005)


class FakeCheck:
    """A check that finds every `bug` in the text, as a tool would, and remembers what it was given."""

    def __init__(self, *failures: LinterFailure) -> None:
        self.failures = failures
        self.texts: list[str] = []
        self.engines: list[Engine | None] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, path: Path, text: str, engine: Engine | None = None) -> Any:
        self.texts.append(text)
        self.engines.append(engine)
        assert self.gate.wait(5)
        lines = enumerate(text.split("\n"))
        findings = [self._finding(str(path), number, line.find("bug")) for number, line in lines if "bug" in line]
        return SimpleNamespace(findings=findings, failures=self.failures)

    @staticmethod
    def _finding(path: str, line: int, start: int) -> Finding:
        return Finding(
            path=path,
            range=Range(Position(line, start), Position(line, start + 3)),
            check="B001",
            category="quality",
            severity="warning",
            message="A bug.",
            source="ruff",
            confidence=0.75,
            url="https://example.org/B001",
        )


@asynccontextmanager
async def _pair(
    engine: Engine | Callable[[], Engine] | None = None,
    *,
    check: Any = None,
    capabilities: types.ClientCapabilities | None = None,
    timings: Timings = QUICK,
) -> AsyncIterator[Pair]:
    load = engine if callable(engine) or engine is None else lambda: engine
    server = create_server(load and (lambda: EmbeddedBackend(load())), check=check or FakeCheck(), timings=timings)
    editor = _recording_editor()
    done = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.protocol.set_writer(writer)
        with contextlib.suppress(ConnectionError):
            await run_async(threading.Event(), reader, server.protocol)
        writer.close()
        done.set()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    await editor.start_tcp(*listener.sockets[0].getsockname()[:2])
    parameters = types.InitializeParams(capabilities or types.ClientCapabilities(), process_id=None)
    editor.server_capabilities = (await editor.initialize_async(parameters)).capabilities
    editor.initialized(types.InitializedParams())
    try:
        yield editor, server
    finally:
        server.close()
        editor.protocol.writer.close()
        await done.wait()
        listener.close()
        await editor.stop()


def _recording_editor() -> Editor:
    editor = Editor()

    @editor.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def published(params: types.PublishDiagnosticsParams) -> None:
        editor.published.append(params)

    @editor.feature("coder/status")
    def status(params: Any) -> None:
        editor.statuses.append(params._asdict())

    @editor.feature(types.WINDOW_LOG_MESSAGE)
    def logged(params: types.LogMessageParams) -> None:
        editor.logged.append(params.message)

    @editor.feature(types.WINDOW_SHOW_MESSAGE)
    def message(params: types.ShowMessageParams) -> None:
        editor.messages.append(params.message)

    return editor


@pytest.fixture
def start() -> Start:
    """`async with start(engine, check=…, capabilities=…) as (editor, server)`."""
    return _pair


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture
def fake_check() -> type[FakeCheck]:
    return FakeCheck


@pytest.fixture
def uri() -> str:
    return URI
