"""A text as injectors see it: its tree, the way from nodes to characters, and how its lines are written.

Edits come out in the text's own line ends and indentation. A template may mark where the violation begins with `MARK`.
It knows no violation and no language.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from string import Template
from typing import Generic, TypeVar

from tree_sitter import Node

from languages.injection.planting import Edit, ToolName
from languages.linters.check_table import TOOLS, checks_of
from languages.syntax import GrammarName
from languages.tree import SyntaxTree, walk

#: In the text of an edit: what follows is the violation. A character that no program uses.
MARK = "\ue0ff"
#: Trees deeper than this are left alone: the rules do not look deeper either, and people do not write it.
MAX_DEPTH = 130
#: Comments that keep a tool from saying what it finds.
_SILENCERS: Mapping[str, str] = {"credo": "credo:disable", "sobelow": "sobelow_skip", "gosec": "nosec"}
#: Edits of one kind whose text grows with the file are made at so many places of it at most.
MOST = 16

_Item = TypeVar("_Item")


class CodeText:
    """One text; `broken` when it does not parse or is nested too deep to look into. Offsets are in characters."""

    def __init__(self, grammar: GrammarName, text: str) -> None:
        self.text = text
        self.tree = SyntaxTree(grammar, text)
        self.nodes: dict[str, list[Node]] = {}
        self.broken = self.tree.has_error or MARK in text or not self._index()
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self._bytes: array[int] | None = None
        if len(self.tree.source) != len(text):
            self._bytes = array("L", accumulate((len(char.encode("utf-8", "replace")) for char in text), initial=0))

    @cached_property
    def unit(self) -> str:
        """One level of indentation: a tab where the lines begin with tabs, else two spaces."""
        return "\t" if "\n\t" in self.text else "  "

    def of(self, *types: str) -> Iterator[Node]:
        """The nodes of these types."""
        for kind in types:
            yield from self.nodes.get(kind, ())

    def start(self, node: Node) -> int:
        """Where `node` begins."""
        return self._character(node.start_byte)

    def end(self, node: Node) -> int:
        """Where `node` ends."""
        return self._character(node.end_byte)

    def shown(self, node: Node) -> str:
        """The text of `node`."""
        return self.tree.text_of(node)

    def between(self, left: Node, right: Node) -> str:
        """What stands after `left` and before `right`."""
        return self.text[self.end(left) : self.start(right)]

    def line_start(self, offset: int) -> int:
        """Where the line of `offset` begins."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Where the line of `offset` ends, before its line end."""
        end = self.text.find("\n", offset)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > offset and self.text[end - 1] == "\r" else end

    def begins_line(self, node: Node) -> bool:
        """Whether nothing but blanks stands before `node` on its line."""
        start = self.start(node)
        return not self.text[self.line_start(start) : start].strip()

    def ends_line(self, node: Node) -> bool:
        """Whether nothing but blanks stands after `node` on its line."""
        end = self.end(node)
        return not self.text[end : self.line_end(end)].strip()

    def indentation(self, node: Node) -> str:
        """The blanks at the beginning of the line of `node`."""
        start = self.line_start(self.start(node))
        line = self.text[start : self.line_end(start)]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def laid_out(self, template: str, indentation: str) -> str:
        """The lines of `template` under `indentation`; in it, a tab or two spaces are one level."""
        rows = []
        for row in template.split("\n"):
            body = row.lstrip(" \t")
            level = len(row[: len(row) - len(body)].replace("  ", "\t"))
            rows.append(f"{indentation}{self.unit * level}{body}" if body else "")
        return self.newline.join(rows)

    def before(self, node: Node, template: str) -> Edit:
        """Insert the lines of `template` above the line of `node`, indented like it."""
        place = self.line_start(self.start(node))
        return edit(place, place, self.laid_out(template, self.indentation(node)) + self.newline)

    def after(self, node: Node, template: str) -> Edit:
        """Insert the lines of `template` below `node`, indented like its first line."""
        place = self.line_end(self.end(node))
        marked = template if MARK in template else MARK + template
        return edit(place, place, self.newline + self.laid_out(marked, self.indentation(node)))

    def replaced(self, node: Node, text: str) -> Edit:
        """Put `text` in the place of `node`."""
        return edit(self.start(node), self.end(node), text)

    def spans_lines(self, node: Node, *types: str) -> bool:
        """Whether a node of one of `types`, at or below `node`, goes over several lines: it cannot be indented."""
        return any(one.type in types and one.start_point.row != one.end_point.row for one in walk(node))

    def _index(self) -> bool:
        """Fill `nodes`, the named nodes by type in order of place; False for a tree deeper than `MAX_DEPTH`."""
        stack = [(self.tree.root, 0)]
        while stack:
            node, depth = stack.pop()
            if depth > MAX_DEPTH:
                return False
            if node.is_named:
                self.nodes.setdefault(node.type, []).append(node)
            stack.extend((child, depth + 1) for child in reversed(node.children))
        return True

    def _character(self, offset: int) -> int:
        return offset if self._bytes is None else bisect_left(self._bytes, offset)


def edit(start: int, end: int, text: str) -> Edit:
    """The edit that `text` says, with the place of the first `MARK` in it; without one, its beginning counts."""
    at = max(0, text.find(MARK))
    return Edit(start, end, text.replace(MARK, ""), at)


def filled(template: str, **values: str) -> str:
    """`template` with its `$names` replaced, and with a `MARK` for its "»"."""
    return Template(template.replace("»", MARK)).safe_substitute(values)


def few(items: Iterable[_Item]) -> Sequence[_Item]:
    """At most `MOST` of `items`, from all over them."""
    kept = list(items)
    step = -(-len(kept) // MOST)
    return kept[::step] if step > 1 else kept


_Code = TypeVar("_Code", bound=CodeText)


@dataclass(frozen=True, slots=True)
class Violation(Generic[_Code]):
    """An `Injector` made of a function: `find` gives the edits that plant `check` into a text that parses."""

    language: GrammarName
    tool: ToolName
    check: str
    read: Callable[[str], _Code]
    find: Callable[[_Code], Iterable[Edit]]
    file: str = ""

    @property
    def cwe(self) -> str | None:
        """What the table of the tool's checks says."""
        return checks_of(self.tool)[self.check].cwe if self.tool in TOOLS else None

    def places(self, text: str) -> Iterable[Edit]:
        """Every edit; none for a text that does not parse, or that tells the tool to look away."""
        if _SILENCERS.get(self.tool, MARK) in text:
            return ()
        code = self.read(text)
        return () if code.broken else self.find(code)
