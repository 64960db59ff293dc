"""Imports of Elixir: `alias`, `import`, `require`, `use`, wherever they stand, `alias A.{B, C}` as two."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.imports import Import, ImportKind
from languages.outline import elixir_nodes as nodes
from languages.tree import SyntaxTree

_KINDS: dict[str, ImportKind] = {"alias": "alias", "import": "import", "require": "require", "use": "use"}


def imports(tree: SyntaxTree) -> list[Import]:
    """One import for each module named."""
    found: list[Import] = []
    stack = [tree.root]
    while stack:
        node = stack.pop()
        kind = _KINDS.get(nodes.call_name(tree, node) or "")
        if kind is not None:
            found.extend(_imported(tree, node, kind))
        elif node.type in ("source", "call", "do_block", "ERROR"):
            stack.extend(reversed(node.named_children))
    return found


def module_names(tree: SyntaxTree, named: Node) -> list[str]:
    """The modules in `A.B` or `A.{B, C}`."""
    left, right = named.child_by_field_name("left"), named.child_by_field_name("right")
    if named.type == "dot" and left is not None and right is not None and right.type == "tuple":
        return [f"{tree.text_of(left)}.{tree.text_of(one)}" for one in right.named_children if one.type == "alias"]
    return [tree.text_of(named)] if named.type in ("alias", "dot", "identifier", "atom") else []


def _imported(tree: SyntaxTree, node: Node, kind: ImportKind) -> Iterator[Import]:
    given = nodes.arguments(node)
    known_as = nodes.keyword(tree, node, "as")
    alias = None if known_as is None else tree.text_of(known_as)
    name = "*" if kind in ("import", "use") else None
    for module in module_names(tree, given[0]) if given else ():
        yield Import(module=module, kind=kind, range=tree.range_of(node), name=name, alias=alias)
