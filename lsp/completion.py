"""`textDocument/inlineCompletion`: ghost text, one request at a time for each document.

A newer request, an edit, or `$/cancelRequest` stops the engine's work on the older one within a token. Every empty
answer is noted with its reason. The text itself comes from `inference/assistant/completion.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from lsprotocol import types

from inference.assistant.ghost_text import EmptyReason, Suggestion, empty
from lsp.documents import Document, Documents
from lsp.model import Model
from tasks.complete import CursorContext

#: Told of every suggestion, empty or not, with the document's URI.
Note = Callable[[Suggestion, str], None]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place to complete: `head` is text that the editor's suggestion list has selected, but not yet inserted."""

    document: Document
    start: int
    end: int
    head: str = ""

    @classmethod
    def of(cls, document: Document, params: types.InlineCompletionParams) -> Cursor:
        """The place that a request speaks of."""
        end = document.offset(params.position)
        selected = params.context.selected_completion_info
        if selected is None:
            return cls(document, end, end)
        return cls(document, document.offset(selected.range.start), document.offset(selected.range.end), selected.text)

    @property
    def context(self) -> CursorContext:
        """What the model is asked to continue."""
        text = self.document.text
        return CursorContext(text[: self.start] + self.head, text[self.end :], str(self.document.path))

    def item(self, suggestion: Suggestion) -> types.InlineCompletionItem:
        """The suggestion as an edit of the document."""
        end = self.end + suggestion.replaces
        span = types.Range(self.document.position(self.start), self.document.position(end))
        return types.InlineCompletionItem(insert_text=self.head + suggestion.text, range=span)


class InlineCompletions:
    """The running request of each document. Owned by the server's event loop."""

    def __init__(self, documents: Documents, model: Model, note: Note, *, pause: float, patience: float) -> None:
        """`pause`: seconds an automatic request waits for the next key. `patience`: seconds the model may write."""
        self._documents = documents
        self._model = model
        self._note = note
        self._pause = pause
        self._patience = patience
        self._running: dict[str, asyncio.Task[Suggestion]] = {}

    async def answer(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        """The list for a request: one item, or none and a noted reason."""
        uri = params.text_document.uri
        document = self._documents.get(uri)
        if document is None:
            return self._answer(empty(EmptyReason.CANCELLED, "The document is not open."), uri, None)
        cursor = Cursor.of(document, params)
        return self._answer(await self._latest(uri, cursor, self._pause_before(params)), uri, cursor)

    def supersede(self, uri: str) -> None:
        """Stop the running request of a document: the document changed, was closed, or a newer request came."""
        task = self._running.pop(uri, None)
        if task is not None:
            task.cancel()

    async def _latest(self, uri: str, cursor: Cursor, pause: float) -> Suggestion:
        self.supersede(uri)
        task = asyncio.create_task(self._suggest(cursor, pause))
        self._running[uri] = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._running.get(uri) is not task:
                return empty(EmptyReason.SUPERSEDED)
            self._note(empty(EmptyReason.CANCELLED), uri)
            raise
        finally:
            if self._running.get(uri) is task:
                del self._running[uri]

    async def _suggest(self, cursor: Cursor, pause: float) -> Suggestion:
        if self._model.state == "loading":
            return empty(EmptyReason.MODEL_LOADING)
        await asyncio.sleep(pause)
        if self._model.error is not None:
            return empty(EmptyReason.NO_MODEL, self._model.error)
        backend = self._model.backend
        if backend is None:
            return empty(EmptyReason.NO_MODEL)
        return await backend.complete(cursor.context).wait(self._patience)

    def _pause_before(self, params: types.InlineCompletionParams) -> float:
        is_automatic = params.context.trigger_kind is types.InlineCompletionTriggerKind.Automatic
        return self._pause if is_automatic else 0.0

    def _answer(self, suggestion: Suggestion, uri: str, cursor: Cursor | None) -> types.InlineCompletionList:
        self._note(suggestion, uri)
        items = [] if suggestion.reason or cursor is None else [cursor.item(suggestion)]
        return types.InlineCompletionList(items)
