"""Credo's measures of functions: paths, nesting, arity, assignments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from languages.linters.structural.definitions import attribute, definitions, spot, statements
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_TWO_WAYS = frozenset({"if", "unless", "for", "try", "and", "or", "&&", "||"})
_NESTING = frozenset({"if", "unless", "case", "cond", "for", "with"})


def cyclomatic_complexity(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Functions with more independent paths than `max_complexity` (McCabe 1976, with Credo's weights)."""
    limit = float(params["max_complexity"])
    weights: Mapping[str, float] = params["weights"]
    for definition in definitions(file, "def", "defp", "defmacro"):
        paths = int(1.5 + sum(_paths(term, weights) for term in definition.term.walk()))
        if paths > limit and definition.name != "__using__":
            yield spot(definition.head, f"{paths} paths, at most {limit:.0f}")


def _paths(term: Term, weights: Mapping[str, float]) -> float:
    if term.kind != "call" or term.target is not None:
        return 0
    if term.name in _TWO_WAYS:
        return weights.get(term.name, 1) if term.args or term.blocks else 0
    if term.name in ("case", "cond"):
        return weights[term.name] * len(statements(term))
    return 0


def nesting(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """The first block of a function that is nested deeper than `max_nesting`."""
    limit = int(params["max_nesting"])
    for definition in definitions(file, "def", "defp", "defmacro"):
        deepest: tuple[int, Term] | None = None
        stack = [(definition.term, 0)]
        while stack:
            term, depth = stack.pop()
            if term.kind == "fn" or (term.kind == "call" and term.target is None and term.name in _NESTING):
                depth += 1
                if depth > limit and (deepest is None or depth >= deepest[0]):
                    deepest = depth, term
            stack.extend((child, depth) for child in reversed(term.children()))
        if deepest is not None:
            yield spot(deepest[1], f"{deepest[0]} levels, at most {limit}")


def function_arity(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Functions with more parameters than `max_arity`."""
    limit = int(params["max_arity"])
    for definition in definitions(file):
        if definition.key[1] > limit:
            yield spot(definition.head, f"{definition.key[1]} parameters, at most {limit}")


def long_quote_blocks(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`quote do` blocks of more lines than `max_line_count`."""
    limit = int(params["max_line_count"])
    for term in file.calls["quote"]:
        if "do" in term.blocks and term.end_line - term.line - 1 > limit:
            yield spot(term)


def variable_rebinding(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Variables that two statements of one `do` block bind; blocks beside an `else` and clauses do not count."""
    del params
    for block in (owner.blocks["do"] for owner in file.kinds["call"] if list(owner.blocks) == ["do"]):
        bound: set[str] = set()
        again: dict[str, Term] = {}
        for statement in block.args:
            if not statement.is_call("=") or len(statement.args) != 2:
                continue
            names = list(_bound_names(statement.args[0]))
            for name in names:
                if name.name in bound:
                    again[name.name] = name
            bound.update(name.name for name in names)
        yield from map(spot, again.values())


def _bound_names(pattern: Term) -> Iterator[Term]:
    stack = [pattern]
    while stack:
        term = stack.pop()
        if term.kind == "name" and not term.name.startswith("_") and not term.name.endswith("!"):
            yield term
        if not term.is_call("^", "@"):
            stack.extend(term.args[:1] if term.is_call("::") else term.args)


def struct_fields(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`defstruct` with more fields than `max_fields`."""
    limit = int(params["max_fields"])
    for term in file.calls["defstruct"]:
        fields = term.args[0].args if term.args and term.args[0].kind in ("list", "keywords") else []
        if len(fields) == 1 and fields[0].kind == "keywords":
            fields = fields[0].args
        if len(fields) > limit:
            yield spot(term, f"{len(fields)} fields")


def spec_with_struct(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`@spec` that names a struct."""
    del params
    for term in file.calls["@"]:
        if attribute(term)[0] == "spec":
            yield from (Spot(inner.line, inner.column, 1) for inner in term.walk() if inner.kind == "struct")
