"""From the columns that tools count to the code points that a `Finding` counts.

Compilers count UTF-8 bytes, some from 0 and some from 1; tools also speak of places just outside the text. `TextLines`
turns all of them into positions that exist. Lines end at `\\n`; a `\\r` before it belongs to the line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from languages.finding import Position, Range


class TextLines:
    """The lines of one text. Every position that comes out lies inside the text."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        sizes = [len(line.encode("utf-8", "replace")) + 1 for line in self._lines]
        self._starts = list(accumulate(sizes, initial=0))

    def __len__(self) -> int:
        return len(self._lines)

    def content(self, line: int) -> str:
        """The 0-based `line` without its end of line."""
        return self._lines[self._inside(line)].removesuffix("\r")

    def at_character(self, line: int, character: int) -> Position:
        """The nearest position to a 0-based line and a 0-based code point."""
        if line < 0:
            return Position(0, 0)
        if line >= len(self._lines):
            return self.end()
        return Position(line, max(0, min(character, len(self._lines[line]))))

    def at_byte_column(self, line: int, column: int) -> Position:
        """The position of a 0-based line and a 0-based UTF-8 byte in it."""
        if not 0 <= line < len(self._lines):
            return self.at_character(line, 0)
        return Position(line, _characters(self._lines[line], column))

    def at_byte(self, offset: int) -> Position:
        """The position of a UTF-8 byte offset from the beginning of the text."""
        line = min(max(bisect_right(self._starts, offset) - 1, 0), len(self._lines) - 1)
        return Position(line, _characters(self._lines[line], offset - self._starts[line]))

    def end(self) -> Position:
        """Just after the last character."""
        return Position(len(self._lines) - 1, len(self._lines[-1]))

    def without_indentation(self, line: int) -> Range:
        """The 0-based `line` from its first visible character to its last."""
        inside = self._inside(line)
        content = self.content(inside)
        first = len(content) - len(content.lstrip())
        return Range(Position(inside, first), Position(inside, max(first, len(content.rstrip()))))

    def word_at(self, start: Position) -> Range:
        """The word or the one character at `start`; at the end of a line, its last character."""
        content = self.content(start.line)
        word = re.match(r"\w+|.", content[start.character :])
        if word is None:
            return Range(Position(start.line, max(0, len(content) - 1)), Position(start.line, len(content)))
        return Range(start, Position(start.line, start.character + word.end()))

    def _inside(self, line: int) -> int:
        return max(0, min(line, len(self._lines) - 1))


def _characters(line: str, byte_count: int) -> int:
    """How many code points the first `byte_count` bytes of `line` hold; a code point cut in two does not count."""
    if byte_count <= 0:
        return 0
    if line.isascii():
        return min(byte_count, len(line))
    return len(line.encode("utf-8", "replace")[:byte_count].decode("utf-8", "ignore"))
