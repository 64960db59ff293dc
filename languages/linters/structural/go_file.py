"""One parsed Go file as the rules see it: imports, calls by import path, literals, and which values are constant.

What is constant is decided as gosec does: by the declaration of a name in the same file, not by following the data.
It knows no rule and no types.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from tree_sitter import Node

from languages.linters.structural.rule import Spot
from languages.syntax import parse

_STRINGS = ("interpreted_string_literal", "raw_string_literal")
_LITERALS = frozenset({*_STRINGS, "int_literal", "float_literal", "rune_literal", "true", "false", "nil", "iota"})
_INTERESTING = frozenset(
    (
        "call_expression", "composite_literal", "import_spec", "short_var_declaration", "var_spec",
        "const_spec", "parameter_declaration", "type_conversion_expression", "range_clause",
        "variadic_parameter_declaration", "assignment_statement", "binary_expression",
    )
)  # fmt: skip

#: Nodes that may give a name a value, or compare it to one.
_BINDINGS = frozenset(
    ("short_var_declaration", "var_spec", "const_spec", "assignment_statement", "binary_expression")
)  # fmt: skip
_SCOPES = frozenset(
    (
        "block", "function_declaration", "method_declaration", "func_literal", "if_statement", "for_statement",
        "expression_case", "communication_case", "type_case", "default_case", "source_file",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GoCall:
    """A call of a function or conversion to a type: "crypto/md5.New", or ".Query" for a method of some value."""

    name: str
    node: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Declared:
    """A name's declaration by `node`: known from byte `begin` to `end`; the values, None when unknown."""

    node: Node
    begin: int
    end: int
    values: tuple[Node, ...] | None

    @property
    def kind(self) -> str:
        """What declares it: "short_var_declaration", "parameter_declaration" and the like."""
        return self.node.type


class GoFile:
    """The parts of one file that rules ask for."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.imports: list[tuple[str, str, Node]] = []
        self.calls: dict[str, list[GoCall]] = defaultdict(list)
        self.literals: list[tuple[str, Node]] = []
        self.bindings: list[Node] = []
        self._names: dict[str, str] = {}
        self._declared: dict[str, list[Declared]] = defaultdict(list)
        self.constants: dict[str, Node] = {}
        nodes = _nodes(parse("go", text.encode("utf-8", "replace")).root_node)
        for kind, node in nodes:
            if kind == "import_spec":
                self._import(node)
        for kind, node in nodes:
            if kind in _BINDINGS:
                self.bindings.append(node)
            if kind in ("call_expression", "type_conversion_expression"):
                self._call(node)
            elif kind == "composite_literal":
                self.literals.append((self.qualified(node.child_by_field_name("type")), node))
            elif kind not in ("import_spec", "assignment_statement", "binary_expression"):
                self._declare(kind, node)

    def qualified(self, node: Node | None) -> str:
        """ "crypto/tls.Config" for `tls.Config` by the imports; ".Query" for a selector on a value; "f" for a name."""
        if node is None:
            return ""
        left, right = _sides(node)
        if right is None:
            return text_of(node)
        package = None
        if left is not None and "identifier" in left.type and self.declared(left) is None:
            package = self._names.get(text_of(left))
        return f"{package or ''}.{text_of(right)}"

    def is_constant(self, node: Node, depth: int = 0) -> bool:
        """Whether `node` is made of literals, constants and names that are declared with such."""
        kind = node.type
        if kind in _LITERALS:
            return True
        if depth > 20 or kind in ("call_expression", "selector_expression", "index_expression", "slice_expression"):
            return False
        if kind == "identifier":
            return self._name_is_constant(node, depth)
        if kind in ("binary_expression", "parenthesized_expression", "literal_value", "literal_element"):
            return all(self.is_constant(child, depth + 1) for child in node.named_children)
        if kind == "composite_literal":
            body = node.child_by_field_name("body")
            return body is not None and self.is_constant(body, depth + 1)
        return False

    def _name_is_constant(self, node: Node, depth: int) -> bool:
        declared = self.declared(node)
        if declared is None:
            return True
        return declared.values is not None and all(self.is_constant(value, depth + 1) for value in declared.values)

    def declared(self, name: Node) -> Declared | None:
        """The innermost declaration in this file that reaches `name`."""
        reaching = (
            known for known in self._declared.get(text_of(name), ()) if known.begin <= name.start_byte < known.end
        )
        return max(reaching, key=lambda known: known.begin, default=None)

    def _import(self, node: Node) -> None:
        path_node, name_node = node.child_by_field_name("path"), node.child_by_field_name("name")
        path = "" if path_node is None else text_of(path_node).strip('"`')
        name = "" if name_node is None else text_of(name_node)
        self.imports.append((path, name, node))
        last = [part for part in path.split("/") if not re.fullmatch(r"v\d+", part)][-1:]
        self._names[name or "".join(last)] = path

    def _call(self, node: Node) -> None:
        function = node.child_by_field_name("function") or node.child_by_field_name("type")
        listed = node.child_by_field_name("arguments") or node.child_by_field_name("operand")
        inside = () if listed is None else tuple(map(_unspread, listed.named_children))
        if listed is not None and listed.type != "argument_list":
            inside = (listed,)
        name = self.qualified(function)
        self.calls[name].append(GoCall(name, node, inside))

    def _declare(self, kind: str, node: Node) -> None:
        """Remember the names that `node` declares, from where to where, and the values, None when they are unknown."""
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right") or node.child_by_field_name("value")
        names = left.named_children if left is not None else node.children_by_field_name("name")
        values = tuple(right.named_children) if right is not None and right.type == "expression_list" else ()
        scope = _scope(node)
        begin = 0 if scope.type == "source_file" else node.end_byte
        known = None if kind in ("range_clause", "parameter_declaration", "variadic_parameter_declaration") else values
        for place, name in enumerate(names):
            self._declared[text_of(name)].append(Declared(node, begin, scope.end_byte, known))
            if kind == "const_spec" and place < len(values):
                self.constants[text_of(name)] = values[place]


def text_of(node: Node | None) -> str:
    """The source of `node`; "" for none."""
    return "" if node is None else (node.text or b"").decode("utf-8", "replace")


def string_value(node: Node | None) -> str | None:
    """What a string literal says, escapes left as they are; None for anything else."""
    return text_of(node)[1:-1] if node is not None and node.type in _STRINGS else None


def go_spot(node: Node, note: str = "") -> Spot:
    """Where `node` begins."""
    row, column = node.start_point
    length = node.end_byte - node.start_byte if node.end_point.row == row else 0
    return Spot(row, column, length, note)


def _unspread(argument: Node) -> Node:
    """`args` of `args...`."""
    return argument.named_children[0] if argument.type == "variadic_argument" else argument


def _sides(node: Node) -> tuple[Node | None, Node | None]:
    """What is left and right of the dot."""
    if node.type == "selector_expression":
        return node.child_by_field_name("operand"), node.child_by_field_name("field")
    if node.type == "qualified_type":
        return node.child_by_field_name("package"), node.child_by_field_name("name")
    if node.type == "generic_type":
        return _sides(node.named_children[0])
    return None, None


def _scope(node: Node) -> Node:
    """The block, function or statement around `node` in which its names are known."""
    outer = node
    while outer.parent is not None:
        outer = outer.parent
        if outer.type in _SCOPES:
            break
    return outer


def _nodes(root: Node) -> list[tuple[str, Node]]:
    """The nodes of the interesting kinds, in the order of the text."""
    found = []
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and node.type in _INTERESTING:
            found.append((node.type, node))
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return found
