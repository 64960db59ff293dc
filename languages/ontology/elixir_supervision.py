"""Supervision trees as the source shows them: children in lists, strategies in options.

A child that is computed (a function's result, a comprehension) cannot be seen and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.ontology.elixir_calls import Calls
from languages.ontology.triples import Facts
from languages.outline import elixir_nodes as nodes
from languages.tree import SyntaxTree, walk

_STARTS = frozenset(
    {"Supervisor.init", "Supervisor.start_link", "DynamicSupervisor.init", "DynamicSupervisor.start_link"}
)
_CHILD_CALLS = frozenset({"Supervisor.child_spec", "worker", "supervisor"})


def supervision_of(tree: SyntaxTree, facts: Facts, module: str, body: Node, calls: Calls) -> None:
    """Note what `module` supervises, when `body` starts a supervisor."""
    if "Supervisor." not in tree.text_of(body):
        return
    lists: dict[str, Node] = {}
    for node in walk(body):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if nodes.operator(node) == "=" and left is not None and right is not None:
            lists[tree.text_of(left)] = right
        target = node.child_by_field_name("target") if node.type == "call" else None
        if target is None or tree.text_of(target) not in _STARTS:
            continue
        strategy = nodes.keyword(tree, node, "strategy")
        options = [lists.get(tree.text_of(one), one) for one in nodes.arguments(node)]
        strategy = strategy or next((found for one in options if (found := nodes.keyword(tree, one, "strategy"))), None)
        facts.add(module, "is", "supervisor")
        if strategy is not None:
            facts.add(module, "strategy", tree.text_of(strategy).lstrip(":"))
        for child in _children(tree, options[0], lists) if options else ():
            facts.add(module, "supervises", calls.resolved(child))


def _children(tree: SyntaxTree, given: Node, lists: dict[str, Node]) -> Iterator[str]:
    """The modules in a list of child specifications, `++` included."""
    stack, seen = [given], set[str]()
    while stack:
        node = stack.pop()
        name = tree.text_of(node) if node.type == "identifier" else None
        if name in lists and name not in seen:
            seen.add(name)
            stack.append(lists[name])
        elif node.type == "list" or nodes.operator(node) == "++":
            stack.extend(reversed(node.named_children))
        elif node.type == "alias":
            yield tree.text_of(node)
        else:
            stack.extend(_module_of(tree, node))


def _module_of(tree: SyntaxTree, node: Node) -> list[Node]:
    """Where the module stands in `{Module, arguments}`, in a child map, and in calls that make one."""
    if node.type == "tuple":
        return node.named_children[:1]
    if node.type == "map":
        content = next((child for child in node.named_children if child.type == "map_content"), node)
        start = nodes.keyword(tree, content, "start")
        return [] if start is None else start.named_children[:1]
    target = node.child_by_field_name("target") if node.type == "call" else None
    if target is not None and tree.text_of(target) in _CHILD_CALLS:
        return nodes.arguments(node)[:1]
    return []
