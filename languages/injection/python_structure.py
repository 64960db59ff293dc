"""Violations that Ruff finds in the shape of Python functions and imports: size, signature, documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from languages.injection.planting import Edit
from languages.injection.python_code import PythonCode
from languages.injection.python_injector import Way, indented, insertion, ruff
from languages.injection.python_signatures import extra_parameter, name_offset, open_signatures, separator
from languages.injection.python_spots import Function, Spot, is_clear_after

_UNUSED = (
    "import json", "import os", "import re", "import sys", "import itertools", "import logging",
    "from collections import defaultdict", "from functools import partial", "from pathlib import Path",
    "from typing import Any", "from contextlib import suppress",
)  # fmt: skip
_MORE_OF: Mapping[str, tuple[str, ...]] = {
    "collections": ("Counter", "OrderedDict", "deque", "defaultdict"),
    "dataclasses": ("field", "replace", "asdict"),
    "datetime": ("timedelta", "timezone", "date"),
    "functools": ("partial", "reduce", "wraps"),
    "itertools": ("chain", "groupby", "islice"),
    "pathlib": ("PurePath", "PurePosixPath"),
    "typing": ("Any", "Optional", "Union", "Callable"),
}
_OPTIONS = (
    "timeout=None", "retries=3", "verbose=False", "strict=True", 'encoding="utf-8"', "limit=100", "offset=0",
    "dry_run=False", "prefix=None", "on_error=None",
)  # fmt: skip
_CASES = (
    "new",
    "open",
    "paid",
    "packed",
    "sent",
    "lost",
    "found",
    "returned",
    "refunded",
    "closed",
    "draft",
    "old",
    "void",
)
#: Branches that a function may have so that it is surely simple before.
_FEW_BRANCHES = 8
_MAX_RETURNS = 5
_MANY_RETURNS = 7
_MAX_PARAMETERS = 4
_MANY_OPTIONS = 6


def _unused_import(code: PythonCode) -> Iterator[Edit]:
    place = code.import_offset
    for statement in _UNUSED:
        if place is not None and statement.rsplit(" ", 1)[-1] not in code.words:
            yield Edit(place, place, statement + code.newline * (1 + code.import_blank_lines))


def _import_more(code: PythonCode) -> Iterator[Edit]:
    """One more name in `from typing import ...`."""
    for node, _ in code.found("import_from_statement"):
        module, names = node.child_by_field_name("module_name"), node.children_by_field_name("name")
        if module is None or not names or names[-1].end_point.row != node.start_point.row:
            continue
        end = code.span(names[-1])[1]
        unused = (name for name in _MORE_OF.get(code.slice(module), ()) if name not in code.words)
        yield from (Edit(end, end, f", {name}", at=2) for name in unused)


def _import_again(code: PythonCode) -> Iterator[Edit]:
    """The same import twice, one below the other."""
    for kind in ("import_statement", "import_from_statement"):
        for node, parent in code.found(kind):
            names, (start, end) = node.children_by_field_name("name"), code.span(node)
            plain = len(names) == 1 and names[0].type == "dotted_name" and len(names[0].children) == 1
            if parent.type == "module" and plain and is_clear_after(code.text, end) and _begins_line(code, start):
                yield Edit(end, end, code.newline + code.text[start:end], at=len(code.newline))


def _begins_line(code: PythonCode, start: int) -> bool:
    return start == 0 or code.text[start - 1] == "\n"


def _chain(count: int, *steps: str) -> Way:
    """A chain of `count` conditions at the beginning of a simple function; the violation is the function's."""

    def way(code: PythonCode) -> Iterator[Edit]:
        for function, spot in _simple_functions(code):
            for number, step in enumerate(steps):
                value = spot.names[number % len(spot.names)]
                new = code.fresh(("level", "rank", "state")[number % 3])
                yield _at_beginning(code, function, spot, _conditions(step, value, new, count))

    return way


def _conditions(step: str, value: str, new: str, count: int) -> list[str]:
    """`if` and `elif`s that tell `count` cases of `value` apart: "$value == $case: $new = $number"."""
    lines = []
    for number, case in enumerate(_CASES[:count]):
        filled = step.replace("$value", value).replace("$new", new).replace("$case", f'"{case}"')
        condition, _, body = (
            filled.replace("$limit", str(10 * (count - number))).replace("$number", str(number)).partition(": ")
        )
        lines += [f"{'elif' if number and 'return' not in body else 'if'} {condition}:", f"    {body}"]
    return lines


def _early_returns(*steps: str) -> Way:
    """Many `if ...: return ...` at the beginning of a function that returns rarely."""

    def way(code: PythonCode) -> Iterator[Edit]:
        if "yield" in code.words:
            return
        for function, spot in _simple_functions(code):
            if function.returns <= _MAX_RETURNS:
                for step in steps:
                    yield _at_beginning(code, function, spot, _conditions(step, spot.names[-1], "", _MANY_RETURNS))

    return way


def _simple_functions(code: PythonCode) -> Iterator[tuple[Function, Spot]]:
    for function in code.functions:
        is_simple = function.outer and function.branches <= _FEW_BRANCHES
        if is_simple and function.first is not None and function.first.names:
            yield function, function.first


def _at_beginning(code: PythonCode, function: Function, spot: Spot, lines: list[str]) -> Edit:
    """`lines` above the first statement, as an edit that begins at the function's name."""
    start = name_offset(code, function)
    added = "".join(indented(code, spot.indent, line) for line in lines)
    return Edit(start, spot.offset, code.text[start : spot.offset] + added)


def _more_parameters(code: PythonCode) -> Iterator[Edit]:
    for function, end in open_signatures(code):
        free = [option for option in _OPTIONS if option.partition("=")[0] not in code.identifiers]
        if len(function.parameters) <= _MAX_PARAMETERS and len(free) >= _MANY_OPTIONS:
            start = name_offset(code, function)
            for first in range(len(free) - _MANY_OPTIONS + 1):
                added = ", ".join(free[first : first + _MANY_OPTIONS])
                yield Edit(start, end, code.text[start:end] + separator(function) + added)


def _unused_parameter(code: PythonCode) -> Iterator[Edit]:
    if "locals" in code.identifiers:
        return
    first = {function.node.start_byte: function.first for function in code.functions if not function.in_class}
    for function, end in open_signatures(code):
        spot, parted = first.get(function.node.start_byte), separator(function)
        if spot is not None and spot.statement.type != "raise_statement":
            for parameter in _OPTIONS:
                if parameter.partition("=")[0] not in code.identifiers:
                    yield Edit(end, end, parted + parameter, at=len(parted))


def _mutable_default(code: PythonCode) -> Iterator[Edit]:
    """`items=None` to `items=[]`."""
    for kind in ("default_parameter", "typed_default_parameter"):
        for node, parent in code.found(kind):
            value, annotation = node.child_by_field_name("value"), node.child_by_field_name("type")
            if value is None or value.type != "none" or parent.type != "parameters":
                continue
            written = "" if annotation is None else code.slice(annotation).lower()
            if not written or written.startswith(("list", "dict", "set[")):
                yield from (Edit(*code.span(value), default) for default in ("[]", "{}", "list()", "dict()"))


def _undocumented(code: PythonCode) -> Iterator[Edit]:
    """A public function without the docstring that it had."""
    for function in code.functions:
        body = function.node.child_by_field_name("body")
        start = name_offset(code, function)
        public = function.outer and not function.in_class and not function.decorated
        if not public or code.text.startswith("_", start) or "__all__" in code.identifiers:
            continue
        docstring = body.children[0] if body is not None and function.first is not None else None
        if docstring is None or docstring.type != "expression_statement" or docstring.children[0].type != "string":
            continue
        first, end = code.span(docstring)
        line = code.text.rfind("\n", 0, first) + 1
        below = code.text.find("\n", end) + 1
        if start < line and not code.text[line:first].strip() and is_clear_after(code.text, end) and below:
            yield Edit(start, below, code.text[start:line])


def _unused_inside(statement: str) -> Way:
    return insertion(f"§{statement}", absent=statement.rsplit(" ", 1)[-1], in_functions=True)


INJECTORS = (
    ruff("ARG001", _unused_parameter),
    ruff(
        "B006",
        _mutable_default,
        extra_parameter("options={}", "seen=[]", "cache={}", "visited=set()", "defaults=dict()"),
    ),
    ruff(
        "C901",
        _chain(
            10, "$value == $case: $new = $number", "$value > $limit: $new = $case", "$value in ($case,): $new = $number"
        ),
    ),
    ruff("D103", _undocumented),
    ruff(
        "F401",
        _unused_import,
        _import_more,
        *map(_unused_inside, _UNUSED),
    ),
    ruff("F811", _import_again),
    ruff(
        "PLR0911",
        _early_returns(
            "$value == $case: return $number", "$value == $number: return $case", "$value > $limit: return $case"
        ),
    ),
    ruff(
        "PLR0912",
        _chain(
            13, "$value == $case: $new = $number", "$value > $limit: $new = $case", "$value != $number: $new = $case"
        ),
    ),
    ruff("PLR0913", _more_parameters),
)
