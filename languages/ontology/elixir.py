"""Facts of an Elixir file: modules, functions with arities, behaviours, structs, supervision, guards, errors, tests.

Aliases are resolved, and a call through a pipe has one argument more than it shows. A local call names this module's
function where there is one, and otherwise stays bare ("assign/3"): which import it comes from cannot be seen here.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.definitions import Definition
from languages.ontology.elixir_calls import Calls, calls_of, errors_of
from languages.ontology.elixir_promises import promises_of
from languages.ontology.elixir_supervision import supervision_of
from languages.ontology.triples import Facts, Kind
from languages.outline import elixir_nodes as nodes
from languages.outline.elixir import definitions
from languages.outline.elixir_imports import imports, module_names
from languages.tree import SyntaxTree

#: Behaviours that `use` brings in.
_OTP = frozenset({"GenServer", "Supervisor", "DynamicSupervisor", "Agent", "Application", "GenStage", "Task"})
_MODULES = ("module", "protocol", "implementation")


def facts_of(tree: SyntaxTree) -> Facts:
    """The facts of one file."""
    facts, found = Facts(), definitions(tree)
    aliases = {one.local_name: one.module for one in imports(tree) if one.kind == "alias"}
    calls = Calls(aliases, _local(found))
    for definition in found:
        if definition.kind in _MODULES:
            _module(tree, facts, definition, calls)
        else:
            _member(tree, facts, definition, calls)
    return facts


def _local(found: list[Definition]) -> dict[str, str]:
    """The functions of the file by every arity that defaults give them."""
    local = {}
    for one in found:
        if one.kind in ("function", "macro", "guard") and one.arity is not None:
            for arity in range(one.least_arity or 0, one.arity + 1):
                local[f"{one.qualified_name}/{arity}"] = _identity(one)
    return local


def _identity(one: Definition) -> str:
    return f"{one.qualified_name}/{one.arity}"


def _module(tree: SyntaxTree, facts: Facts, module: Definition, calls: Calls) -> None:
    name = module.qualified_name
    kind: Kind = "protocol" if module.kind == "protocol" else "module"
    if module.kind == "implementation":
        kind = "implementation"
        protocol, _, _ = module.name.rpartition(".")
        facts.add(name, "implements", calls.resolved(tree.text_of(module.head)))
        facts.add(name, "for", module.name.removeprefix(tree.text_of(module.head) + ".") or protocol)
    facts.define(module.container, name, kind)
    if module.body is not None:
        for child in module.body.named_children:
            _directive(tree, facts, name, child, calls)
        promises_of(tree, facts, name, module.body, calls)
    if name.endswith("Test"):
        facts.add(name, "tests", name.removesuffix("Test").rstrip("."))


def _directive(tree: SyntaxTree, facts: Facts, module: str, node: Node, calls: Calls) -> None:
    attribute = nodes.attribute(tree, node)
    if attribute is not None and attribute[0] == "behaviour":
        for argument in nodes.arguments(attribute[1])[:1]:
            facts.add(module, "implements", calls.resolved(tree.text_of(argument)))
    directive, given = nodes.call_name(tree, node), nodes.arguments(node)
    if directive not in ("use", "import", "alias", "require") or not given:
        return
    for target in module_names(tree, given[0]):
        resolved = target if directive == "alias" else calls.resolved(target)
        if directive == "use":
            facts.add(module, "implements" if resolved in _OTP else "uses", resolved)
            if resolved in ("Supervisor", "DynamicSupervisor"):
                facts.add(module, "is", "supervisor")
        elif directive == "import":
            facts.add(module, "imports", resolved)
        else:
            facts.add(module, "aliases" if directive == "alias" else "requires", resolved)


def _member(tree: SyntaxTree, facts: Facts, one: Definition, calls: Calls) -> None:
    module = one.container or "(file)"
    if one.kind in ("struct", "exception"):
        facts.define(None, module, one.kind)
        for field in _fields(tree, one.head):
            facts.add(module, "field", field)
    elif one.kind == "callback":
        facts.add(module, "is", "behaviour")
        facts.add(module, "callback", _identity(one))
    elif one.kind == "test":
        name = f"{module}: {one.name}"
        facts.define(one.container, name, "test")
        _body(tree, facts, name, one, calls)
    elif one.kind in ("function", "macro", "guard"):
        _function(tree, facts, module, one, calls)


def _function(tree: SyntaxTree, facts: Facts, module: str, one: Definition, calls: Calls) -> None:
    name = _identity(one)
    kind: Kind = "guard" if one.kind == "guard" else "macro" if one.kind == "macro" else "function"
    if one.private and one.kind == "function":
        kind = "private function"
    elif one.private and one.kind == "macro":
        kind = "private macro"
    facts.define(one.container, name, kind)
    if one.least_arity is not None and one.least_arity != one.arity:
        facts.add(name, "least_arity", str(one.least_arity))
    _, guard = nodes.head_and_guard(one.head)
    if guard is not None:
        facts.add(name, "guard", " ".join(tree.text_of(guard).split()))
    _body(tree, facts, name, one, calls)
    if one.body is not None:
        supervision_of(tree, facts, module, one.body, calls)


def _body(tree: SyntaxTree, facts: Facts, name: str, one: Definition, calls: Calls) -> None:
    if one.body is None:
        return
    module = one.container or ""
    for called in calls_of(tree, one.body, module, calls):
        facts.add(name, "calls", called)
        if one.kind == "test" and "." in called and not called.startswith(module + "."):
            facts.add(name, "tests", called)
    for relation, error in errors_of(tree, one.body, calls):
        facts.add(name, relation, error)


def _fields(tree: SyntaxTree, node: Node) -> Iterator[str]:
    """The names in `defstruct [:a, b: 1]`."""
    stack = list(reversed(nodes.arguments(node)))
    while stack:
        given = stack.pop()
        if given.type in ("list", "keywords"):
            stack.extend(reversed(given.named_children))
        elif given.type == "atom":
            yield tree.text_of(given).lstrip(":")
        elif given.type == "pair" and (key := given.child_by_field_name("key")) is not None:
            yield tree.text_of(key).strip().rstrip(":")
