"""Credo's rules on names: functions, modules, variables, attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from languages.linters.structural.definitions import GUARDS, definitions, enclosing, modules, spot
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_SNAKE = re.compile(r"[^\W\dA-Z]?[^\WA-Z]*[?!]?")
_PASCAL = re.compile(r"[A-Z][^\W_]*(\.[A-Z][^\W_]*)*")
_SPECIAL = frozenset({"__CALLER__", "__DIR__", "__ENV__", "__MODULE__"})
_ODD_OPERATORS = frozenset({"=", "::", "^", "//"})
_WORD = re.compile(r"\w+[?!]?")


def function_names(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Names of functions, macros and guards that are not in snake_case; `sigil_X` must be as it is.

    To Credo the operators that nobody can or should define (`=`, `::`, `^`, `..//`) are such names.
    """
    del params
    for definition in definitions(file, "def", "defp", "defmacro", "defmacrop", *GUARDS):
        name = definition.name
        if name in _ODD_OPERATORS:
            yield spot(definition.head)
        if _WORD.fullmatch(name) and not _SNAKE.fullmatch(name) and not re.fullmatch(r"sigil_[A-Z0-9]+", name):
            yield spot(definition.head)


def predicate_function_names(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`is_x` for functions, and `is_x?` for all."""
    del params
    for definition in definitions(file):
        name = definition.name
        if name.startswith("is_") and (name.endswith("?") or definition.keyword in ("def", "defp")):
            yield spot(definition.head)


def module_names(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Module names that are not in PascalCase."""
    del params
    for module in modules(file):
        named = module.args[0]
        if named.kind == "alias" and not named.name.startswith("__MODULE__") and not _PASCAL.fullmatch(named.name):
            yield spot(named)


def variable_names(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Variables that are bound to a name that is not in snake_case."""
    del params
    for name in file.kinds["name"]:
        if (
            _WORD.fullmatch(name.name)
            and not _SNAKE.fullmatch(name.name)
            and name.name not in _SPECIAL
            and _is_bound(name)
        ):
            yield spot(name)


def module_attribute_names(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`@someName`, set or read."""
    del params
    for term in file.calls["@"]:
        named = term.args[0] if term.args else None
        if named is not None and _WORD.fullmatch(named.name) and not _SNAKE.fullmatch(named.name):
            yield spot(named)


def _is_bound(name: Term) -> bool:
    """Whether `name` stands in a pattern: left of `=` or `<-`, before `->`, or among a definition's parameters."""
    if name.parent is not None and name.parent.is_call("@"):
        return False
    inner = name
    for outer in name.ancestors():
        if outer.is_call("=", "<-"):
            return outer.args[0] is inner
        if outer.kind == "clause":
            return inner in outer.args
        if outer.is_call("def", "defp", "defmacro", "defmacrop"):
            return outer.args[0] is inner is not name
        if outer.kind == "block":
            return False
        inner = outer
    return enclosing(name, "def") is not None
