"""Credo's rules on branches: `if`, `unless`, `cond`, `case`, `with`, `try`."""

from __future__ import annotations

from collections.abc import Iterator

from languages.linters.structural.definitions import definitions, enclosing, spot, statements
from languages.linters.structural.patterns import same
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_NEGATIONS = ("!", "not")
_OPERATORS = ("&&", "||", "and", "or", "==", "!=", "===", "!==", "<", ">", "<=", ">=", "!", "not", "in")


def cond_instead_of_if_else(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`if` with `else`."""
    del params
    yield from (spot(term) for term in file.calls["if"] if "else" in term.blocks)


def cond_statements(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`cond` with one condition, or with one and `true`."""
    del params
    for term in file.calls["cond"]:
        clauses = statements(term)
        if len(clauses) <= 2 and clauses and clauses[-1].kind == "clause" and _is_true(clauses[-1]):
            yield spot(term)


def _is_true(clause: Term) -> bool:
    return len(clause.args) == 1 and clause.args[0].kind == "atom" and clause.args[0].name == "true"


def case_trivial_matches(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`case` with the clauses `true` and `false` alone."""
    del params
    for term in file.calls["case"]:
        heads = [clause.args[0].name if len(clause.args) == 1 else "" for clause in statements(term)]
        if sorted(heads) == ["false", "true"]:
            yield spot(term)


def negated_condition(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`unless not x`, or `if not x` with `else`: whichever `keyword` says."""
    for term in file.calls[str(params["keyword"])]:
        needs_else = bool(params.get("needs_else"))
        if term.args and term.args[0].is_call(*_NEGATIONS) and (not needs_else or "else" in term.blocks):
            yield spot(term.args[0])


def unless_with_else(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`unless` with `else`."""
    del params
    yield from (spot(term) for term in file.calls["unless"] if "else" in term.blocks)


def parentheses_in_condition(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`if (x) do`: parentheses around the whole condition."""
    del params
    for keyword in ("if", "unless"):
        for term in file.calls[keyword]:
            if term.inline or len(term.args) != 1:
                continue
            if term.parens or term.args[0].kind == "block":
                yield spot(term)


def match_in_condition(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`if x = y`: a match in a condition."""
    del params
    for keyword in ("if", "unless"):
        for term in file.calls[keyword]:
            if term.args and not _is_plain_match(term.args[0]):
                yield from map(spot, _matches(term.args[0]))


def _is_plain_match(condition: Term) -> bool:
    """`name = call(…)`, which is an idiom, as long as no operator makes it hard to see what is tested."""
    return (
        condition.is_call("=")
        and condition.args[0].kind == "name"
        and not any(inner.is_call(*_OPERATORS) for inner in condition.walk())
    )


def _matches(condition: Term) -> Iterator[Term]:
    """The `=` of a condition, also right or left of an operator, not those inside calls and functions."""
    if condition.is_call("="):
        yield condition
    elif condition.kind == "block" or condition.is_call("&&", "||", "and", "or", "!", "not"):
        for part in condition.args:
            yield from _matches(part)


def double_negation(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`!!x` and `not not x`."""
    del params
    for operator in _NEGATIONS:
        for term in file.calls[operator]:
            if term.args and term.args[0].is_call(operator):
                yield spot(term)


def negated_is_nil(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`when not is_nil(x)`."""
    del params
    for operator in _NEGATIONS:
        for term in file.calls[operator]:
            if term.args and term.args[0].is_call("is_nil") and enclosing(term, "when") is not None:
                yield spot(term)


def with_clauses(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`with` whose first or last clause matches nothing."""
    del params
    for term in file.calls["with"]:
        clauses = _clauses(term)
        if clauses and (not clauses[0].is_call("<-") or not clauses[-1].is_call("<-")):
            yield spot(term)


def with_single_clause(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`with` of one `<-` and an `else` of several clauses."""
    del params
    for term in file.calls["with"]:
        clauses = _clauses(term)
        if len(clauses) == 1 and clauses[0].is_call("<-") and "else" in term.blocks:
            yield spot(term)


def _clauses(term: Term) -> list[Term]:
    return [argument for argument in term.args if argument.kind != "keywords"] if term.blocks else []


def prefer_implicit_try(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A function whose body is one `try`."""
    del params
    for definition in definitions(file):
        body = statements(definition.term)
        if len(body) == 1 and body[0].is_call("try") and body[0].blocks:
            yield spot(body[0])


def raise_inside_rescue(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`raise` in a `rescue` block."""
    del params
    for term in file.terms:
        block = term.blocks.get("rescue") if term.blocks else None
        for inner in block.walk() if block is not None else ():
            if inner.is_call("raise"):
                yield spot(inner)


def tagged_in_with(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`with {:tag, x} <- {:tag, call()}`: a tag that is there to tell the clauses apart."""
    del params
    for term in file.calls["with"]:
        for clause in term.args:
            if clause.is_call("<-") and len(clause.args) == 2:
                tags = [side.args[0].name for side in clause.args if side.kind == "tuple" and len(side.args) == 2]
                if len(tags) == 2 and tags[0] == tags[1] and clause.args[0].args[0].kind == "atom":
                    yield spot(clause)


def redundant_with_result(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`with` whose body is what its last clause matched, without `else` to change what did not match."""
    del params
    for term in file.calls["with"]:
        clauses, body = _clauses(term), statements(term)
        if not clauses or len(body) != 1 or "else" in term.blocks or not clauses[-1].is_call("<-"):
            continue
        matched = clauses[-1].args[0]
        if same(matched, body[0]) and not any(part.kind in ("map", "struct") for part in matched.walk()):
            yield spot(term)
