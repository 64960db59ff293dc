"""Patterns of Elixir code: `Enum.map($A, $F)` finds that call however it is written.

Parentheses may be left out and the first argument may be piped in. `$X` stands for any one expression (the same one
each time it occurs), a trailing `$$$` for the remaining arguments, none included. It knows no rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_HOLE = "µ"
_REST = "µµµ"


def find_calls(file: ElixirFile, wanted: str) -> Iterator[Term]:
    """The calls of "Module.name", "name" or "Module.name/arity", piped ones included."""
    dotted, _, arity = wanted.rpartition("/") if wanted[-1].isdigit() else (wanted, "", "")
    for call in file.calls.get(dotted.rpartition(".")[2], ()):
        if call.dotted != dotted or (arity and len(arguments(call)) != int(arity)):
            continue
        if call.target is not None or not _is_defined(call):
            yield call


def find(file: ElixirFile, pattern: str) -> Iterator[Term]:
    """The terms that `pattern` matches."""
    wanted = _compiled(pattern)
    candidates = file.calls.get(wanted.name, ()) if wanted.kind == "call" else file.kinds.get(wanted.kind, ())
    for term in candidates:
        if _matches(wanted, term, {}):
            yield term


def _is_defined(call: Term) -> bool:
    """Whether a local call is the head of a definition or of a spec."""
    outer = call.parent
    while outer is not None and outer.is_call("when", "::", "spec", "callback", "macrocallback"):
        outer = outer.parent
    return outer is not None and outer.is_call("@", "def", "defp", "defmacro", "defmacrop", "defdelegate")


def arguments(call: Term) -> list[Term]:
    """The arguments of a call, with what is piped into it first."""
    piped = piped_into(call)
    return call.args if piped is None else [piped, *call.args]


def piped_into(call: Term) -> Term | None:
    """The left side of the `|>` that `call` stands right of; of a longer pipeline, the step before."""
    pipe = call.parent
    if pipe is None or not pipe.is_call("|>") or len(pipe.args) != 2 or pipe.args[1] is not call:
        return None
    return pipe.args[0]


def last_step(term: Term) -> Term:
    """The call that gives a pipeline its value; any other term itself."""
    while term.is_call("|>") and len(term.args) == 2:
        term = term.args[1]
    return term


def same(left: Term, right: Term) -> bool:
    """Whether two terms are the same code, wherever it stands and however it is laid out."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if _shape(one) != _shape(other) or one.kind == "unknown":
            return False
        pairs.extend(zip(one.children(), other.children(), strict=True))
    return True


def _shape(term: Term) -> tuple[str, str, int, list[str], bool]:
    return term.kind, term.name, len(term.args), list(term.blocks), term.target is None


@cache
def _compiled(pattern: str) -> Term:
    parsed = ElixirFile("pattern", pattern.replace("$", _HOLE)).root.args
    if len(parsed) != 1:
        raise ValueError(f"a pattern is one expression, not {pattern!r}")
    return parsed[0]


def _matches(wanted: Term, term: Term, bound: dict[str, Term]) -> bool:
    if wanted.kind == "name" and wanted.name.startswith(_HOLE):
        first = bound.setdefault(wanted.name, term)
        return first is term or same(first, term)
    if wanted.kind == "call" and not wanted.is_call("|>"):
        term = last_step(term)
    if (wanted.kind, wanted.name) != (term.kind, term.name) or (wanted.target is None) != (term.target is None):
        return False
    if wanted.target is not None and term.target is not None and not _matches(wanted.target, term.target, bound):
        return False
    given = arguments(term) if term.kind == "call" else term.args
    return _all_match(wanted.args, given, bound)


def _all_match(wanted: list[Term], given: list[Term], bound: dict[str, Term]) -> bool:
    if wanted and wanted[-1].name == _REST:
        wanted = wanted[:-1]
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(_matches(a, b, bound) for a, b in zip(wanted, given, strict=True))
