"""Facts of a Python file: module, classes and bases, functions with their number of arguments, calls, errors, tests.

A class that inherits `Protocol` or `ABC` is an interface, one that inherits an exception is an exception. Calls are
named where the file shows what is called: its own functions and classes, imported names, and methods on `self`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from tree_sitter import Node

from languages.definitions import Definition
from languages.imports import Import
from languages.ontology.triples import Facts, Kind, Relation
from languages.outline.python import definitions, imports
from languages.tree import SyntaxTree

_INTERFACES = frozenset({"Protocol", "ABC"})
_DEFINING = ("function_definition", "class_definition", "decorated_definition")
_RUNS = ("function", "method", "test")


@dataclass(frozen=True, slots=True)
class _Names:
    """The module, its imports by local name, and what it defines ("f", "A.go") with the identities."""

    module: str
    imports: Mapping[str, str]
    defined: Mapping[str, str]

    def resolved(self, text: str) -> str:
        """The full name of a dotted name; an unknown one stays as it is."""
        if text in self.defined:
            return self.defined[text]
        first, dot, rest = text.partition(".")
        return self.imports.get(first, first) + dot + rest


def facts_of(tree: SyntaxTree, path: str) -> Facts:
    """The facts of one file; the module is named after `path`."""
    facts, found = Facts(), definitions(tree)
    pure = PurePath(path)
    module = (pure.parent.name if pure.stem == "__init__" else pure.stem) or "module"
    imported = imports(tree)
    names = _Names(module, {one.local_name.split(".")[0]: _origin(one) for one in imported}, _identities(found, module))
    facts.define(None, module, "module")
    for one in imported:
        facts.add(module, "imports", one.module)
    for definition in found:
        _definition(tree, facts, definition, names)
    if module.startswith("test_") or module.endswith("_test"):
        facts.add(module, "tests", module.removeprefix("test_").removesuffix("_test"))
    return facts


def _origin(one: Import) -> str:
    if one.kind == "from":
        return f"{one.module.rstrip('.') or '.'}.{one.name}" if one.module.strip(".") else f"{one.module}{one.name}"
    return one.module if one.alias else one.module.split(".")[0]


def _identities(found: list[Definition], module: str) -> dict[str, str]:
    named = {}
    for one in found:
        if one.kind in _RUNS:
            named[one.qualified_name] = f"{module}.{one.qualified_name}/{one.arity}"
        elif one.kind == "class":
            named[one.qualified_name] = f"{module}.{one.qualified_name}"
    return named


def _definition(tree: SyntaxTree, facts: Facts, one: Definition, names: _Names) -> None:
    owner = names.module if one.container is None else names.defined.get(one.container, names.module)
    if one.kind == "class":
        _class(tree, facts, one, owner, names)
    elif one.kind in _RUNS:
        _function(tree, facts, one, owner, names)
    elif one.kind == "field":
        facts.add(owner, "field", one.name)
    elif one.kind == "type":
        facts.define(owner, f"{names.module}.{one.qualified_name}", "type")


def _class(tree: SyntaxTree, facts: Facts, one: Definition, owner: str, names: _Names) -> None:
    name = names.defined[one.qualified_name]
    given = one.head.child_by_field_name("superclasses")
    kinds = ("identifier", "attribute", "subscript")
    bases = [tree.text_of(base) for base in given.named_children if base.type in kinds] if given is not None else []
    plain = [base.split("[")[0] for base in bases]
    kind: Kind = "class"
    if any(base.rpartition(".")[2] in _INTERFACES for base in plain):
        kind = "interface"
    elif any(base.endswith(("Error", "Exception")) for base in plain):
        kind = "exception"
    facts.define(owner, name, kind)
    for base in plain:
        resolved = names.resolved(base)
        facts.add(name, "implements" if facts.holds(resolved, "is", "interface") else "extends", resolved)


def _function(tree: SyntaxTree, facts: Facts, one: Definition, owner: str, names: _Names) -> None:
    name = names.defined[one.qualified_name]
    kind: Kind = "test" if one.kind == "test" else "method" if one.kind == "method" else "function"
    if one.private and kind != "test":
        kind = "private method" if kind == "method" else "private function"
    facts.define(owner, name, kind)
    if one.least_arity != one.arity:
        facts.add(name, "least_arity", str(one.least_arity))
    if "abstractmethod" in _decorators(tree, one):
        facts.add(owner, "callback", name)
    for node in _own_nodes(one.body):
        for relation, value in _said(tree, node, one, names):
            facts.add(name, relation, value)
            if relation == "calls" and kind == "test" and not value.startswith(("pytest.", "unittest.", "self.")):
                facts.add(name, "tests", value)


def _decorators(tree: SyntaxTree, one: Definition) -> str:
    """The lines above `def` that belong to the definition."""
    return " ".join(map(tree.lines.content, range(one.range.start.line, one.head.start_point.row)))


def _own_nodes(body: Node | None) -> Iterator[Node]:
    """What is below `body`, functions and classes defined in it left out: they speak for themselves."""
    stack = [body] if body is not None else []
    while stack:
        node = stack.pop()
        yield node
        stack.extend(child for child in reversed(node.named_children) if child.type not in _DEFINING)


def _said(tree: SyntaxTree, node: Node, one: Definition, names: _Names) -> Iterator[tuple[Relation, str]]:
    """What one node of a body says."""
    if node.type == "raise_statement":
        raised = node.named_children[0] if node.named_children else None
        if raised is not None:
            made = raised.child_by_field_name("function") if raised.type == "call" else raised
            yield "raises", names.resolved(tree.text_of(made or raised))
    elif node.type in ("except_clause", "except_group_clause"):
        yield from (("rescues", names.resolved(name)) for name in _caught(tree, node))
    elif node.type == "call":
        called = _called(tree, node, one, names)
        if called is not None:
            yield "calls", called


def _caught(tree: SyntaxTree, clause: Node) -> Iterator[str]:
    value = clause.child_by_field_name("value")
    if value is not None and value.type == "as_pattern":
        value = value.named_children[0]
    if value is not None:
        named = value.named_children if value.type == "tuple" else [value]
        yield from (tree.text_of(one) for one in named if one.type in ("identifier", "attribute"))


def _called(tree: SyntaxTree, call: Node, one: Definition, names: _Names) -> str | None:
    function, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    if function is None or function.type not in ("identifier", "attribute"):
        return None
    text = tree.text_of(function)
    owner, _, method = text.rpartition(".")
    if owner in ("self", "cls"):
        return names.defined.get(f"{one.container}.{method}")
    if text in names.defined or (local := f"{one.qualified_name}.{text}") in names.defined:
        return names.defined.get(text) or names.defined[local]
    if text.split(".")[0] not in names.imports:
        return None
    count = 0 if given is None else sum(child.type != "comment" for child in given.named_children)
    return f"{names.resolved(text)}/{count}"
