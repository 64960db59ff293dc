"""The mutation operators of Elixir.

Docs, types, names of modules, `use`, `import`, `alias` and `require` stay as they are. `pattern` and `guard` are every
change in what a clause matches, clauses left out included. It does not know how mutants are run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from tree_sitter import Node

from languages.errors import CoderError
from languages.mutation.elixir_anatomy import Anatomy
from languages.mutation.elixir_places import Place
from languages.mutation.mutant import Mutant, Operator
from languages.mutation.tree_walk import text_of
from languages.outline.elixir_nodes import arguments, operator
from languages.tree import SyntaxTree, walk

#: First byte, byte behind the last, new text, operator.
_Edit = tuple[int, int, str, Operator]

_ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "++": "--", "--": "++",
    "<<<": ">>>", ">>>": "<<<", "&&&": "|||", "|||": "&&&",
}  # fmt: skip
_COMPARISON = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "===",
    "in": "not in", "not in": "in",
}  # fmt: skip
_BOOLEAN = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
#: Comparisons whose mutant is their negation.
_EXACT = {"==", "!=", "===", "!==", "in", "not in"}
_DIVISION = {"div": "rem", "rem": "div"}
_ATOMS = {":ok": ":error", ":error": ":ok"}
_LITERALS = {"integer", "float", "string", "atom", "boolean", "nil", "list", "tuple", "map"}


def elixir_mutants(text: str) -> list[tuple[Mutant, Place]]:
    """Every mutant of an Elixir file with its place, in order.

    Raises `CoderError` (`breaks_syntax`) when the file does not parse.
    """
    return mutants_of(elixir_anatomy(text))


def elixir_anatomy(text: str) -> Anatomy:
    """What the file is made of; raises `CoderError` (`breaks_syntax`) when it does not parse."""
    tree = SyntaxTree("elixir", text)
    if tree.has_error:
        raise CoderError("the file does not parse as Elixir; mend its syntax first", code="breaks_syntax")
    return Anatomy(tree)


def mutants_of(anatomy: Anatomy) -> list[tuple[Mutant, Place]]:
    """Every mutant, in order of place; of two that make the same change, one."""
    found: dict[tuple[int, int, str], tuple[Mutant, Place]] = {}
    for node, place, (start, end, replacement, name) in _edits(anatomy):
        if text_of(node) == replacement:
            continue
        renamed: Operator = name if place.role == "code" else place.role
        mutant = Mutant(start, end, replacement, renamed, _lines(node, place))
        kept = found.setdefault((start, end, replacement), (mutant, place))
        if mutant < kept[0]:
            found[start, end, replacement] = (mutant, place)
    return sorted(found.values(), key=lambda pair: pair[0])


def _edits(anatomy: Anatomy) -> Iterator[tuple[Node, Place, _Edit]]:
    for node, place in anatomy.nodes:
        yield from ((node, place, edit) for edit in _OPERATORS.get(node.type, _nothing)(node, place))
    for node, place in anatomy.conditions:
        yield from ((node, place, edit) for edit in _negated(node))
    for head, guard, place in anatomy.guards:
        yield from ((guard, place, edit) for edit in _guard(head, guard))
    for node, place in anatomy.statements:
        if node.type in ("call", "unary_operator") or operator(node) == "|>":
            yield node, place, _whole(node, "nil", "statement")
    for node, place in anatomy.results:
        yield node, place, _whole(node, "nil", "return")
    yield from _heads(anatomy)


def _heads(anatomy: Anatomy) -> Iterator[tuple[Node, Place, _Edit]]:
    """Parameters that match anything, clauses that are left out."""
    for node, place in anatomy.parameters:
        if node.type in _LITERALS and not any(inner.type == "identifier" for inner in walk(node)):
            yield node, place, _whole(node, "_", "pattern")
    for clauses, place in anatomy.clauses:
        yield from ((clauses[0], place, edit) for edit in _clauses_left_out(clauses))
    for function in anatomy.functions.values():
        for clause in function.clauses if len(function.clauses) > 1 else ():
            yield clause.node, Place("pattern", function=function), _whole(clause.node, "", "pattern")


def _nothing(node: Node, place: Place) -> Iterator[_Edit]:
    yield from ()


def _lines(node: Node, place: Place) -> tuple[int, int]:
    """Of the statement; of all clauses for a change in a head; of the node itself beside functions."""
    if place.function is None:
        return node.start_point.row, node.end_point.row
    if place.body is None and place.function.clauses:
        return place.function.lines
    return place.lines


def _whole(node: Node, replacement: str, name: Operator) -> _Edit:
    return node.start_byte, node.end_byte, replacement, name


def _binary(node: Node, place: Place) -> Iterator[_Edit]:
    sign, kind = node.child_by_field_name("operator"), operator(node) or ""
    if sign is None or place.role == "pattern":
        return
    tables: tuple[tuple[Mapping[str, str], Operator], ...] = (
        (_ARITHMETIC, "arithmetic"),
        (_COMPARISON, "comparison"),
        (_BOOLEAN, "boolean"),
    )
    for table, name in tables:
        if kind in table:
            yield _whole(sign, table[kind], name)
    left = node.child_by_field_name("left")
    if kind == "|>" and left is not None:
        yield left.end_byte, node.end_byte, "", "statement"


def _unary(node: Node, place: Place) -> Iterator[_Edit]:
    operand = node.named_children[-1]
    if node.children[0].type in ("not", "!") and place.role != "pattern":
        yield _whole(node, f"({text_of(operand)})", "boolean")


def _call(node: Node, place: Place) -> Iterator[_Edit]:
    target = node.child_by_field_name("target")
    if target is not None and target.type == "identifier" and text_of(target) in _DIVISION and arguments(node):
        yield _whole(target, _DIVISION[text_of(target)], "arithmetic")


def _integer(node: Node, place: Place) -> Iterator[_Edit]:
    yield _whole(
        node, str(int(text_of(node).replace("_", ""), 0 if text_of(node)[1:2] in "xbo" else 10) + 1), "constant"
    )


def _float(node: Node, place: Place) -> Iterator[_Edit]:
    value = float(text_of(node).replace("_", ""))
    yield _whole(node, repr(value + 1.0) if value + 1.0 != value else "1.0", "constant")


def _truth(node: Node, place: Place) -> Iterator[_Edit]:
    yield _whole(node, "false" if text_of(node) == "true" else "true", "constant")


def _atom(node: Node, place: Place) -> Iterator[_Edit]:
    yield _whole(node, _ATOMS.get(text_of(node), ":mutant"), "constant")


def _string(node: Node, place: Place) -> Iterator[_Edit]:
    inside = node.named_children
    if all(part.type in ("quoted_content", "escape_sequence") for part in inside):
        yield _whole(node, '""' if inside else '"mutant"', "constant")


def _negated(condition: Node) -> Iterator[_Edit]:
    """`!(condition)`, unless another operator makes the same change."""
    negation = condition.type == "unary_operator" and condition.children[0].type in ("not", "!")
    if operator(condition) not in _EXACT and not negation and condition.type not in ("boolean", "nil"):
        yield _whole(condition, f"!({text_of(condition)})", "condition")


def _guard(head: Node, guard: Node) -> Iterator[_Edit]:
    yield head.end_byte, guard.end_byte, "", "guard"
    negation = guard.type == "unary_operator" and guard.children[0].type == "not"
    if operator(guard) not in {*_EXACT, "when"} and not negation:
        yield _whole(guard, f"not ({text_of(guard)})", "guard")


def _clauses_left_out(clauses: list[Node]) -> Iterator[_Edit]:
    """Each clause with what separates it from the next one, the last with what separates it from the one before."""
    for clause, following in pairwise(clauses):
        yield clause.start_byte, following.start_byte, "", "pattern"
    yield _end(clauses[-2]), _end(clauses[-1]), "", "pattern"


def _end(clause: Node) -> int:
    """Behind its last visible character: a clause may hold the end of its line."""
    return clause.start_byte + len((clause.text or b"").rstrip())


_OPERATORS: Mapping[str, Callable[[Node, Place], Iterator[_Edit]]] = {
    "binary_operator": _binary,
    "unary_operator": _unary,
    "call": _call,
    "integer": _integer,
    "float": _float,
    "boolean": _truth,
    "atom": _atom,
    "string": _string,
}
