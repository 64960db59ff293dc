"""pygls' protocol with our documents in place of its own.

pygls cuts lines with `str.splitlines`, which also cuts at form feeds and U+2028, and so edits the wrong lines of
files that hold them (much of Python's standard library does). The three notifications that keep documents in step go
to `lsp/documents.py` instead.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method

if TYPE_CHECKING:
    from lsp.server import CoderServer

Steps = Generator[Any, Any, None]


class DocumentProtocol(LanguageServerProtocol):
    """Feeds `server.documents`, then calls the server's own handler."""

    _server: CoderServer

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Steps:
        encoding = self.server_capabilities.position_encoding or types.PositionEncodingKind.Utf16
        self._server.documents.open(params.text_document, encoding)
        yield from self._handlers(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Steps:
        self._server.documents.change(params)
        yield from self._handlers(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Steps:
        self._server.documents.close(params.text_document.uri)
        yield from self._handlers(types.TEXT_DOCUMENT_DID_CLOSE, params)

    def _handlers(self, method: str, params: Any) -> Steps:
        if (handler := self.fm.features.get(method)) is not None:
            yield handler, (params,), None
