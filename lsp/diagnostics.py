"""Findings as LSP diagnostics, pushed and pulled.

A client that says it pulls (`textDocument/diagnostic`) is not pushed to, because it would show everything twice; both
read the same verdicts (`lsp/checks.py`). An answer always speaks of the newest version of the document.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from languages.finding import Finding
from lsp.checks import Checks, Verdict
from lsp.documents import Document, Documents

SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
#: Told of every verdict before it is shown.
Note = Callable[[Verdict], None]


def to_diagnostic(finding: Finding, document: Document) -> types.Diagnostic:
    """`finding` in the client's positions."""
    return types.Diagnostic(
        range=document.range_to_client(finding.range),
        message=finding.message,
        severity=SEVERITIES[finding.severity],
        code=finding.check,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source=finding.source,
        data={"confidence": finding.confidence, "category": finding.category, "cwe": finding.cwe},
    )


def result_id(findings: tuple[Finding, ...]) -> str:
    """The same for the same findings at the same places, whatever the version."""
    text = json.dumps([finding.to_json() for finding in findings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Diagnostics:
    """Brings verdicts to one client. Owned by the server's event loop."""

    def __init__(self, server: LanguageServer, documents: Documents, checks: Checks, note: Note) -> None:
        self._server = server
        self._documents = documents
        self._checks = checks
        self._note = note
        self._pushes: dict[str, asyncio.Task[None]] = {}

    @property
    def client_pulls(self) -> bool:
        """True when the client asks for diagnostics by itself."""
        text_document = self._server.client_capabilities.text_document
        return text_document is not None and text_document.diagnostic is not None

    def push(self, uri: str) -> None:
        """Publish the verdict on a document as soon as there is one, unless the client pulls."""
        if self.client_pulls:
            return
        if (waiting := self._pushes.pop(uri, None)) is not None:
            waiting.cancel()
        self._pushes[uri] = asyncio.create_task(self._push(uri))

    def close(self, uri: str) -> None:
        """Take back what was published for a document that is closed now."""
        self._checks.forget(uri)
        if (waiting := self._pushes.pop(uri, None)) is not None:
            waiting.cancel()
        if not self.client_pulls:
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def refresh(self) -> None:
        """Something else than a document changed: bring new verdicts on all of them."""
        for document in self._documents.all():
            self.push(document.uri)
        workspace = self._server.client_capabilities.workspace
        can_refresh = (
            workspace is not None and workspace.diagnostics is not None and workspace.diagnostics.refresh_support
        )
        if self.client_pulls and can_refresh:
            self._server.workspace_diagnostic_refresh(None)

    async def pull(self, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        """The verdict on a document: whole, or `unchanged` when the client has it already."""
        verdict = await self._checks.verdict(params.text_document.uri)
        if verdict is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        self._note(verdict)
        identity = result_id(verdict.findings)
        if identity == params.previous_result_id:
            return types.RelatedUnchangedDocumentDiagnosticReport(result_id=identity)
        return types.RelatedFullDocumentDiagnosticReport(items=_items(verdict), result_id=identity)

    async def _push(self, uri: str) -> None:
        verdict = await self._checks.verdict(uri)
        if verdict is None:
            return
        self._note(verdict)
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, _items(verdict), verdict.document.version)
        )


def _items(verdict: Verdict) -> list[types.Diagnostic]:
    return [to_diagnostic(finding, verdict.document) for finding in verdict.findings]
