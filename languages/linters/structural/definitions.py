"""Definitions of an Elixir file, read from its terms: functions, modules, attributes. It knows no rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from languages.linters.structural.rule import Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

FUNCTIONS = ("def", "defp", "defmacro", "defmacrop")
GUARDS = ("defguard", "defguardp")


@dataclass(frozen=True, slots=True)
class Definition:
    """One clause of a function or macro: `keyword` is "def" or its like, `head` its name with the parameters."""

    keyword: str
    term: Term
    head: Term

    @property
    def name(self) -> str:
        """The function's name; "unquote" where a macro makes it up."""
        return self.head.name

    @property
    def key(self) -> tuple[str, int]:
        """Name and arity."""
        return self.head.name, len(self.head.args) if self.head.kind == "call" else 0


def spot(term: Term, note: str = "") -> Spot:
    """Where `term`'s name stands."""
    return Spot(term.line, term.column, len(term.name.encode()), note)


def definitions(file: ElixirFile, *keywords: str) -> Iterator[Definition]:
    """The clauses defined by `keywords` (all of `FUNCTIONS` when none is given), in the order of the keywords."""
    for keyword in keywords or FUNCTIONS:
        for term in file.calls.get(keyword, ()):
            if term.target is None and term.args:
                head = term.args[0]
                if head.is_call("when") and head.args:
                    head = head.args[0]
                yield Definition(keyword, term, head)


def modules(file: ElixirFile) -> list[Term]:
    """The `defmodule` calls that name a module and have a body."""
    return [term for term in file.calls.get("defmodule", ()) if term.target is None and term.args]


def statements(term: Term) -> list[Term]:
    """What the `do` block of `term` holds."""
    body = term.blocks.get("do")
    return [] if body is None else body.args


def attribute(term: Term) -> tuple[str, list[Term]]:
    """Name and values of `@name value`; ("", []) for anything else."""
    if not term.is_call("@") or not term.args:
        return "", []
    named = term.args[0]
    return named.name, named.args if named.kind == "call" else []


def enclosing(term: Term, *names: str) -> Term | None:
    """The nearest call of one of `names` around `term`."""
    return next((outer for outer in term.ancestors() if outer.is_call(*names)), None)
