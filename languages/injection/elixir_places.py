"""Places in Elixir code where something can be planted: clauses, their statements, and the variables in reach.

It knows no violation. Only definitions with a `do` block are looked at; a `do:` keyword leaves no room.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

from tree_sitter import Node

from languages.injection.code_text import MARK, CodeText, Violation, filled
from languages.injection.planting import Edit, ToolName
from languages.outline import elixir_nodes

FUNCTIONS = ("def", "defp")
LITERALS = ("string", "charlist", "sigil", "quoted_atom")
_BRANCHES = frozenset({"rescue_block", "catch_block", "after_block", "else_block"})
#: Names that hold a collection, as far as a name can say.
_COLLECTIONS = frozenset({"list", "enum", "rest", "acc", "tail", "data", "rows", "queue", "children"})
#: Variables before a statement that count as in reach.
_NEAREST = 12
_NAMES = re.compile(r"\$([a-z]+)")
_DEFINED = re.compile(r"defp? (\w+[?!]?)")
_NO_COLLECTIONS = ("ss", "us", "is", "opts", "args", "params", "assigns", "class", "status")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a function: `name` and `head` are nodes, `statements` those of its body without branches."""

    node: Node
    name: Node
    head: Node
    parameters: tuple[Node, ...]
    block: Node
    statements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """Just before `statement`, on a line of its own, with `variables` in reach, the nearest last."""

    clause: Clause
    statement: Node
    variables: tuple[str, ...]


class ElixirCode(CodeText):
    """An Elixir text."""

    def __init__(self, text: str) -> None:
        super().__init__("elixir", text)

    def calls(self, *names: str) -> Iterator[Node]:
        """The local calls of `names`, such as `if` and `alias`."""
        for node in self.of("call"):
            if elixir_nodes.call_name(self.tree, node) in names:
                yield node

    @cached_property
    def modules(self) -> list[Node]:
        """The `defmodule` calls with a body."""
        return [node for node in self.calls("defmodule") if elixir_nodes.do_block(node) is not None]

    @cached_property
    def clauses(self) -> list[Clause]:
        """The clauses of functions that have a body of at least one statement."""
        return [clause for node in self.calls(*FUNCTIONS) if (clause := self._clause(node)) is not None]

    @cached_property
    def spots(self) -> list[Spot]:
        """Before every statement of every clause that begins a line."""
        return [spot for clause in self.clauses for spot in self._spots(clause)]

    @cached_property
    def named(self) -> Counter[str]:
        """How often each name stands in the text, as a variable, a function or a keyword."""
        return Counter(self.shown(node).rstrip().rstrip(":") for node in self.of("identifier", "keyword"))

    def at_module_ends(self, template: str) -> Iterator[Edit]:
        """The lines of `template` behind the last part of every module, after a blank line."""
        for module in self.modules:
            block = elixir_nodes.do_block(module)
            parts = statements(block) if block is not None else []
            if parts and self.begins_line(parts[-1]) and self.ends_line(parts[-1]):
                yield self.after(parts[-1], f"\n{template if MARK in template else MARK + template}")

    def attributes(self, *names: str) -> Iterator[tuple[Node, Node]]:
        """The module attributes that are set: the whole `@name value` and the call `name value` in it."""
        for node in self.of("unary_operator"):
            found = elixir_nodes.attribute(self.tree, node)
            if found is not None and (not names or found[0] in names):
                yield node, found[1]

    def dotted(self, node: Node) -> str:
        """ "Enum.map" for a call of a function of a module; "" for anything else."""
        target = node.child_by_field_name("target") if node.type == "call" else None
        if target is None or target.type != "dot":
            return ""
        left, right = target.child_by_field_name("left"), target.child_by_field_name("right")
        if left is None or right is None or left.type not in ("alias", "atom"):
            return ""
        return f"{self.shown(left)}.{self.shown(right)}"

    def bound(self, pattern: Node) -> list[str]:
        """The variables that `pattern` binds, underscored ones not."""
        return [self.shown(node) for node in _bound(pattern) if not self.shown(node).startswith("_")]

    def _clause(self, node: Node) -> Clause | None:
        given, block = elixir_nodes.arguments(node), elixir_nodes.do_block(node)
        if not given or block is None:
            return None
        head, _ = elixir_nodes.head_and_guard(given[0])
        named = elixir_nodes.name_and_parameters(self.tree, head)
        body = statements(block)
        if named is None or not body or head.type not in ("call", "identifier"):
            return None
        return Clause(node, named[0], head, tuple(named[1]), block, tuple(body))

    def _spots(self, clause: Clause) -> Iterator[Spot]:
        known = list(dict.fromkeys(name for parameter in clause.parameters for name in self.bound(parameter)))
        for statement in clause.statements:
            if self.begins_line(statement):
                yield Spot(clause, statement, tuple(known))
            left = statement.child_by_field_name("left") if elixir_nodes.operator(statement) == "=" else None
            known += [name for name in (self.bound(left) if left is not None else ()) if name not in known]
            del known[:-_NEAREST]


ElixirFinder: TypeAlias = Callable[[ElixirCode], Iterable[Edit]]


@lru_cache(maxsize=4)
def read_elixir(text: str) -> ElixirCode:
    """The code of `text`; the last few are kept, because many injectors ask for the same one."""
    return ElixirCode(text)


def elixir(tool: ToolName, check: str, find: ElixirFinder) -> Violation[ElixirCode]:
    """The injector of `check`."""
    return Violation("elixir", tool, check, read_elixir, find)


def credo(check: str, find: ElixirFinder) -> Violation[ElixirCode]:
    """The injector of "Credo.Check.<check>"."""
    return elixir("credo", f"Credo.Check.{check}", find)


def inserted(*templates: str) -> ElixirFinder:
    """Insert one of `templates` before a statement.

    `$v` is a variable in reach, `$list` one whose name is that of a collection, `$w` another variable, `$conn` the
    connection of a web request. A template that names what is not there does not fit.
    """
    needs = {template: set(_NAMES.findall(template)) for template in templates}

    def find(code: ElixirCode) -> Iterator[Edit]:
        for spot in code.spots:
            values = chosen(spot.variables)
            for template, names in needs.items():
                if names <= values.keys():
                    yield code.before(spot.statement, filled(template, **values))

    return find


def appended(*templates: str) -> ElixirFinder:
    """Add one of the functions `templates` at the end of a module that has none of its name."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for template in templates:
            name = _DEFINED.search(template)
            if name is not None and name[1] not in code.named:
                yield from code.at_module_ends(filled(template))

    return find


def together(*finders: ElixirFinder) -> ElixirFinder:
    """The edits of all of `finders`."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for finder in finders:
            yield from finder(code)

    return find


def chosen(variables: tuple[str, ...]) -> dict[str, str]:
    """What templates call `v`, `w`, `list` and `conn`; names that are not in reach are left out."""
    values = dict(zip(("v", "w"), reversed([name for name in variables if name != "conn"]), strict=False))
    collections = [name for name in variables if _is_collection(name)]
    values |= {"conn": "conn"} if "conn" in variables else {}
    return values | ({"list": collections[-1]} if collections else {})


def statements(block: Node) -> list[Node]:
    """The statements of a `do` block or a branch, comments and branches left out."""
    return [child for child in block.named_children if child.type != "comment" and child.type not in _BRANCHES]


def around(node: Node) -> Iterator[Node]:
    """The nodes that `node` is in, nearest first."""
    outer = node.parent
    while outer is not None:
        yield outer
        outer = outer.parent


def branch(block: Node, name: str) -> Node | None:
    """The "else", "rescue", "catch" or "after" of a `do` block."""
    return next((child for child in block.children if child.type == f"{name}_block"), None)


def _is_collection(name: str) -> bool:
    return name in _COLLECTIONS or (name.endswith("s") and not name.endswith(_NO_COLLECTIONS) and len(name) > 2)


def _bound(pattern: Node) -> Iterator[Node]:
    stack = [pattern]
    while stack:
        node = stack.pop()
        if node.type == "identifier":
            yield node
            continue
        inner = node.named_children
        operator = elixir_nodes.operator(node)
        if operator in ("\\\\", "::", "<>", "when"):
            inner = inner[:1] if operator != "<>" else inner[1:]
        if node.type in ("unary_operator", "call", "sigil", "string"):
            continue
        stack.extend(reversed(inner))
