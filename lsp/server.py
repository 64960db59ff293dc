"""The language server: LSP 3.18 over pygls, put together from the files beside it.

It holds the one event loop's state (documents, model, checks, running completions) and answers; it does not know
where the model comes from or which transport carries the messages (`lsp/cli.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from inference.assistant.ghost_text import Suggestion
from lsp.checks import Checks, CheckText, Verdict
from lsp.completion import InlineCompletions
from lsp.diagnostics import Diagnostics
from lsp.documents import Documents
from lsp.hover import findings_at, markdown
from lsp.model import LoadBackend, Model
from lsp.protocol import DocumentProtocol
from lsp.status import Status

#: The notification that tells a client's status bar of every change.
STATUS = "coder/status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds of quiet before a check, pause before automatic ghost text, patience while the model writes it."""

    typing: float = 0.3
    pause: float = 0.06
    patience: float = 10.0
    orphan: float = 5.0


class CoderServer(LanguageServer):
    """The state of one client's session, and the methods that its handlers call."""

    def __init__(self, load: LoadBackend | None, check: CheckText, timings: Timings) -> None:
        self.documents = Documents()
        super().__init__("coder", version("coder-local"), protocol_cls=DocumentProtocol)
        self.timings = timings
        self.model = Model(load)
        self.status = Status(self.model)
        self.checks = Checks(self.documents, check, lambda: self.model.judge, quiet=timings.typing)
        self.diagnostics = Diagnostics(self, self.documents, self.checks, self._note_verdict)
        self.completions = InlineCompletions(
            self.documents, self.model, self._note_suggestion, pause=timings.pause, patience=timings.patience
        )
        self.is_shut_down = False
        self.on_leave: Callable[[int], None] = lambda code: None
        self._sent_status: dict[str, Any] | None = None
        self._background: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """The client is ready: load the model, look for tools, watch over the client's process."""
        loop = asyncio.get_running_loop()

        def on_change() -> None:
            loop.call_soon_threadsafe(self._model_changed)

        self.model.start(on_change)
        self._spawn(self._find_tools())
        if self.process_id is not None and psutil.pid_exists(self.process_id):
            self._spawn(self._watch_client(self.process_id))

    def close(self) -> None:
        """Free the model and the threads. Idempotent."""
        for document in self.documents.all():
            self.completions.supersede(document.uri)
        self.checks.close()
        self.model.close()

    def send_status(self) -> None:
        """Send `coder/status` when it differs from what was sent last."""
        status = self.status.to_json()
        if status != self._sent_status:
            self._sent_status = status
            self.protocol.notify(STATUS, status)

    def _model_changed(self) -> None:
        if self.model.error is not None:
            message = f"Coder has no model, so there is no ghost text: {self.model.error}"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))
        elif self.model.judge is not None:
            self.diagnostics.refresh()
        self.send_status()

    def _note_suggestion(self, suggestion: Suggestion, uri: str) -> None:
        self.status.note_suggestion(suggestion, uri)
        self.send_status()

    def _note_verdict(self, verdict: Verdict) -> None:
        # Half-typed code makes tools fail all the time, so this goes to the log and the status and opens no window.
        for failure in self.status.note_failures(verdict.document.uri, verdict.failures):
            message = f"{failure.linter} gave no verdict: {failure.reason}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, message))
        self.send_status()

    async def _find_tools(self) -> None:
        await asyncio.to_thread(self.status.find_tools)
        self.send_status()

    async def _watch_client(self, process_id: int) -> None:
        """Leave when the client's process is gone without a goodbye."""
        while psutil.pid_exists(process_id):  # noqa: ASYNC110 - nobody sets an event for another process
            await asyncio.sleep(self.timings.orphan)
        self.on_leave(1)

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def create_server(
    load: LoadBackend | None, *, check: CheckText | None = None, timings: Timings | None = None
) -> CoderServer:
    """A server that waits for a transport. `load` None: no model; `check` is for tests."""
    from inference.assistant.check import check_text
    from lsp.commands import register_commands

    # pygls writes message bodies, which hold people's code, at INFO, and warns of every cancel that comes late.
    logging.getLogger("pygls").setLevel(logging.ERROR)
    server = CoderServer(load, check or check_text, timings or Timings())
    _register_lifecycle(server)
    _register_documents(server)
    _register_answers(server)
    register_commands(server)
    return server


def _register_lifecycle(server: CoderServer) -> None:
    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        server.begin()

    @server.feature(types.SHUTDOWN)
    def shutdown(params: None) -> None:
        server.is_shut_down = True
        server.close()

    @server.feature(types.EXIT)
    def leave(params: None) -> None:
        server.on_leave(0 if server.is_shut_down else 1)


def _register_documents(server: CoderServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.diagnostics.push(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.completions.supersede(params.text_document.uri)
        server.diagnostics.push(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server.checks.forget(params.text_document.uri)
        server.diagnostics.push(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.completions.supersede(params.text_document.uri)
        server.diagnostics.close(params.text_document.uri)
        server.status.forget(params.text_document.uri)


def _register_answers(server: CoderServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline_completion(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await server.completions.answer(params)

    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=False, identifier="coder"),
    )
    async def diagnostic(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        return await server.diagnostics.pull(params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        verdict = await server.checks.verdict(params.text_document.uri)
        if verdict is None:
            return None
        findings = findings_at(verdict.findings, verdict.document, verdict.document.offset(params.position))
        if not findings:
            return None
        text = await asyncio.to_thread(markdown, findings)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))
