"""How Elixir's few node types make up its many constructs: calls, attributes, heads, aliases, docs.

tree-sitter-elixir has no node for a module or a function; everything is a `call`, and a definition is a call of a name
such as `def`. Each question about such a call is answered here once.
"""

from __future__ import annotations

import inspect

from tree_sitter import Node

from languages.tree import SyntaxTree


def call_name(tree: SyntaxTree, node: Node) -> str | None:
    """The name that a local call calls (`def`, `use`, `f`); None for anything else, remote calls too."""
    target = node.child_by_field_name("target") if node.type == "call" else None
    return tree.text_of(target) if target is not None and target.type == "identifier" else None


def arguments(node: Node) -> list[Node]:
    """The arguments of a call, keywords as one node at the end, comments not."""
    return next((_visible(child) for child in node.children if child.type == "arguments"), [])


def do_block(node: Node) -> Node | None:
    """The `do ... end` of a call."""
    return next((child for child in node.children if child.type == "do_block"), None)


def keyword(tree: SyntaxTree, node: Node, name: str) -> Node | None:
    """The value of `name:` among the arguments of a call, or in a list or map of keywords."""
    for holder in [*arguments(node), *node.named_children]:
        for pair in holder.named_children if holder.type == "keywords" else ():
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key is not None and tree.text_of(key).rstrip().rstrip(":") == name:
                return value
    return None


def attribute(tree: SyntaxTree, node: Node) -> tuple[str, Node] | None:
    """The name and the call of a module attribute that is set: `@doc "..."`."""
    if node.type != "unary_operator" or node.child_count == 0 or node.children[0].type != "@":
        return None
    operand = node.child_by_field_name("operand")
    name = None if operand is None else call_name(tree, operand)
    return None if operand is None or name is None else (name, operand)


def head_and_guard(node: Node) -> tuple[Node, Node | None]:
    """What is before and behind `when`."""
    if operator(node) == "when":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None:
            return left, right
    return node, None


def operator(node: Node) -> str | None:
    """The operator of a binary operator node."""
    found = node.child_by_field_name("operator") if node.type == "binary_operator" else None
    return None if found is None else found.type


def name_and_parameters(tree: SyntaxTree, head: Node) -> tuple[Node, list[Node]] | None:
    """The node of the name in a definition's head, and its parameters; operators are names too."""
    if head.type == "identifier":
        return head, []
    if head.type == "call":
        target = head.child_by_field_name("target")
        return None if target is None or target.type != "identifier" else (target, arguments(head))
    if head.type in ("binary_operator", "unary_operator"):
        symbol = head.child_by_field_name("operator") or (head.children[0] if head.children else None)
        return None if symbol is None else (symbol, [child for child in head.named_children if child != symbol])
    return None


def has_default(parameter: Node) -> bool:
    """Whether it is `parameter \\\\ default`."""
    return operator(parameter) == "\\\\"


def doc_text(tree: SyntaxTree, call: Node) -> str | None:
    """The text in `@doc "..."`, heredocs and sigils too; None for `@doc false`."""
    literal = next(iter(arguments(call)), None)
    if literal is None or literal.type not in ("string", "sigil"):
        return None
    content = [tree.text_of(child) for child in literal.named_children if child.type == "quoted_content"]
    return inspect.cleandoc("".join(content).strip("\r\n")).strip() if content else None


def _visible(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]
