"""What a Go function returns when it returns nothing of worth: zero values, by the result types that the source shows.

It does not know types that are declared elsewhere: `*new(T)` is the zero value of any type. `return f()` with several
results is replaced whole. It does not know how mutants are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from languages.mutation.tree_walk import Change, text_of

_ZERO = {"string": '""', "bool": "false", "error": "nil", "any": "nil"}
_NUMBER = re.compile(r"u?int(8|16|32|64|ptr)?|float(32|64)|complex(64|128)|byte|rune")
_NIL_TYPES = ("pointer_type", "slice_type", "map_type", "channel_type", "function_type", "interface_type")
#: What has a body, parameters and results.
FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")
_NEGATED_BOOLEANS = ("true", "false")


def return_changes(node: Node) -> Iterator[Change]:
    """Of a `return` with values: zero values in place of all but the errors, and nil in place of the errors."""
    values = [child for child in node.named_children if child.type == "expression_list"]
    types = _result_types(node)
    if not values or not types:
        return
    given = [text_of(value) for value in values[0].named_children if value.type != "comment"]
    zeros = [zero_value(kind) for kind in types]
    errors = [text_of(kind) == "error" for kind in types]
    if len(given) != len(types):
        yield node, f"return {', '.join(zeros)}", "error" if any(errors) else "return"
        return
    yield from _changed(node, given, zeros, [not error for error in errors], "return")
    yield from _changed(node, given, zeros, errors, "error")


def _changed(
    node: Node, given: Sequence[str], zeros: Sequence[str], replaced: Sequence[bool], operator: str
) -> Iterator[Change]:
    """The values that are `replaced` are zero; no change where `true` becomes `false`, which is a constant's."""
    values = [zero if taken else value for value, zero, taken in zip(given, zeros, replaced, strict=True)]
    if values != list(given) and not (len(given) == 1 and given[0] in _NEGATED_BOOLEANS):
        yield node, f"return {', '.join(values)}", "error" if operator == "error" else "return"


def zero_value(kind: Node) -> str:
    """The zero value of a type, as source."""
    name = text_of(kind)
    if kind.type in _NIL_TYPES:
        return "nil"
    if kind.type != "type_identifier":
        return f"*new({name})"
    return _ZERO.get(name) or ("0" if _NUMBER.fullmatch(name) else f"*new({name})")


def has_results(function: Node | None) -> bool:
    """Whether the function or function literal has a result."""
    return function is not None and function.child_by_field_name("result") is not None


def enclosing_function(node: Node) -> Node | None:
    """The innermost function, method or function literal around `node`."""
    around = node.parent
    while around is not None and around.type not in FUNCTIONS:
        around = around.parent
    return around


def _result_types(node: Node) -> list[Node]:
    """The type of each result of the function around `node`, in order."""
    function = enclosing_function(node)
    result = function.child_by_field_name("result") if function is not None else None
    if result is None:
        return []
    if result.type != "parameter_list":
        return [result]
    types: list[Node] = []
    for declared in result.named_children:
        kind = declared.child_by_field_name("type")
        if kind is not None:
            types.extend([kind] * max(1, len(declared.children_by_field_name("name"))))
    return types
