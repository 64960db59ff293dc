"""What is written above an Elixir function and binds it: `@impl` and `@spec`."""

from __future__ import annotations

from tree_sitter import Node

from languages.ontology.elixir_calls import Calls
from languages.ontology.triples import Facts
from languages.outline import elixir_nodes as nodes
from languages.tree import SyntaxTree


def promises_of(tree: SyntaxTree, facts: Facts, module: str, block: Node, calls: Calls) -> None:
    """Note which functions of a module implement a callback, and their specs.

    `@impl true` does not name the behaviour; it is noted when the module has exactly one.
    """
    behaviours = [one.object for one in facts.triples() if (one.subject, one.relation) == (module, "implements")]
    only = behaviours[0] if len(behaviours) == 1 else None
    promised: str | None = None
    for child in block.named_children:
        attribute = nodes.attribute(tree, child)
        if attribute is not None:
            given = nodes.arguments(attribute[1])[:1]
            if attribute[0] == "impl" and given:
                promised = calls.resolved(tree.text_of(given[0])) if given[0].type == "alias" else only
            elif attribute[0] == "spec" and given:
                _spec(tree, facts, module, given[0])
            continue
        name = _defined(tree, child)
        if name is not None and promised is not None:
            facts.add(f"{module}.{name}", "implements_callback", f"{promised}.{name}")
        promised = promised if child.type == "comment" else None


def _defined(tree: SyntaxTree, node: Node) -> str | None:
    """The name and arity of the function that `node` defines."""
    if nodes.call_name(tree, node) not in ("def", "defmacro") or not nodes.arguments(node):
        return None
    return _name_and_arity(tree, nodes.head_and_guard(nodes.arguments(node)[0])[0])


def _spec(tree: SyntaxTree, facts: Facts, module: str, given: Node) -> None:
    typed, _ = nodes.head_and_guard(given)
    left = typed.child_by_field_name("left") if nodes.operator(typed) == "::" else None
    name = None if left is None else _name_and_arity(tree, left)
    if name is not None:
        facts.add(f"{module}.{name}", "spec", " ".join(tree.text_of(given).split()))


def _name_and_arity(tree: SyntaxTree, head: Node) -> str | None:
    named = nodes.name_and_parameters(tree, head)
    return None if named is None else f"{tree.text_of(named[0])}/{len(named[1])}"
