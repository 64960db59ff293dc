"""Ways to change what stands in Python code already: an expression, a clause, the end of a line. It knows no check."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator
from itertools import pairwise

from languages.injection.planting import Edit
from languages.injection.python_code import PythonCode
from languages.injection.python_injector import Way, indented, is_on_one_line, marked
from languages.injection.python_spots import is_clear_after

_BUILTINS = frozenset(dir(builtins))
#: Long enough for every limit that people set (Ruff's own is 88 columns).
_LONG = (
    "the caller has checked this already, so there is nothing left to do here but to pass the value on, just as it is",
    "this has to stay in step with the other place where the same thing is done, or the two will then disagree later",
    "see the notes of the last review for the reasons, which are too many to be repeated here beside one single line",
)
_PLAIN = frozenset({"identifier", "attribute", "call"})
_COMPARED = _PLAIN | {"integer", "float", "string", "true", "false", "none", "list", "subscript"}


def none_compared(code: PythonCode) -> Iterator[Edit]:
    """`is None` to `== None`."""
    for node, _ in code.found("comparison_operator"):
        if is_on_one_line(node) and len(node.children) == 3 and node.children[2].type == "none":
            operator = {"is": "==", "is not": "!="}.get(node.children[1].type)
            if operator is not None:
                yield Edit(code.span(node.children[1])[0], code.span(node)[1], f"{operator} None")


def truth_compared(code: PythonCode) -> Iterator[Edit]:
    """`if ready:` to `if ready == True:`."""
    for kind in ("if_statement", "elif_clause"):
        for node, _ in code.found(kind):
            condition = node.child_by_field_name("condition")
            if condition is None or not is_on_one_line(condition):
                continue
            argument = condition.child_by_field_name("argument") if condition.type == "not_operator" else condition
            if argument is not None and argument.type in _PLAIN:
                value = "False" if condition.type == "not_operator" else "True"
                yield Edit(*code.span(condition), f"{code.slice(argument)} == {value}")


def negated_outside(operator: str) -> Way:
    """`a not in b` to `not a in b`."""

    def way(code: PythonCode) -> Iterator[Edit]:
        for node, _ in code.found("comparison_operator"):
            if is_on_one_line(node) and len(node.children) == 3 and node.children[1].type == operator:
                left, right = code.slice(node.children[0]), code.slice(node.children[2])
                yield Edit(*code.span(node), f"not {left} {operator.replace('not', '').strip()} {right}")

    return way


def needless_f(code: PythonCode) -> Iterator[Edit]:
    for node, parent in code.found("string"):
        written = code.slice(node)
        is_plain = written[0] in "\"'" and len(written) > 3 and not {"{", "}"} & set(written)
        if is_plain and is_on_one_line(node) and parent.type != "expression_statement":
            start = code.span(node)[0]
            yield Edit(start, start, "f")


def raw_left_out(code: PythonCode) -> Iterator[Edit]:
    r"""`r"\d"` to `"\d"`, where every backslash stands before something that Python has no escape for."""
    for node, parent in code.found("string"):
        written = code.slice(node)
        is_raw = written[0] == "r" and is_on_one_line(node) and parent.type != "expression_statement"
        escaped = {after for before, after in pairwise(written) if before == "\\"} if is_raw else set()
        if escaped and escaped <= set("dwsDWS.()[]+*?$^-|{}"):
            yield Edit(*code.span(node), written[1:])


def misspelt(code: PythonCode) -> Iterator[Edit]:
    """A name that is read, with a typing mistake."""
    if code.has_star_import or "NameError" in code.identifiers:
        return
    for node in code.defined_reads():
        name = code.slice(node)
        for wrong in (name[:-1], f"{name}s", name[1] + name[0] + name[2:] if len(name) > 1 else ""):
            if len(wrong) > 1 and _is_unknown(code, wrong):
                yield Edit(*code.span(node), wrong)


def _is_unknown(code: PythonCode, name: str) -> bool:
    known = name in code.identifiers or name in _BUILTINS or keyword.iskeyword(name) or keyword.issoftkeyword(name)
    return name.isidentifier() and not known


def caught(replacement: str, *, unless: tuple[str, ...]) -> Way:
    """`except ValueError:` to another `except`, in the last clause, where its block has none of the words `unless`."""

    def way(code: PythonCode) -> Iterator[Edit]:
        clauses = sorted(code.found("except_clause"), key=lambda found: found.node.start_byte)
        for node in {parent.id: node for node, parent in clauses}.values():
            value, block = node.child_by_field_name("value"), node.children[-1]
            if value is None or value.type not in ("identifier", "attribute", "tuple"):
                continue
            written = code.slice(block)
            if code.slice(value) not in ("Exception", "BaseException") and not any(word in written for word in unless):
                yield Edit(code.span(node)[0], code.span(value)[1], replacement)

    return way


def cause_left_out(code: PythonCode) -> Iterator[Edit]:
    """`raise X() from error` without its cause, and a `raise` that becomes another error's."""
    for node, _ in code.found("except_clause"):
        for statement in node.children[-1].children:
            cause = statement.child_by_field_name("cause") if statement.type == "raise_statement" else None
            if cause is not None and statement.children[1].type == "call" and is_on_one_line(statement):
                start = code.span(statement)[0]
                yield Edit(start, code.span(statement)[1], f"raise {code.slice(statement.children[1])}")
            elif statement.type == "raise_statement" and len(statement.children) == 1:
                yield Edit(*code.span(statement), 'raise RuntimeError("the step before this one failed")')


def compared_instead(code: PythonCode) -> Iterator[Edit]:
    """`total = 0` to `total == 0`, where there is a total before."""
    for spot in code.spots:
        inner = spot.statement.children[0] if spot.statement.type == "expression_statement" else spot.statement
        if inner.type != "assignment" or len(inner.children) != 3 or not is_on_one_line(inner):
            continue
        if inner.children[2].type in _COMPARED and code.slice(inner.children[0]) in spot.names:
            yield Edit(*code.span(inner.children[1]), "==")


def called_collection(code: PythonCode) -> Iterator[Edit]:
    """`seen = {}` to `seen = dict()`."""
    for node, _ in code.found("assignment"):
        right = node.child_by_field_name("right")
        name = {"dictionary": "dict", "list": "list", "tuple": "tuple"}.get(right.type if right is not None else "")
        if right is not None and name and not right.named_children and code.is_free(name) and is_on_one_line(right):
            yield Edit(*code.span(right), f"{name}()")


def long_comment(code: PythonCode) -> Iterator[Edit]:
    """A comment of its own, or behind a statement, that goes on too long."""
    for number, spot in enumerate(code.spots):
        words = _LONG[number % len(_LONG)]
        yield marked(spot.offset, spot.offset, indented(code, spot.indent, f"§# {words}, whatever else may change"))
        end = code.offset(spot.statement.end_byte)
        if is_on_one_line(spot.statement) and end - spot.start <= 60 and is_clear_after(code.text, end):
            yield Edit(end, end, f"  # {words}, whatever else may change")


def behind_statement(*endings: str) -> Way:
    """Something at the end of a statement's line."""

    def way(code: PythonCode) -> Iterator[Edit]:
        for spot in code.spots:
            end = code.offset(spot.statement.end_byte)
            is_simple = spot.statement.type in ("expression_statement", "return_statement")
            if is_simple and (end == len(code.text) or code.text.startswith(("\n", "\r\n"), end)):
                yield from (Edit(end, end, ending) for ending in endings)

    return way


def blank_indented(code: PythonCode) -> Iterator[Edit]:
    for spot in code.spots:
        if spot.indent:
            yield Edit(spot.offset, spot.offset, f"{spot.indent}{code.newline}")
