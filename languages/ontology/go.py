"""Facts of a Go file: package, functions with their number of parameters, structs, interfaces, calls, errors, tests.

A type implements an interface of the same file when it has all its methods, as the compiler would say. Calls are named
where the file shows what is called: its own functions, imported packages, and methods on the receiver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from languages.definitions import Definition
from languages.ontology.triples import Facts, Kind, Relation
from languages.outline.go import definitions, imports
from languages.tree import SyntaxTree, walk

_KINDS: dict[str, Kind] = {"struct": "struct", "interface": "interface", "type": "type", "test": "test"}


@dataclass(frozen=True, slots=True)
class _Names:
    """The package, its imports by local name, and its functions ("Add", "Item.Add") with their identities."""

    package: str
    imports: Mapping[str, str]
    functions: Mapping[str, str]


def facts_of(tree: SyntaxTree, path: str) -> Facts:
    """The facts of one file; `path` is only read for its name, which tells tests from the rest."""
    facts, found = Facts(), definitions(tree)
    package = next((one.name for one in found if one.kind == "module"), "main")
    known = {one.local_name: one.module for one in imports(tree)}
    functions = {one.qualified_name: f"{package}.{one.qualified_name}/{one.arity}" for one in found if _runs(one)}
    names = _Names(package, known, functions)
    facts.define(None, package, "module")
    for module in known.values():
        facts.add(package, "imports", module)
    for one in found:
        _definition(tree, facts, one, names)
    _implementations(facts, found, package)
    if path.endswith("_test.go") and package.endswith("_test"):
        facts.add(package, "tests", package.removesuffix("_test"))
    return facts


def _runs(one: Definition) -> bool:
    return one.kind in ("function", "method", "test")


def _definition(tree: SyntaxTree, facts: Facts, one: Definition, names: _Names) -> None:
    owner = f"{names.package}.{one.container}" if one.container else names.package
    if _runs(one):
        _function(tree, facts, one, owner, names)
    elif one.kind in _KINDS:
        facts.define(owner, f"{names.package}.{one.name}", _KINDS[one.kind])
        for embedded in _embedded(tree, one):
            facts.add(f"{names.package}.{one.name}", "embeds", embedded)
    elif one.kind == "field":
        facts.add(owner, "field", one.name)
    elif one.kind == "callback":
        facts.add(owner, "callback", f"{owner}.{one.name}/{one.arity}")
    elif one.kind == "variable" and one.name.lower().startswith("err"):
        facts.define(owner, f"{names.package}.{one.name}", "exception")


def _function(tree: SyntaxTree, facts: Facts, one: Definition, owner: str, names: _Names) -> None:
    kind: Kind = "test" if one.kind == "test" else "method" if one.kind == "method" else "function"
    if one.private and kind != "test":
        kind = "private method" if kind == "method" else "private function"
    name = names.functions[one.qualified_name]
    facts.define(owner, name, kind)
    if one.body is None:
        return
    receiver = _receiver_name(tree, one.head)
    for node in walk(one.body):
        for relation, value in _said(tree, node, one, receiver, names):
            facts.add(name, relation, value)
            if relation == "calls" and kind == "test" and value.startswith(names.package + "."):
                facts.add(name, "tests", value)


def _said(
    tree: SyntaxTree, node: Node, one: Definition, receiver: str | None, names: _Names
) -> Iterator[tuple[Relation, str]]:
    """What one node of a body says."""
    if node.type == "return_statement":
        yield from (("returns_error", error) for error in _returned_errors(tree, node, names))
    relation: Relation = "spawns" if node.type == "go_statement" else "calls"
    call = node.named_children[0] if relation == "spawns" and node.named_children else node
    function = call.child_by_field_name("function") if call.type == "call_expression" else None
    if function is None:
        return
    text = tree.text_of(function)
    if text in ("panic", "recover"):
        yield ("raises" if text == "panic" else "rescues"), "panic"
        return
    owner, _, method = text.rpartition(".")
    if function.type == "selector_expression" and receiver is not None and owner == receiver:
        called = names.functions.get(f"{one.container}.{method}")
    elif function.type == "selector_expression" and owner in names.imports:
        called = f"{names.imports[owner]}.{method}/{_count(call)}"
    else:
        called = names.functions.get(text) if function.type == "identifier" else None
    if called is not None:
        yield relation, called


def _count(call: Node) -> int:
    given = call.child_by_field_name("arguments")
    return 0 if given is None else sum(child.type != "comment" for child in given.named_children)


def _returned_errors(tree: SyntaxTree, statement: Node, names: _Names) -> Iterator[str]:
    """The errors that are made or named in a `return`."""
    for values in statement.named_children:
        for value in values.named_children if values.type == "expression_list" else ():
            function = value.child_by_field_name("function") if value.type == "call_expression" else None
            package, _, maker = ("" if function is None else tree.text_of(function)).rpartition(".")
            made = f"{names.imports.get(package, package)}.{maker}"
            if made in ("errors.New", "fmt.Errorf", "errors.Join"):
                yield made
            elif value.type in ("identifier", "selector_expression"):
                text = tree.text_of(value)
                if text.rpartition(".")[2].startswith("Err") or text == "err":
                    yield text


def _receiver_name(tree: SyntaxTree, node: Node) -> str | None:
    receiver = node.child_by_field_name("receiver")
    declared = receiver.named_children if receiver is not None else []
    name = declared[0].child_by_field_name("name") if declared else None
    return None if name is None else tree.text_of(name)


def _embedded(tree: SyntaxTree, one: Definition) -> Iterator[str]:
    """The types embedded in a struct or an interface."""
    for part in one.body.named_children if one.body is not None else ():
        if part.type == "type_elem":
            yield tree.text_of(part)
        for field in part.named_children if part.type == "field_declaration_list" else ():
            kind = field.child_by_field_name("type")
            if field.type == "field_declaration" and kind is not None and not field.child_by_field_name("name"):
                yield tree.text_of(kind).lstrip("*")


def _implementations(facts: Facts, found: list[Definition], package: str) -> None:
    wanted: dict[str, set[tuple[str, int | None]]] = {}
    methods: dict[str, set[tuple[str, int | None]]] = {}
    for one in found:
        if one.container is not None and one.kind in ("callback", "method"):
            table = wanted if one.kind == "callback" else methods
            table.setdefault(one.container, set()).add((one.name, one.arity))
    for interface, needed in wanted.items():
        for owner, has in methods.items():
            if needed <= has:
                facts.add(f"{package}.{owner}", "implements", f"{package}.{interface}")
