"""What an Elixir file is made of, as far as mutants care: code, patterns, guards, bodies, clauses of a function.

tree-sitter-elixir has no node for any of these: `def` and `case` are calls. One walk sorts the nodes into lists, and
says of each where it lies: in which function, in whose head, in which body. A body is a sequence of statements that
runs whole; which of them a test runs is counted (`elixir_counting.py`). It does not know what can be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tree_sitter import Node

from languages.mutation.elixir_places import Body, Clause, Function, Place, Spot
from languages.outline.elixir_nodes import (
    arguments,
    attribute,
    call_name,
    do_block,
    has_default,
    head_and_guard,
    name_and_parameters,
    operator,
)
from languages.tree import SyntaxTree

_MODULES = {"defmodule", "defimpl", "defprotocol"}
_DEFINITIONS = {"def", "defp", "defmacro", "defmacrop"}
#: Declarations, and what says of the code instead of being it.
_LEFT_ALONE = {"use", "import", "alias", "require", "defdelegate", "defoverridable", "doctest", "unquote", "super"}
_ATTRIBUTES_LEFT_ALONE = {
    "moduledoc", "doc", "typedoc", "shortdoc", "spec", "type", "typep", "opaque", "callback", "macrocallback", "impl",
    "behaviour", "optional_callbacks", "dialyzer", "compile", "derive", "deprecated", "since", "before_compile",
    "after_compile", "on_definition", "on_load", "external_resource", "enforce_keys", "protocol", "for", "vsn",
}  # fmt: skip
#: Kernel's forms whose `do`, `else` and the like hold bodies of their own.
_FORMS = {"if", "unless", "case", "cond", "with", "for", "receive", "try"}
_BLOCK_KEYS = {"do", "else", "rescue", "catch", "after"}
_SKIPPED = {"comment", "sigil", "charlist", "char", "quoted_atom", "alias", "keyword"}


class Anatomy:
    """The lists; each in no particular order but `bodies`, whose places in it are their numbers."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree, self.root = tree, tree.root
        self.nodes: list[Spot] = []
        self.conditions: list[Spot] = []
        self.guards: list[tuple[Node, Node, Place]] = []
        self.statements: list[Spot] = []
        self.results: list[Spot] = []
        self.parameters: list[Spot] = []
        self.clauses: list[tuple[list[Node], Place]] = []
        self.bodies: list[Body] = []
        self.functions: dict[tuple[int, str, int], Function] = {}
        self._todo: list[Spot] = []
        self._push(_named(self.root), Place())
        while self._todo:
            self._visit(*self._todo.pop())

    def _visit(self, node: Node, place: Place) -> None:
        if node.type in _SKIPPED:
            return
        match node.type:
            case "call":
                self._call(node, place)
            case "unary_operator":
                self._unary(node, place)
            case "binary_operator":
                self._binary(node, place)
            case "anonymous_function":
                self._stabs(_named(node), place)
            case "stab_clause":
                self._stabs([node], replace(place, quoted=True))
            case "dot":
                self._push([left for left in _named(node)[:1] if left.type != "atom"], place)
            case "string":
                self.nodes.append((node, place))
                inside = [part for part in node.named_children if part.type == "interpolation"]
                self._push([child for part in inside for child in _named(part)], replace(place, role="code"))
            case _:
                self.nodes.append((node, place))
                self._push(_named(node), place)

    def _push(self, nodes: Iterable[Node], place: Place) -> None:
        """Visit `nodes` next, the first of them first."""
        self._todo.extend((node, place) for node in reversed(list(nodes)))

    def _definition(self, node: Node, module: Node) -> None:
        given = arguments(node)
        head, guard = head_and_guard(given[0]) if given else (node, None)
        signature = name_and_parameters(self._tree, head)
        if signature is None or head == node:
            return
        name, parameters = self._tree.text_of(signature[0]), signature[1]
        macro = call_name(self._tree, node) in ("defmacro", "defmacrop")
        key = (module.start_byte, name, len(parameters))
        function = self.functions.setdefault(key, Function(name, len(parameters), macro))
        blocks = list(self._blocks(node))
        if blocks:
            function.clauses.append(Clause(node, signature[0], tuple(parameters)))
        place = Place("pattern", _lines(node), function)
        for parameter in parameters:
            self._parameter(parameter, place)
        if guard is not None:
            self._guard(head, guard, place)
        for key_name, block in blocks:
            self._body(block, replace(place, role="code"), result=key_name == "do" and not macro)

    def _parameter(self, parameter: Node, place: Place) -> None:
        if has_default(parameter):
            left, right = _sides(parameter)
            self._parameter(left, place)
            self._todo.append((right, replace(place, role="code")))
        else:
            self.parameters.append((parameter, place))
            self._todo.append((parameter, place))

    def _guard(self, head: Node, guard: Node, place: Place) -> None:
        inside = replace(place, role="guard")
        self.guards.append((head, guard, inside))
        self._todo.append((guard, inside))

    def _blocks(self, call: Node) -> Iterator[tuple[str, Node]]:
        """The blocks of a call by name: the parts of `do ... end`, or the values of `do:` and the like."""
        block = do_block(call)
        if block is not None:
            yield "do", block
            for part in block.named_children:
                if part.type.endswith("_block"):
                    yield part.type.removesuffix("_block"), part
        for node in arguments(call):
            for pair in node.named_children if node.type == "keywords" else ():
                key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                name = "" if key is None else self._tree.text_of(key).strip().rstrip(":")
                if value is not None and name in _BLOCK_KEYS:
                    yield name, value

    def _body(self, block: Node, place: Place, *, result: bool = False) -> None:
        """A block, or the value in its stead; clauses in it have a body each."""
        bare = not block.type.endswith("_block") and block.type != "body"
        inside = [block] if bare else [child for child in _named(block) if not child.type.endswith("_block")]
        if not inside:
            return
        if inside[0].type == "stab_clause":
            self._stabs(inside, place)
            return
        if not place.quoted and place.function is not None:
            self.bodies.append(Body(inside[0].start_byte, inside[-1].end_byte, bare, place.function))
            place = replace(place, body=len(self.bodies) - 1)
        self._statements(inside, place, result=result)

    def _statements(self, nodes: Sequence[Node], place: Place, *, result: bool = False) -> None:
        for node in nodes:
            here = replace(place, role="code", lines=_lines(node))
            self._todo.append((node, here))
            if node != nodes[-1] and here.body is not None:
                self.statements.append((node, here))
            elif result:
                self.results.append((node, here))

    def _stabs(self, clauses: Sequence[Node], place: Place, *, conditions: bool = False) -> None:
        """`pattern when guard -> body`; in `cond`, `condition -> body`."""
        stabs = [clause for clause in clauses if clause.type == "stab_clause"]
        whole = replace(place, lines=(stabs[0].start_point.row, stabs[-1].end_point.row)) if stabs else place
        if len(stabs) > 1 and not conditions and not place.quoted:
            self.clauses.append((stabs, whole))
        for clause in stabs:
            left, right = clause.child_by_field_name("left"), clause.child_by_field_name("right")
            if left is not None and conditions:
                self._push(_named(left), replace(whole, role="code"))
                self.conditions.extend((node, whole) for node in _named(left))
            elif left is not None and not place.quoted:
                self._head(left, whole)
            if right is not None:
                self._body(right, place)

    def _head(self, left: Node, place: Place) -> None:
        head, guard = head_and_guard(left)
        pattern = replace(place, role="pattern")
        for node in _named(head) if head.type == "arguments" else [head]:
            self.parameters.append((node, pattern))
            self._todo.append((node, pattern))
        if guard is not None:
            self._guard(head, guard, place)

    def _call(self, node: Node, place: Place) -> None:
        name = call_name(self._tree, node)
        if name in _MODULES:
            block = do_block(node)
            self._push([] if block is None else _named(block), Place())
        elif name in _DEFINITIONS:
            self._definition(node, node.parent or node)
        elif name in ("defguard", "defguardp"):
            for given in arguments(node):
                self._push([guard] if (guard := head_and_guard(given)[1]) else [], replace(place, role="guard"))
        elif name == "quote":
            self._push(self._within(node), replace(place, quoted=True))
        elif name in _FORMS and not place.quoted and place.function is not None:
            self._form(name or "", node, place)
        elif name not in _LEFT_ALONE:
            self.nodes.append((node, place))
            self._push(self._within(node), place)

    def _within(self, call: Node) -> Iterator[Node]:
        target = call.child_by_field_name("target")
        if target is not None and target.type != "identifier":
            yield target
        yield from arguments(call)
        block = do_block(call)
        yield from () if block is None else _named(block)

    def _form(self, name: str, node: Node, place: Place) -> None:
        """One of Kernel's forms: what decides, then its bodies."""
        self.nodes.append((node, place))
        target = node.parent is not None and operator(node.parent) == "|>"
        for given in arguments(node):
            if given.type == "keywords":
                pairs = [pair for pair in given.named_children if not self._is_block(pair)]
                self._push(pairs, place)
                continue
            self._todo.append((given, place))
            if (name in ("if", "unless") and not target) or (name == "for" and _is_filter(given)):
                self.conditions.append((given, place))
        for key, block in self._blocks(node):
            if name == "cond" and key == "do" and block.type == "do_block":
                self._stabs(_named(block), place, conditions=True)
            elif name == "receive" and key == "after":
                self._after(block, place)
            else:
                self._body(block, place)

    def _after(self, block: Node, place: Place) -> None:
        """`after time -> body` of a `receive`."""
        for clause in (child for child in _named(block) if child.type == "stab_clause"):
            left, right = _sides(clause)
            self._push(_named(left), place)
            self._body(right, place)

    def _is_block(self, pair: Node) -> bool:
        key = pair.child_by_field_name("key")
        return key is not None and self._tree.text_of(key).strip().rstrip(":") in _BLOCK_KEYS

    def _unary(self, node: Node, place: Place) -> None:
        sign, operand = node.children[0].type, node.named_children[-1]
        if sign == "@":
            told = attribute(self._tree, node)
            if told is not None and told[0] not in _ATTRIBUTES_LEFT_ALONE:
                self._push(arguments(told[1]), place)
        elif sign == "&":
            named = operator(operand) == "/" and _sides(operand)[1].type == "integer"
            if operand.type != "integer" and not named:
                self._todo.append((operand, place))
        elif sign != "^":
            self.nodes.append((node, place))
            self._todo.append((operand, place))

    def _binary(self, node: Node, place: Place) -> None:
        left, right = _sides(node)
        match operator(node):
            case "=" if place.role == "code":
                self._push([left], replace(place, role="pattern"))
                self._push([right], place)
            case "<-":
                head, guard = head_and_guard(left)
                self._push([head], replace(place, role="pattern"))
                self._push([right], place)
                if guard is not None:
                    self._guard(head, guard, place)
            case "::":
                self._push([left], place)
            case _:
                self.nodes.append((node, place))
                self._push([left, right], place)


def _is_filter(node: Node) -> bool:
    """Among what follows `for`: neither a generator nor an assignment."""
    return node.type in ("call", "identifier", "unary_operator") or (
        node.type == "binary_operator" and operator(node) not in ("<-", "=")
    )


def _sides(node: Node) -> tuple[Node, Node]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    assert left is not None
    assert right is not None
    return left, right


def _named(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _lines(node: Node) -> tuple[int, int]:
    return node.start_point.row, node.end_point.row
