"""Credo's rules on modules: documentation, specs, aliases, the order of their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from languages.linters.structural.definitions import attribute, definitions, enclosing, modules, spot, statements
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile


def module_doc(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Modules without `@moduledoc`; one with `@moduledoc false` covers the modules in it, an exception needs none."""
    ignored = re.compile(str(params["ignore_names"]))
    if file.path.endswith(".exs"):
        return
    for module in modules(file):
        hidden = any(_hides(outer) for outer in module.ancestors() if outer.is_call("defmodule"))
        if hidden or ignored.search(module.args[0].name) or _documented(module):
            continue
        yield spot(module.args[0])


def _hides(module: Term) -> bool:
    return any(_moduledoc_value(part) == "false" for part in statements(module))


def _documented(module: Term) -> bool:
    return any(attribute(part)[0] == "moduledoc" or part.is_call("defexception") for part in statements(module))


def _moduledoc_value(term: Term) -> str | None:
    name, values = attribute(term)
    return values[0].name if name == "moduledoc" and values else None


def specs(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Public functions without `@spec`; `@impl` speaks for the next function."""
    del params
    known = {_specified(value) for term in file.calls["@"] for value in _values(term, "spec")}
    known |= set(_implemented(file))
    for definition in definitions(file, "def"):
        if definition.key not in known:
            yield spot(definition.head)


def _values(term: Term, name: str) -> list[Term]:
    found, values = attribute(term)
    return values if found == name else []


def _specified(value: Term) -> tuple[str, int]:
    head = value.args[0] if value.is_call("when") and value.args else value
    head = head.args[0] if head.is_call("::") and head.args else head
    return head.name, len(head.args)


def _implemented(file: ElixirFile) -> Iterator[tuple[str, int]]:
    pending = False
    for term in file.terms:
        values = _values(term, "impl") if term.is_call("@") else []
        if values:
            pending = values[0].name != "false"
        elif pending and term.is_call("def", "defp", "defmacro"):
            yield from (definition.key for definition in definitions(file, term.name) if definition.term is term)
            pending = False


def impl_true(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`@impl true`, which does not say whose callback it is."""
    del params
    for term in file.calls["@"]:
        if any(value.name == "true" for value in _values(term, "impl")):
            yield spot(term)


def parentheses_on_zero_arity(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`def name()` with parentheses that hold nothing."""
    del params
    for definition in definitions(file, "def", "defp", "defmacro", "defmacrop"):
        if definition.head.kind == "call" and definition.head.parens and definition.head.args == []:
            yield spot(definition.head)


def alias_as(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`alias X, as: Y`."""
    del params
    for term in file.calls["alias"]:
        if len(term.args) != 2 or term.args[0].kind != "alias" or term.args[1].kind != "keywords":
            continue
        if [pair.name for pair in term.args[1].args] == ["as"]:
            yield spot(term)


def grouped_alias(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`alias X.{A, B}`; with `single`, only a group of one."""
    for keyword in params["keywords"]:
        for term in file.calls[str(keyword)]:
            group = term.args[0] if term.args else None
            if group is None or group.kind != "call" or group.name != "{}" or group.target is None:
                continue
            if group.target.kind == "alias" and (not params.get("single") or len(group.args) == 1):
                yield spot(term)


def alias_order(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """The first alias of each block of lines that stands before one it should follow; names in braces too."""
    del params
    for block in _alias_blocks(file):
        names = [_sort_key(alias) for alias in block]
        for alias, name, following in zip(block, names, names[1:], strict=False):
            if name > following:
                yield spot(alias.args[0])
                break
    for alias in file.calls["alias"]:
        group = alias.args[0] if alias.args else None
        if group is not None and group.kind == "call" and group.name == "{}":
            members = [member.name.lower() for member in group.args]
            wrong = (at for at, pair in enumerate(pairwise(members)) if pair[0] > pair[1])
            first = next(wrong, None)
            if first is not None:
                yield spot(group.args[first])


def _alias_blocks(file: ElixirFile) -> Iterator[list[Term]]:
    """Aliases that follow one another line by line in one block."""
    block: list[Term] = []
    for alias in file.calls["alias"]:
        if alias.target is not None or not alias.args or not _sort_key(alias):
            continue
        if block and (alias.line != block[-1].end_line + 1 or alias.parent is not block[-1].parent):
            yield block
            block = []
        block.append(alias)
    yield block


def _sort_key(alias: Term) -> str:
    named = alias.args[0]
    if named.kind == "call" and named.target is not None:
        first = named.args[0].name if named.args else ""
        return f"{named.target.name}.{first}".lower()
    return named.name.lower()


def alias_usage(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls on a nested module by its full name, where an alias would not clash with another.

    With `once` a module is named at its first place; `if_nested_deeper_than` leaves out shorter names.
    """
    lastnames, namespaces = set(params["excluded_lastnames"]), set(params["excluded_namespaces"])
    depth, told = int(params["if_nested_deeper_than"]), set[str]()
    scopes = {id(module): _Names(module) for module in modules(file)}
    for term in file.kinds["call"]:
        module = term.target
        if module is None or module.kind != "alias" or "." not in module.name or term.name in (".", "()", "{}"):
            continue
        parts = module.name.split(".")
        if parts[-1] in lastnames or parts[0] in namespaces or parts[0] == "__MODULE__" or len(parts) <= depth:
            continue
        if enclosing(term, "@") is not None:
            continue
        outer = [scopes[id(scope)] for scope in term.ancestors() if id(scope) in scopes]
        if outer and module.name not in told and not all(names.clash(module.name) for names in outer):
            told |= {module.name} if params.get("once") else set()
            yield spot(module)


class _Names:
    """The last names that the aliases and modules of a module take."""

    def __init__(self, module: Term) -> None:
        self.taken: dict[str, set[str]] = {}
        for term in module.walk():
            if term.is_call("alias"):
                for name in aliased(term):
                    self.taken.setdefault(name.rpartition(".")[2], set()).add(name)
            elif term is not module and term.is_call("defmodule") and term.args and term.args[0].kind == "alias":
                name = term.args[0].name
                self.taken.setdefault(name.rpartition(".")[2], set()).add(name)

    def clash(self, name: str) -> bool:
        """Whether an alias of `name` would hide something else."""
        return bool(self.taken.get(name.rpartition(".")[2], set()) - {name})


def aliased(term: Term) -> list[str]:
    """The full names that an `alias` call brings in."""
    named = term.args[0] if term.args else None
    if named is None:
        return []
    if named.kind == "call" and named.name == "{}" and named.target is not None:
        return [f"{named.target.name}.{member.name}" for member in named.args]
    return [named.name] if named.kind == "alias" else []


_DEFINERS = {
    "def": "public function", "defp": "private function", "defmacro": "public macro", "defmacrop": "private macro",
    "defguard": "public guard", "defguardp": "private guard", "defmodule": "module", "defstruct": "struct",
    "use": "use", "import": "import", "alias": "alias", "require": "require", "defdelegate": "delegate",
}  # fmt: skip
_ATTRIBUTES = {
    "moduledoc": "moduledoc", "shortdoc": "shortdoc", "behaviour": "behaviour", "behavior": "behaviour",
    "type": "type", "typep": "private type", "opaque": "opaque", "callback": "callback",
    "macrocallback": "macro callback", "optional_callbacks": "optional callbacks",
}  # fmt: skip
_SILENT = frozenset({"doc", "spec", "impl", "typedoc", "deprecated", "dialyzer", "compile", "since", "tag"})


def strict_module_layout(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A part of a module that stands after one that should follow it."""
    order = {str(part): place for place, part in enumerate(params["order"])}
    for module in modules(file):
        current = ""
        for term in statements(module):
            part = _part(term)
            if not part:
                continue
            if current and order.get(part, len(order)) < order.get(current, len(order)):
                yield spot(term, f"{part} must appear before {current}")
            current = part


def _part(term: Term) -> str:
    if term.is_call("@"):
        name, values = attribute(term)
        if name in _SILENT or not values:
            return ""
        return _ATTRIBUTES.get(name, "module attribute")
    return _DEFINERS.get(term.name, "") if term.kind == "call" and term.target is None else ""


def apart(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Lines of one of `keywords` that come back after other calls in a module."""
    for module in modules(file):
        seen: list[str] = []
        for term in statements(module):
            if term.kind != "call" or term.target is not None or (seen and seen[-1] == term.name):
                continue
            if term.name in seen and term.name in params["keywords"]:
                yield spot(term)
            else:
                seen.append(term.name)
