"""`lsp/documents.py`: positions and incremental edits in every encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from languages.finding import Position
from lsp.documents import Document, Documents

URI = "file:///project/a.py"
TEXTS = st.text(st.sampled_from("aé😀\n\r\f\u2028\x85 "), max_size=30)
ENCODINGS = st.sampled_from(list(types.PositionEncodingKind))


def document(text: str, encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16) -> Document:
    return Document(URI, 1, text, "python", encoding)


@given(TEXTS, ENCODINGS, st.data())
def test_an_offset_survives_the_way_to_the_client_and_back(
    text: str, encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, len(text)))
    given = document(text, encoding)
    inside_a_line_end = text[offset - 1 : offset + 1] == "\r\n"
    assert given.offset(given.position(offset)) == offset - inside_a_line_end


@given(TEXTS, TEXTS, ENCODINGS, st.data())
def test_an_incremental_edit_equals_the_edit_of_the_string(
    text: str, new: str, encoding: types.PositionEncodingKind, data: st.DataObject
) -> None:
    before = document(text, encoding)
    start, end = sorted(before.offset(before.position(data.draw(st.integers(0, len(text))))) for _ in range(2))
    span = types.Range(before.position(start), before.position(end))
    after = before.changed(2, [types.TextDocumentContentChangePartial(span, new)])
    assert (after.version, after.text) == (2, text[:start] + new + text[end:])


def test_a_form_feed_ends_no_line() -> None:
    before = document("import os\n\f\nclass A:\u2028x\n    pass\n")
    span = types.Range(types.Position(3, 4), types.Position(3, 8))
    after = before.changed(2, [types.TextDocumentContentChangePartial(span, "x = 1")])
    assert after.text == "import os\n\f\nclass A:\u2028x\n    x = 1\n"


def test_positions_past_the_end_are_the_end() -> None:
    given = document("ab\ncd")
    assert given.offset(types.Position(0, 99)) == 2
    assert given.offset(types.Position(99, 0)) == 5
    assert given.to_client(Position(99, 3)) == types.Position(99, 0)
    assert document("").offset(types.Position(0, 0)) == 0


def test_a_position_inside_a_surrogate_pair_goes_before_it() -> None:
    assert document("a😀b").offset(types.Position(0, 2)) == 1


def test_half_a_surrogate_pair_becomes_a_character_of_the_same_length() -> None:
    documents = Documents()
    item = types.TextDocumentItem(URI, "python", 1, "a\ud83db")
    assert documents.open(item, types.PositionEncodingKind.Utf16).text == "a\ufffdb"


@pytest.mark.parametrize(
    ("uri", "language", "path"),
    [
        ("file:///project/a%20b.py", "python", "/project/a b.py"),
        ("untitled:Untitled-1", "go", "Untitled-1.go"),
        ("untitled:notes", "markdown", "notes"),
    ],
)
def test_the_path_tells_the_language(uri: str, language: str, path: str) -> None:
    assert str(Document(uri, 1, "", language).path) == path


def test_only_the_newest_open_version_is_current() -> None:
    documents = Documents()
    first = documents.open(types.TextDocumentItem(URI, "python", 1, "a"), types.PositionEncodingKind.Utf16)
    change = types.TextDocumentContentChangeWholeDocument("b")
    second = documents.change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, URI), [change])
    )
    assert second is not None
    assert (documents.is_current(first), documents.is_current(second)) == (False, True)
    documents.close(URI)
    assert not documents.is_current(second)
