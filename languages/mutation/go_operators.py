"""The mutation operators of Go.

Constants that are declared, types, imports and labels stay as they are: they are nothing that can be chosen while a
program runs. It does not know how mutants are run, nor the types that the compiler knows: a mutant may not compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from tree_sitter import Node

from languages.errors import CoderError
from languages.mutation.go_returns import has_results, return_changes
from languages.mutation.mutant import Mutant
from languages.mutation.tree_walk import Change, Operators, mutants_of, text_of
from languages.syntax import parse

_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*",
    "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&", "&^": "&",
}  # fmt: skip
_COMPARISON = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_BOOLEAN = {"&&": "||", "||": "&&"}
_STRINGS = ("interpreted_string_literal", "raw_string_literal")
_LEFT_ALONE = ("const_declaration", "import_declaration", "type_declaration", "array_type", "field_declaration")
#: Composite literals with more elements are tables of data: a mutant of each would say the same of the tests.
_LONGEST_LITERAL = 50
_ERROR_NAME = re.compile(r"(?:\w+\.)*(?:err\w*|\w*[eE]rr)")
#: What tail position goes through: where the last of these ends, so does the function.
_TAIL_PARENTS = ("block", "statement_list", "if_statement", "labeled_statement", "expression_case", "default_case",
                 "type_case", "communication_case", "expression_switch_statement", "type_switch_statement",
                 "select_statement")  # fmt: skip


def go_mutants(text: str) -> list[Mutant]:
    """Every mutant of a Go file, in order of place.

    Raises `CoderError` (`breaks_syntax`) when the file does not parse.
    """
    root = parse("go", text.encode()).root_node
    if root.has_error:
        raise CoderError("the file does not parse as Go; mend its syntax first", code="breaks_syntax")
    return mutants_of(root, _OPERATORS, skipped=_left_alone)


def _left_alone(node: Node) -> bool:
    table = node.type == "literal_value" and node.named_child_count > _LONGEST_LITERAL
    return table or node.type in _LEFT_ALONE


def _binary(node: Node) -> Iterator[Change]:
    operator = node.child_by_field_name("operator")
    if operator is None:
        return
    sign = text_of(operator)
    if sign in _COMPARISON:
        yield operator, _COMPARISON[sign], "comparison"
    elif sign in _BOOLEAN:
        yield operator, _BOOLEAN[sign], "boolean"
    elif not any(side.type in _STRINGS for side in node.named_children):
        yield operator, _ARITHMETIC[sign], "arithmetic"


def _unary(node: Node) -> Iterator[Change]:
    operator, operand = node.child_by_field_name("operator"), node.child_by_field_name("operand")
    if operator is not None and operand is not None and text_of(operator) == "!":
        yield node, f"({text_of(operand)})", "boolean"


def _assignment(node: Node) -> Iterator[Change]:
    operator, right = node.child_by_field_name("operator"), node.child_by_field_name("right")
    sign = text_of(operator).removesuffix("=") if operator is not None else ""
    strings = right is not None and any(value.type in _STRINGS for value in right.named_children)
    if operator is not None and sign in _ARITHMETIC and not strings:
        yield operator, f"{_ARITHMETIC[sign]}=", "arithmetic"
    yield from _removed(node)


def _step(node: Node) -> Iterator[Change]:
    sign = node.children[-1]
    yield sign, "--" if sign.type == "++" else "++", "arithmetic"
    yield from _removed(node)


def _integer(node: Node) -> Iterator[Change]:
    digits = text_of(node).replace("_", "")
    octal = len(digits) > 1 and digits.isdigit() and digits[0] == "0"
    with suppress(ValueError):  # thousands of digits
        yield node, str(int(digits, 8 if octal else 0) + 1), "constant"


def _float(node: Node) -> Iterator[Change]:
    digits = text_of(node).replace("_", "")
    if "x" not in digits.lower():
        yield node, repr(float(digits) + 1.0) if float(digits) + 1.0 != float(digits) else "1.0", "constant"


def _truth(node: Node) -> Iterator[Change]:
    yield node, "false" if node.type == "true" else "true", "constant"


def _string(node: Node) -> Iterator[Change]:
    yield node, '""' if len(text_of(node)) > 2 else '"mutant"', "constant"


def _if(node: Node) -> Iterator[Change]:
    condition, body = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
    if condition is None or body is None:
        return
    yield from _negated(condition)
    if _is_error_check(condition) and _ends_in_return(body) and node.child_by_field_name("alternative") is None:
        yield body, "{}", "error"


def _for(node: Node) -> Iterator[Change]:
    for child in node.named_children:
        if child.type == "for_clause":
            condition = child.child_by_field_name("condition")
            yield from _negated(condition) if condition is not None else ()
        elif child.type not in ("block", "range_clause", "comment"):
            yield from _negated(child)


def _case(node: Node) -> Iterator[Change]:
    """The cases of a switch without a value are conditions."""
    values = node.child_by_field_name("value")
    if values is not None and node.parent is not None and node.parent.child_by_field_name("value") is None:
        for value in values.named_children:
            yield from _negated(value)


def _negated(condition: Node) -> Iterator[Change]:
    """`!(condition)`, unless another operator makes the same change."""
    sign = condition.child_by_field_name("operator")
    same = sign is not None and text_of(sign) in ("==", "!=", "!")
    if not same and condition.type not in ("true", "false", "comment"):
        yield condition, f"!({text_of(condition)})", "condition"


def _is_error_check(condition: Node) -> bool:
    left, sign, right = (condition.child_by_field_name(name) for name in ("left", "operator", "right"))
    if left is None or sign is None or right is None or right.type != "nil":
        return False
    return text_of(sign) == "!=" and _ERROR_NAME.fullmatch(text_of(left)) is not None


def _ends_in_return(body: Node) -> bool:
    statements = [child for part in body.named_children for child in part.named_children if child.type != "comment"]
    return bool(statements) and statements[-1].type == "return_statement"


def _removed(node: Node) -> Iterator[Change]:
    """An empty block in place of a statement, but not of what stands in the head of another."""
    if node.parent is not None and node.parent.type in ("statement_list", "labeled_statement"):
        yield node, "{}", "statement"


def _expression(node: Node) -> Iterator[Change]:
    if not (text_of(node).startswith("panic(") and _ends_function(node)):
        yield from _removed(node)


def _ends_function(node: Node) -> bool:
    """Whether a function with results ends here: without this statement it would lack a `return`."""
    parent = node.parent
    while parent is not None and parent.type in _TAIL_PARENTS:
        last = [child for child in parent.named_children if child.type != "comment"][-1]
        if parent.type == "statement_list" and last.end_byte != node.end_byte:
            return False
        node, parent = parent, parent.parent
    return has_results(parent)


_OPERATORS: Operators = {
    "binary_expression": _binary,
    "unary_expression": _unary,
    "assignment_statement": _assignment,
    "inc_statement": _step,
    "dec_statement": _step,
    "int_literal": _integer,
    "float_literal": _float,
    "true": _truth,
    "false": _truth,
    "interpreted_string_literal": _string,
    "raw_string_literal": _string,
    "if_statement": _if,
    "for_statement": _for,
    "expression_case": _case,
    "return_statement": return_changes,
    "expression_statement": _expression,
    "send_statement": _removed,
    "go_statement": _removed,
    "defer_statement": _removed,
    "break_statement": _removed,
    "continue_statement": _removed,
}
