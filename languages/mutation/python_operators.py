"""The mutation operators of Python.

Annotations, docstrings, f-string texts and `if __name__ == ...` stay as they are: a change there is either never seen
by a test or says nothing about it. It does not know how mutants are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from languages.errors import CoderError
from languages.mutation.mutant import Mutant
from languages.mutation.tree_walk import Change, Operators, mutants_of, text_of, tokens
from languages.syntax import parse

_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*",
    "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&",
}  # fmt: skip
_COMPARISON = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
#: Comparisons whose mutant is their negation.
_EXACT = {"==", "!=", "is", "is not", "in", "not in"}
_MAIN = re.compile(r"\b__name__\b")


def python_mutants(text: str) -> list[Mutant]:
    """Every mutant of a Python file, in order of place.

    Raises `CoderError` (`breaks_syntax`) when the file does not parse.
    """
    root = parse("python", text.encode()).root_node
    if root.has_error:
        raise CoderError("the file does not parse as Python; mend its syntax first", code="breaks_syntax")
    return mutants_of(root, _OPERATORS, skipped=_left_alone)


def _left_alone(node: Node) -> bool:
    if node.type == "type":
        return True
    if node.type == "expression_statement":
        return all(child.type in ("string", "concatenated_string", "ellipsis") for child in node.named_children)
    condition = node.child_by_field_name("condition") if node.type == "if_statement" else None
    return condition is not None and _MAIN.search(text_of(condition)) is not None


def _arithmetic(node: Node) -> Iterator[Change]:
    operator = node.child_by_field_name("operator")
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    if operator is None or any(side is not None and "string" in side.type for side in sides):
        return
    sign = text_of(operator)
    bare = sign.removesuffix("=")
    if bare in _ARITHMETIC:
        yield operator, _ARITHMETIC[bare] + sign[len(bare) :], "arithmetic"


def _comparison(node: Node) -> Iterator[Change]:
    for operator in node.children_by_field_name("operators"):
        if operator.type in _COMPARISON:
            yield operator, _COMPARISON[operator.type], "comparison"


def _boolean(node: Node) -> Iterator[Change]:
    for operator in tokens(node, ("and", "or")):
        yield operator, "or" if operator.type == "and" else "and", "boolean"


def _not(node: Node) -> Iterator[Change]:
    argument = node.child_by_field_name("argument")
    if argument is not None:
        yield node, f"({text_of(argument)})", "boolean"


def _integer(node: Node) -> Iterator[Change]:
    digits = text_of(node).replace("_", "")
    if digits[-1] not in "jJlL":
        yield node, str(int(digits, 0) + 1 if digits.strip("0") else 1), "constant"


def _float(node: Node) -> Iterator[Change]:
    digits = text_of(node).replace("_", "")
    if digits[-1] not in "jJ":
        yield node, repr(float(digits) + 1.0) if float(digits) + 1.0 != float(digits) else "1.0", "constant"


def _truth(node: Node) -> Iterator[Change]:
    yield node, "False" if node.type == "true" else "True", "constant"


def _string(node: Node) -> Iterator[Change]:
    start, *middle, end = node.children
    if all(child.type == "string_content" for child in middle):
        filler = "" if middle else "mutant"
        yield node, text_of(start) + filler + text_of(end), "constant"


def _condition(node: Node) -> Iterator[Change]:
    condition = node.child_by_field_name("condition")
    if condition is not None:
        yield from _negated(condition)


def _ternary(node: Node) -> Iterator[Change]:
    yield from _negated(node.named_children[1])


def _filter(node: Node) -> Iterator[Change]:
    yield from _negated(node.named_children[0])


def _negated(condition: Node) -> Iterator[Change]:
    """`not (condition)`, unless another operator makes the same change."""
    operators = condition.children_by_field_name("operators")
    same = len(operators) == 1 and operators[0].type in _EXACT
    if not same and condition.type not in ("not_operator", "true", "false"):
        yield condition, f"(not ({text_of(condition)}))", "condition"


def _return(node: Node) -> Iterator[Change]:
    if node.named_children and node.named_children[0].type != "none":
        yield node, "return None", "return"


def _raise(node: Node) -> Iterator[Change]:
    yield node, "pass", "exception"


def _except(node: Node) -> Iterator[Change]:
    """Catch nothing: `except ()`."""
    caught = node.child_by_field_name("value")
    if caught is not None and caught.type == "as_pattern":
        caught = caught.named_children[0]
    if caught is not None:
        yield caught, "()", "exception"


def _jump(node: Node) -> Iterator[Change]:
    yield node, "pass", "statement"


def _statement(node: Node) -> Iterator[Change]:
    """Calls, and writes to something that outlives the function; a plain name would only become unknown."""
    inner = node.named_children[0]
    left = inner.child_by_field_name("left")
    lasting = left is not None and left.type in ("attribute", "subscript")
    if inner.type in ("call", "await", "augmented_assignment") or (inner.type == "assignment" and lasting):
        yield node, "pass", "statement"


_OPERATORS: Operators = {
    "binary_operator": _arithmetic,
    "augmented_assignment": _arithmetic,
    "comparison_operator": _comparison,
    "boolean_operator": _boolean,
    "not_operator": _not,
    "integer": _integer,
    "float": _float,
    "true": _truth,
    "false": _truth,
    "string": _string,
    "if_statement": _condition,
    "elif_clause": _condition,
    "while_statement": _condition,
    "conditional_expression": _ternary,
    "if_clause": _filter,
    "return_statement": _return,
    "raise_statement": _raise,
    "except_clause": _except,
    "break_statement": _jump,
    "continue_statement": _jump,
    "delete_statement": _jump,
    "expression_statement": _statement,
}
