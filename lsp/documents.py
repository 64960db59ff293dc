"""Open documents: text, version, and positions in the client's encoding.

A line ends at `\\n`, `\\r\\n` or `\\r` and nowhere else (LSP 3.18, Text Documents); a form feed or U+2028, where
`str.splitlines` would cut, ends none. Inside the server a position is a line and a code point; the client counts
bytes, UTF-16 units or code points, as negotiated. A `Document` never changes, so a thread may read it while the next
version arrives.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.uris import to_fs_path

from languages.finding import Position, Range
from languages.registry import language_named, language_of

Encoding = types.PositionEncodingKind | str
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Document:
    """One version of one open document."""

    uri: str
    version: int
    text: str
    language_id: str
    encoding: Encoding = types.PositionEncodingKind.Utf16

    @cached_property
    def path(self) -> Path:
        """Where the document is or, when it was never saved, a name whose suffix tells its language."""
        local = to_fs_path(self.uri) if self.uri.startswith("file:") else None
        path = Path(local or unquote(urlsplit(self.uri).path) or "untitled")
        named = language_named(self.language_id)
        return path.with_suffix(named.suffixes[0]) if named and language_of(path) is None else path

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def line(self, number: int) -> str:
        """The 0-based line without its end; empty past the end."""
        if not 0 <= number < len(self._starts):
            return ""
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[number] : end].rstrip("\r\n")

    def offset(self, position: types.Position) -> int:
        """The index in `text` of a client's position; past the end of a line or of the text, that end."""
        if position.line >= len(self._starts):
            return len(self.text)
        line = self.line(position.line)
        return self._starts[position.line] + _code_points(line, position.character, self.encoding)

    def position(self, offset: int) -> types.Position:
        """The client's position of an index in `text`."""
        return self.to_client(self.code_point(offset))

    def code_point(self, offset: int) -> Position:
        """The line and code point of an index in `text`."""
        number = bisect_right(self._starts, offset) - 1
        return Position(number, offset - self._starts[number])

    def to_client(self, position: Position) -> types.Position:
        """The client's position of a line and code point."""
        return types.Position(position.line, _units(self.line(position.line)[: position.character], self.encoding))

    def range_to_client(self, span: Range) -> types.Range:
        """The client's range of `span`."""
        return types.Range(self.to_client(span.start), self.to_client(span.end))

    def changed(self, version: int, changes: Iterable[types.TextDocumentContentChangeEvent]) -> Document:
        """The next version: each change applies to the text that the one before it left."""
        document = replace(self, version=version)
        for change in changes:
            document = replace(document, text=document._text_after(change))
        return document

    def _text_after(self, change: types.TextDocumentContentChangeEvent) -> str:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return _well_formed(change.text)
        start, end = self.offset(change.range.start), self.offset(change.range.end)
        return self.text[:start] + _well_formed(change.text) + self.text[end:]


class Documents:
    """The documents that are open now, by URI. Owned by the server's event loop."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def get(self, uri: str) -> Document | None:
        """The newest version, or None when the document is not open."""
        return self._open.get(uri)

    def is_current(self, document: Document) -> bool:
        """True while no newer version of `document` arrived and it is still open."""
        return self._open.get(document.uri) is document

    def all(self) -> list[Document]:
        """Every open document."""
        return list(self._open.values())

    def open(self, item: types.TextDocumentItem, encoding: Encoding) -> Document:
        """A document was opened."""
        document = Document(item.uri, item.version, _well_formed(item.text), item.language_id, encoding)
        self._open[item.uri] = document
        return document

    def change(self, params: types.DidChangeTextDocumentParams) -> Document | None:
        """A document was edited; None when it is not open."""
        uri = params.text_document.uri
        if (document := self._open.get(uri)) is None:
            return None
        self._open[uri] = document.changed(params.text_document.version, params.content_changes)
        return self._open[uri]

    def close(self, uri: str) -> None:
        """A document was closed."""
        self._open.pop(uri, None)


def _well_formed(text: str) -> str:
    """`text` with U+FFFD, which has the same length in UTF-16, for every half of a surrogate pair."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def _units(text: str, encoding: Encoding) -> int:
    """The length of `text` in the client's units."""
    if encoding == types.PositionEncodingKind.Utf8:
        return len(text.encode())
    if encoding == types.PositionEncodingKind.Utf32:
        return len(text)
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def _code_points(line: str, units: int, encoding: Encoding) -> int:
    """How many code points of `line` are `units` long; a position inside a character goes before it."""
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(units, len(line))
    passed = 0
    for index, character in enumerate(line):
        passed += _units(character, encoding)
        if passed > units:
            return index
    return len(line)
