"""`SyntaxTree`: a text and its tree-sitter tree, which stay together through edits.

An edit parses only what changed (`Tree.edit` and the old tree, see "Advanced Parsing" in tree-sitter's manual). The
tree is a function of the text alone: where old or new text is broken, tree-sitter's repair would depend on what was
there before, so such a text is parsed from nothing. It does not know what any node means. Nothing here recurses.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from tree_sitter import Node, Parser, Point, Tree

from languages.finding import Position, Range
from languages.positions import TextLines
from languages.syntax import GrammarName, grammar_named


class SyntaxTree:
    """The tree of one text. Never fails: broken text has `has_error` and as much of a tree as can be had."""

    def __init__(self, grammar: GrammarName, text: str, *, before: Tree | None = None) -> None:
        self.grammar: GrammarName = grammar
        self.text = text
        self.source = text.encode("utf-8", "replace")
        parser = Parser(grammar_named(grammar))
        tree = parser.parse(self.source) if before is None else parser.parse(self.source, before)
        self._tree = parser.parse(self.source) if before is not None and tree.root_node.has_error else tree
        self._lines: TextLines | None = None
        self._columns: dict[int, array[int]] = {}

    @property
    def root(self) -> Node:
        """The node of the whole text."""
        return self._tree.root_node

    @property
    def has_error(self) -> bool:
        """Whether some of the text does not parse."""
        return self._tree.root_node.has_error

    @property
    def lines(self) -> TextLines:
        """The lines of the text."""
        if self._lines is None:
            self._lines = TextLines(self.text)
        return self._lines

    def edited(self, span: Range, new_text: str) -> SyntaxTree:
        """The tree of the text in which `span` is replaced; positions outside the text mean its nearest place."""
        start = self.lines.at_character(span.start.line, span.start.character)
        end = max(start, self.lines.at_character(span.end.line, span.end.character))
        first, last = self._offset(start), self._offset(end)
        text = self.text[:first] + new_text + self.text[last:]
        if self.has_error:
            return SyntaxTree(self.grammar, text)
        return SyntaxTree(self.grammar, text, before=self._moved(start, end, self.text[:first], new_text, last))

    def text_of(self, node: Node) -> str:
        """The text of `node`."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def range_of(self, node: Node) -> Range:
        """Where `node` is, in code points."""
        return Range(self.position_of(node.start_point), self.position_of(node.end_point))

    def position_of(self, point: Point) -> Position:
        """The position of a row and a UTF-8 byte column."""
        if len(self.source) == len(self.text):
            return Position(point.row, point.column)
        return Position(point.row, bisect_left(self._byte_columns(point.row), point.column))

    def _byte_columns(self, row: int) -> array[int]:
        """The byte column at which each character of the line begins; kept, because lines can be very long."""
        if row not in self._columns:
            sizes = (len(char.encode("utf-8", "replace")) for char in self.lines.content(row) + "\r")
            self._columns[row] = array("L", accumulate(sizes, initial=0))
        return self._columns[row]

    def _offset(self, position: Position) -> int:
        offset = 0
        for _ in range(position.line):
            offset = self.text.index("\n", offset) + 1
        return offset + position.character

    def _moved(self, start: Position, end: Position, prefix: str, new_text: str, last: int) -> Tree:
        """The old tree, with its nodes moved to where the edit puts them."""
        inserted = new_text.encode("utf-8", "replace")
        start_byte = len(prefix.encode("utf-8", "replace"))
        removed = self.text[len(prefix) : last].encode("utf-8", "replace")
        start_point = Point(start.line, start_byte - (self.source.rfind(b"\n", 0, start_byte) + 1))
        tree = self._tree.copy()
        tree.edit(
            start_byte=start_byte,
            old_end_byte=start_byte + len(removed),
            new_end_byte=start_byte + len(inserted),
            start_point=start_point,
            old_end_point=_after(start_point, removed),
            new_end_point=_after(start_point, inserted),
        )
        return tree


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in order of place."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def _after(point: Point, inserted: bytes) -> Point:
    """Where a text that begins at `point` ends."""
    rows = inserted.count(b"\n")
    if not rows:
        return Point(point.row, point.column + len(inserted))
    return Point(point.row + rows, len(inserted) - inserted.rfind(b"\n") - 1)
