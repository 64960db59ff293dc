"""The smallest piece of Go around a mutant that can stand in a program twice: once mutated and once as it was.

Go has no expression that chooses between two of any type, so the piece is, from small to large: a truth value, a value
whose type the source shows, a statement that declares nothing, a list of statements. Nothing has to be known of types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from tree_sitter import Node

from languages.mutation.go_returns import FUNCTIONS, enclosing_function
from languages.mutation.mutant import Mutant
from languages.mutation.tree_walk import text_of
from languages.tree import walk

_SIMPLE = {
    "expression_statement", "assignment_statement", "inc_statement", "dec_statement", "send_statement",
    "return_statement", "go_statement", "defer_statement", "break_statement", "continue_statement",
}  # fmt: skip
_COMPOUND = {
    "if_statement", "for_statement", "expression_switch_statement", "type_switch_statement", "select_statement",
    "block",
}  # fmt: skip
_TRUTH_OPERATORS = {"==", "!=", "<", "<=", ">", ">=", "&&", "||", "!"}
_LITERAL_TYPES = {
    "int_literal": "int", "float_literal": "float64",
    "interpreted_string_literal": "string", "raw_string_literal": "string",
}  # fmt: skip


class Kind(IntEnum):
    """What a unit is; of two at the same place the smaller number is outside."""

    FUNCTION = 0
    LIST = 1
    STATEMENT = 2
    VALUE = 3
    TRUTH = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """The bytes from `start` up to and without `end`; `before` and `after` turn a copy into a value or a function."""

    start: int
    end: int
    kind: Kind
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a mutant goes: its unit, and the part of it that runs when the mutant is reached."""

    unit: Unit
    reached_at: tuple[int, int]


class Units:
    """The units of one file."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._labelled = [node for node in walk(root) if node.type == "labeled_statement"]

    def place(self, mutant: Mutant) -> Placed | None:
        """Where the mutant goes; None where nothing can be chosen while a program runs."""
        node = self._root.descendant_for_byte_range(mutant.start, mutant.end)
        while node is not None and node.parent is not None:
            if node.parent.type in ("statement_list", "labeled_statement"):
                unit = self._of_statement(node, node.parent)
                whole = node.parent if node.parent.type == "labeled_statement" else node
                return None if unit is None else Placed(unit, (whole.start_byte, whole.end_byte))
            unit = _of_expression(node, node.parent)
            if unit is not None:
                return Placed(unit, (node.start_byte, node.end_byte))
            node = node.parent
        return None

    def _of_statement(self, node: Node, parent: Node) -> Unit | None:
        """The statement if it declares nothing, else the statements for which hold the names that it declares."""
        free = node.type in _COMPOUND and parent.type == "statement_list" and not self._has_labels(node)
        if node.type in _SIMPLE or free:
            return Unit(node.start_byte, node.end_byte, Kind.STATEMENT)
        if parent.type == "statement_list" and _is_block(parent) and not self._has_labels(parent):
            start, end = _extent(parent)
            return Unit(start, end, Kind.LIST)
        return _of_function(enclosing_function(node))

    def _has_labels(self, around: Node) -> bool:
        start, end = around.start_byte, around.end_byte
        return any(start <= node.start_byte and node.end_byte <= end for node in self._labelled)


def _of_expression(node: Node, parent: Node) -> Unit | None:
    if _is_truth(node, parent):
        return Unit(node.start_byte, node.end_byte, Kind.TRUTH)
    kind = _value_type(node, parent)
    return Unit(node.start_byte, node.end_byte, Kind.VALUE, before=kind) if kind else None


def _of_function(function: Node | None) -> Unit | None:
    """A body is called as a function literal of the same parameters: names, labels and `defer` hold for a function.

    `recover` works only in the very function that is deferred, so that stays as it is.
    """
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or "recover(" in text_of(body):
        return None
    taken, given = _parameters(function)
    result = function.child_by_field_name("result")
    head = f"func({', '.join(taken)}) {text_of(result) if result is not None else ''} {{"
    before, after = (f"return {head}", "") if result is not None else (head, "\nreturn")
    start, end = _extent(next(child for child in body.children if child.type == "statement_list"))
    return Unit(start, end, Kind.FUNCTION, before, f"}}({', '.join(given)}){after}")


def _parameters(function: Node) -> tuple[list[str], list[str]]:
    """The parameters that have names, and the receiver: as they are declared, and as arguments."""
    taken: list[str] = []
    given: list[str] = []
    lists = [function.child_by_field_name(name) for name in ("receiver", "parameters")]
    for declared in [inner for parameters in lists if parameters is not None for inner in parameters.named_children]:
        names = [text_of(name) for name in declared.children_by_field_name("name") if text_of(name) != "_"]
        kind = declared.child_by_field_name("type")
        dots = "..." if declared.type == "variadic_parameter_declaration" else ""
        if kind is not None:
            taken += [f"{name} {dots}{text_of(kind)}" for name in names]
            given += [f"{name}{dots}" for name in names]
    return taken, given


def _is_block(statements: Node) -> bool:
    """Whether the names that are declared in the list are alone in their scope: no parameter, no `case v := <-c`."""
    parent = statements.parent
    if parent is None or parent.type in ("communication_case", "type_case"):
        return False
    return parent.type != "block" or parent.parent is None or parent.parent.type not in FUNCTIONS


def _extent(statements: Node) -> tuple[int, int]:
    """All statements of the list, except `fallthrough`, which has to stay the last of its case."""
    held = [child for child in statements.named_children if child.type not in ("fallthrough_statement", "comment")]
    return held[0].start_byte, held[-1].end_byte


def _is_truth(node: Node, parent: Node) -> bool:
    if node.type in ("true", "false"):
        return True
    if node.type in ("binary_expression", "unary_expression"):
        operator = node.child_by_field_name("operator")
        return operator is not None and text_of(operator) in _TRUTH_OPERATORS
    if parent.type in ("if_statement", "for_clause"):
        return parent.child_by_field_name("condition") == node
    return parent.type == "for_statement" and node.type not in ("block", "for_clause", "range_clause")


def _value_type(node: Node, parent: Node) -> str:
    """The type of the one value of a declaration, where it is declared or a literal's; "" elsewhere."""
    declaration = parent.parent
    if parent.type != "expression_list" or declaration is None or len(parent.named_children) != 1:
        return ""
    if declaration.type == "var_spec" and len(declaration.children_by_field_name("name")) == 1:
        declared = declaration.child_by_field_name("type")
        return _LITERAL_TYPES.get(node.type, "") if declared is None else text_of(declared)
    if declaration.type == "short_var_declaration" and declaration.child_by_field_name("right") == parent:
        return _LITERAL_TYPES.get(node.type, "")
    return ""
