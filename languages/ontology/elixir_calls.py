"""What a piece of Elixir calls, and which errors it raises, rescues and returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from languages.ontology.triples import Relation
from languages.outline import elixir_nodes as nodes
from languages.tree import SyntaxTree, walk

#: Forms of the language that look like calls.
_FORMS = frozenset({
    "if", "unless", "case", "cond", "with", "for", "try", "receive", "quote", "unquote", "unquote_splicing", "raise",
    "reraise", "throw", "fn", "import", "alias", "require", "use", "super", "assert", "refute", "assert_raise", "and",
    "or", "not", "in", "when", "def", "defp", "defmodule",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calls:
    """What is needed to name a call: aliases by their short name, and this file's functions by each arity they take."""

    aliases: Mapping[str, str]
    local: Mapping[str, str]

    def resolved(self, module: str) -> str:
        """The full name of a module; its first part may be an alias."""
        first, dot, rest = module.partition(".")
        return self.aliases.get(first, first) + dot + rest


def calls_of(tree: SyntaxTree, body: Node, module: str, calls: Calls) -> Iterator[str]:
    """The functions called in `body`, in order of place, with repetitions."""
    piped: set[int] = set()
    captured: set[int] = set()
    for node in walk(body):
        if node.id in captured:
            continue
        right = node.child_by_field_name("right") if nodes.operator(node) == "|>" else None
        if right is not None:
            piped.add(right.id)
        found = _called(tree, node, int(node.id in piped))
        if node.type == "unary_operator" and (found := _capture(tree, node)) is not None:
            captured.update(below.id for below in walk(node))
        if found is not None:
            yield _named(found, module, calls)


def errors_of(tree: SyntaxTree, body: Node, calls: Calls) -> Iterator[tuple[Relation, str]]:
    """What `body` raises, rescues, and returns as `{:error, reason}`."""
    for node in walk(body):
        if nodes.call_name(tree, node) in ("raise", "reraise"):
            given = nodes.arguments(node)
            if given:
                yield "raises", calls.resolved(tree.text_of(given[0])) if given[0].type == "alias" else "RuntimeError"
        elif node.type == "rescue_block":
            yield from (("rescues", calls.resolved(name)) for name in _rescued(tree, node))
        elif node.type == "tuple" and len(node.named_children) == 2:
            tag, reason = node.named_children
            if tree.text_of(tag) == ":error":
                yield "returns_error", tree.text_of(reason) if reason.type == "atom" else "term"


def _rescued(tree: SyntaxTree, block: Node) -> Iterator[str]:
    """The exceptions in the heads of the clauses of `rescue`."""
    for clause in (child for child in block.named_children if child.type == "stab_clause"):
        head = clause.child_by_field_name("left")
        if head is not None:
            yield from (tree.text_of(one) for one in walk(head) if one.type == "alias")


def _called(tree: SyntaxTree, node: Node, piped: int) -> tuple[str | None, str, int] | None:
    """The module, the name and the number of arguments of a call; None for what is no call of a function."""
    target = node.child_by_field_name("target") if node.type == "call" else None
    if target is None:
        return None
    count = _argument_count(node) + piped
    if target.type == "identifier":
        name = tree.text_of(target)
        return None if name in _FORMS else (None, name, count)
    left, right = target.child_by_field_name("left"), target.child_by_field_name("right")
    if target.type != "dot" or left is None or right is None or left.type not in ("alias", "atom", "identifier"):
        return None
    if left.type == "identifier" and tree.text_of(left) != "__MODULE__":
        return None
    return tree.text_of(left), tree.text_of(right), count


def _argument_count(node: Node) -> int:
    return len(nodes.arguments(node)) + int(nodes.do_block(node) is not None)


def _capture(tree: SyntaxTree, node: Node) -> tuple[str | None, str, int] | None:
    """`&Mod.f/1` and `&f/1`."""
    operand = node.child_by_field_name("operand")
    if operand is None or node.children[0].type != "&" or nodes.operator(operand) != "/":
        return None
    function, arity = operand.child_by_field_name("left"), operand.child_by_field_name("right")
    if function is None or arity is None or not tree.text_of(arity).isdigit():
        return None
    module, _, name = tree.text_of(function).removesuffix("()").rpartition(".")
    return module or None, name, int(tree.text_of(arity))


def _named(found: tuple[str | None, str, int], module: str, calls: Calls) -> str:
    where, name, count = found
    owner = module if where in (None, "__MODULE__") else calls.resolved(where or module)
    full = f"{owner}.{name}/{count}"
    return calls.local.get(full, f"{name}/{count}" if where is None else full)
