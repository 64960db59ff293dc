"""Where a statement can stand in Python code, and what is in scope there.

A spot is a line above a statement that begins its line, in a function or at the top level, where control can get to.
Functions come with counts that bound their complexity from above. It does not know any violation. Nothing recurses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node

#: Names in scope that a spot remembers: enough to choose from, and reading stays linear.
MAX_NAMES = 8
#: Python allows 100 levels of indentation; a statement and its blocks stay below.
MAX_DEPTH = 80
#: A line that begins further to the right than this is not looked at.
_MAX_INDENT = 400

_ENDING = frozenset({"return_statement", "raise_statement", "break_statement", "continue_statement"})
_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_DEFINITIONS = frozenset({"function_definition", "class_definition", "decorated_definition"})
_NO_PLACES = frozenset({"pass_statement", "case_clause"})
_LOOPS = frozenset({"for_statement", "while_statement"})
_BRANCHES = frozenset({
    "if_statement", "elif_clause", "else_clause", "for_statement", "while_statement", "try_statement", "except_clause",
    "finally_clause", "case_clause", "with_statement", "function_definition", "class_definition",
})  # fmt: skip
_OWN_NAMES = frozenset({"self", "cls", "mcs"})


@dataclass(slots=True, eq=False)
class Function:
    """A function; `branches` and `returns` count what is in it and, for an `outer` one, in the functions inside it."""

    node: Node
    outer: bool
    in_class: bool
    decorated: bool
    branches: int = 0
    returns: int = 0
    first: Spot | None = None
    parameters: list[str] = field(default_factory=list)


class Spot(NamedTuple):
    """Above `statement`: `offset` also above its comment, `start` where its own line begins.

    `loop` has the names that the innermost loop around it binds (not beyond its function), None outside loops.
    """

    statement: Node
    offset: int
    start: int
    indent: str
    names: tuple[str, ...]
    function: Function | None
    loop: tuple[str, ...] | None


class Scanned(NamedTuple):
    """All spots and functions of a text, and where a new import goes (None: nowhere)."""

    spots: list[Spot]
    functions: list[Function]
    import_offset: int | None
    import_blank_lines: int
    unit: str


class _Block(NamedTuple):
    node: Node
    names: tuple[str, ...]
    function: Function | None
    outer: Function | None
    loop: tuple[str, ...] | None
    depth: int
    in_class: bool


def scan(root: Node, source: bytes, offset: Callable[[int], int]) -> Scanned:
    """Read the blocks below `root`; `offset` turns bytes into characters."""
    scanner = _Scanner(source, offset)
    stack = [_Block(root, (), None, None, None, 0, False)]
    while stack:
        stack.extend(scanner.read(stack.pop()))
    place, blank_lines = scanner.import_place(root)
    return Scanned(scanner.spots, scanner.functions, place, blank_lines, scanner.unit or "    ")


class _Scanner:
    def __init__(self, source: bytes, offset: Callable[[int], int]) -> None:
        self.spots: list[Spot] = []
        self.functions: list[Function] = []
        self.unit = ""
        self._source = source
        self._offset = offset

    def read(self, block: _Block) -> Iterator[_Block]:
        """Note the spots of one block; the blocks directly below it."""
        names, ended, comment = block.names, False, None
        for node in block.node.children:
            if node.type == "comment":
                comment = self._above(comment, node)
                continue
            if not ended:
                self._note(block, node, names, comment)
            ended, comment = ended or node.type in _ENDING, None
            names = self._after(node, names)
            yield from self._below(block, node, names)

    def _above(self, comment: Node | None, node: Node) -> Node | None:
        """Where the run of comments began that goes on with `node`."""
        if comment is not None and comment.start_point.column == node.start_point.column:
            return comment
        return node if self.indent(node) is not None else None

    def _note(self, block: _Block, node: Node, names: tuple[str, ...], comment: Node | None) -> None:
        indent = self.indent(node)
        if indent is None or block.in_class or block.depth > MAX_DEPTH or self._is_no_place(block, node):
            return
        attached = block.function is not None and comment is not None
        if not attached or comment is None or comment.start_point.column != node.start_point.column:
            comment = node
        start, above = (self._offset(each.start_byte - each.start_point.column) for each in (node, comment))
        spot = Spot(node, above, start, indent, names, block.function, block.loop)
        self.spots.append(spot)
        if block.function is not None:
            self.unit = self.unit or self._unit(block.function.node, indent)
            if block.function.first is None and block.node == block.function.node.child_by_field_name("body"):
                block.function.first = spot

    def _is_no_place(self, block: _Block, node: Node) -> bool:
        if node.type in _NO_PLACES or self._is_text(node):
            return True
        return block.function is None and (block.depth > 0 or node.type in _IMPORTS | _DEFINITIONS)

    def indent(self, node: Node) -> str | None:
        """What stands before `node` on its line; None when that is more than white space."""
        column = node.start_point.column
        if column > _MAX_INDENT:
            return None
        start = node.start_byte - column
        before = self._source[start : node.start_byte]
        continued = self._source[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\")
        return None if before.strip(b" \t") or continued else before.decode("ascii")

    def _unit(self, function: Node, indent: str) -> str:
        outside = self.indent(function)
        return indent.removeprefix(outside) if outside is not None and indent.startswith(outside) else ""

    def _is_text(self, node: Node) -> bool:
        """A docstring, or the `...` of a function without a body."""
        return node.type == "expression_statement" and all(
            child.type in ("string", "concatenated_string", "ellipsis") for child in node.children
        )

    def _after(self, node: Node, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names in scope behind the statement `node`."""
        if node.type == "delete_statement":
            gone = set(self._bound_by(node.named_children[0])) if node.named_children else set()
            return tuple(name for name in names if name not in gone)
        if node.type != "expression_statement" or not node.children or node.children[0].type != "assignment":
            return names
        left, right = (node.children[0].child_by_field_name(side) for side in ("left", "right"))
        return names if left is None or right is None else _more(names, self._bound_by(left))

    def _below(self, block: _Block, node: Node, names: tuple[str, ...]) -> Iterator[_Block]:
        decorated = node.type == "decorated_definition"
        if decorated:
            node = node.child_by_field_name("definition") or node
        if node.type == "function_definition":
            yield from self._function(block, node, names, decorated=decorated)
            return
        self._count(block, node)
        inner = block._replace(names=_more(names, self._targets(node)), depth=block.depth + 1)
        if node.type == "class_definition":
            inner = inner._replace(names=(), function=None, loop=None, in_class=True)
        loop = tuple(self._targets(node)) if node.type in _LOOPS else inner.loop
        for child in node.children:
            if child.type == "block":
                yield inner._replace(node=child, loop=loop)
            elif child.type.endswith("_clause") and child.type != "except_group_clause":
                self._count(block, child)
                yield from (inner._replace(node=each) for each in child.children if each.type == "block")

    def _function(self, block: _Block, node: Node, names: tuple[str, ...], *, decorated: bool) -> Iterator[_Block]:
        function = Function(node, outer=block.outer is None, in_class=block.in_class, decorated=decorated)
        self._count(block, node)
        self.functions.append(function)
        parameters, body = (node.child_by_field_name(name) for name in ("parameters", "body"))
        if parameters is None or body is None:
            return
        function.parameters.extend(self._parameters(parameters))
        own = [name for name in function.parameters if name not in _OWN_NAMES and not name.startswith("_")]
        closure = names if block.function is not None else ()
        scope = _more(tuple(name for name in closure if name not in function.parameters), own)
        yield _Block(body, scope, function, block.outer or function, None, block.depth + 1, False)

    def _count(self, block: _Block, node: Node) -> None:
        if block.outer is not None:
            block.outer.branches += node.type in _BRANCHES
            block.outer.returns += node.type == "return_statement"

    def _parameters(self, parameters: Node) -> Iterator[str]:
        for parameter in parameters.named_children:
            name = parameter.child_by_field_name("name")
            if parameter.type == "identifier":
                name = parameter
            elif parameter.type == "typed_parameter":
                name = next((child for child in parameter.children if child.type == "identifier"), None)
            if name is not None:
                yield self._source[name.start_byte : name.end_byte].decode("utf-8", "replace")

    def _targets(self, node: Node) -> Iterator[str]:
        """The names that a loop gives values to."""
        left = node.child_by_field_name("left") if node.type == "for_statement" else None
        return iter(()) if left is None else self._bound_by(left)

    def _bound_by(self, target: Node) -> Iterator[str]:
        nodes = [target] if target.type == "identifier" else target.named_children
        found = (self._source[node.start_byte : node.end_byte] for node in nodes if node.type == "identifier")
        return (name.decode("utf-8", "replace") for name in found if not name.startswith(b"_"))

    def import_place(self, root: Node) -> tuple[int | None, int]:
        """Where a new import goes, behind docstring and `__future__`, and the blank lines that it needs below."""
        comment, is_first = None, True
        for node in root.children:
            if node.type == "comment":
                comment = self._above(comment, node)
            elif node.type == "future_import_statement" or (is_first and self._is_text(node)):
                comment, is_first = None, False
            elif self.indent(node) is None:
                return None, 0
            else:
                blank_lines = 0 if node.type in _IMPORTS else 2 if node.type in _DEFINITIONS else 1
                at_top = comment is None or comment.start_point.row == 0 or not blank_lines
                place = node if at_top or comment is None else comment
                return self._offset(place.start_byte - place.start_point.column), blank_lines
        return None, 0


def _more(names: tuple[str, ...], new: Iterator[str] | list[str]) -> tuple[str, ...]:
    added = [*dict.fromkeys(new)]
    return (*(name for name in names if name not in added), *added)[-MAX_NAMES:] if added else names


def is_clear_after(text: str, offset: int) -> bool:
    """Whether nothing but white space follows on the line."""
    return re.compile(r"[ \t]*\r?(?:\n|$)").match(text, offset) is not None
