"""What the operators of every language share: walking a tree-sitter tree and making mutants of its nodes.

It does not know any grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from tree_sitter import Node

from languages.mutation.mutant import Mutant, Operator

#: A change before its place is known: the node it replaces, the new text, the operator.
Change = tuple[Node, str, Operator]
#: What one kind of node can be changed into.
Operators = Mapping[str, Callable[[Node], Iterable[Change]]]


def mutants_of(root: Node, operators: Operators, *, skipped: Callable[[Node], bool]) -> list[Mutant]:
    """Every mutant under `root`, in order of place; what lies under a node that is `skipped` is left alone."""
    found: set[Mutant] = set()
    stack: list[tuple[Node, tuple[int, int]]] = [(root, (0, 0))]
    while stack:
        node, lines = stack.pop()
        if skipped(node):
            continue
        if _is_statement(node):
            lines = _head_lines(node)
        for target, replacement, operator in operators.get(node.type, _nothing)(node):
            if text_of(target) != replacement:
                found.add(Mutant(target.start_byte, target.end_byte, replacement, operator, lines))
        stack.extend((child, lines) for child in node.children)
    return _one_of_each(sorted(found))


def text_of(node: Node) -> str:
    """The source text of `node`."""
    return (node.text or b"").decode()


def tokens(node: Node, kinds: Collection[str]) -> Iterator[Node]:
    """The direct children of one of these `kinds`."""
    return (child for child in node.children if child.type in kinds)


def _nothing(_: Node) -> tuple[Change, ...]:
    return ()


def _is_statement(node: Node) -> bool:
    return node.type.endswith(("_statement", "_clause", "_definition", "_declaration", "_case"))


def _head_lines(node: Node) -> tuple[int, int]:
    """The lines of a statement up to where its body begins."""
    bodies = [child for child in node.children if child.type in ("block", "statement_list")]
    last = bodies[0].start_point.row if bodies else node.end_point.row
    if bodies and bodies[0].type == "block" and bodies[0].start_point.row > node.start_point.row:
        last -= 1 if not text_of(bodies[0]).startswith("{") else 0
    return node.start_point.row, max(node.start_point.row, last)


def _one_of_each(mutants: list[Mutant]) -> list[Mutant]:
    """Two operators may make the same change; the first is kept."""
    kept: dict[tuple[int, int, str], Mutant] = {}
    for mutant in mutants:
        kept.setdefault((mutant.start, mutant.end, mutant.replacement), mutant)
    return list(kept.values())
