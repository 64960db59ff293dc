"""Credo's measures that weigh a whole body: ABC size (Fitzpatrick 1997, with Credo's counting) and dependencies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import sqrt

from languages.linters.structural.credo_modules import aliased
from languages.linters.structural.definitions import Definition, definitions, modules, spot
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_CONDITIONS = ("if", "or")
#: What Credo counts as neither call nor condition; `//` is a part of the range before it.
_NO_BRANCHES = frozenset({"==", "|>", "^", "unquote", "//"})
_UNREAD = frozenset({"string", "sigil", "bitstring", "quoted_atom"})


def abc_size(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Functions whose assignments, branches and conditions together are more than `max_size`."""
    limit = int(params["max_size"])
    for definition in definitions(file, "def", "defp", "defmacro"):
        body = definition.term.blocks.get("do")
        if body is None or definition.name == "__using__":
            continue
        size = round(_size(body, _parameters(definition)))
        if size > limit:
            yield spot(definition.head, f"ABC size {size}, at most {limit}")


def _parameters(definition: Definition) -> set[str]:
    """The parameters that are plain names; Credo sees none where there is a guard."""
    whole = definition.term.args[0]
    return _plain(whole.args) if whole.kind == "call" and not whole.is_call("when") else set()


def _plain(terms: list[Term]) -> set[str]:
    return {term.name for term in terms if term.kind == "name"}


def _size(body: Term, known: set[str]) -> float:
    """√(A² + B² + C²): matches and attributes; clauses, calls, names that no plain binding brought in; `if`, `or`."""
    assignments = branches = conditions = 0
    stack = [body]
    while stack:
        term = stack.pop()
        inner = term.children()
        if term.is_call("=") and len(term.args) == 2:
            assignments += 1
            known |= _plain(term.args[:1])
            inner = term.args[1:]
        elif term.is_call("@"):
            assignments += 1
            inner = []
        elif term.is_call(*_CONDITIONS):
            conditions += 1
        elif term.kind == "name":
            branches += term.name not in known and not term.name.startswith("_")
        elif term.kind in _UNREAD:
            branches += term.kind == "sigil" or (term.kind == "quoted_atom" and bool(term.args))
            inner = []
        else:
            branches += _branches(term)
            if term.kind == "clause":
                known |= _plain([part for head in term.args for part in _unguarded(head)])
        stack.extend(reversed(inner))
    return sqrt(assignments**2 + branches**2 + conditions**2)


def _unguarded(head: Term) -> list[Term]:
    return head.args if head.is_call("when") else [head]


def _branches(term: Term) -> int:
    """1 for a clause, a call or an operator; reading a field of a variable is none, `f.()` and `map[key]` are calls."""
    if term.kind == "charlist":
        return 1 + len(term.args) if term.args else 0
    if term.kind != "call":
        return int(term.kind in ("clause", "access", "struct"))
    if term.target is not None:
        return int(term.target.kind != "name" or term.name == ".")
    if term.name == "not in":
        return 2
    return int(term.name not in _NO_BRANCHES)


def module_dependencies(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Modules that name more than `max_deps` others; not in tests."""
    limit = int(params["max_deps"])
    if re.search(r"(^|/)test/", file.path):
        return
    for module in modules(file):
        count = len(_named(module))
        if count > limit:
            yield spot(module, f"{count} modules, at most {limit}")


def _named(module: Term) -> set[str]:
    """The full names of the modules that `module` names elsewhere than where it defines or aliases them."""
    aliases: list[str] = []
    mentions: Counter[str] = Counter()
    for term in module.walk():
        if term.kind == "alias":
            mentions[term.name] += 1
        elif term.is_call("alias") and len(term.args) == 1:
            aliases += aliased(term)
            mentions.subtract(part.name for part in term.walk() if part.kind == "alias")
        elif term.is_call("defmodule") and term.args:
            mentions[term.args[0].name] -= 1
    named = (name for name, times in mentions.items() if times > 0)
    return {next((full for full in aliases if full.endswith(name)), name) for name in named}
