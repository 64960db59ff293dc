"""Definitions and imports of Go, from the nodes of tree-sitter-go."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.definitions import Definition, DefinitionKind, one_line
from languages.imports import Import
from languages.tree import SyntaxTree

_GROUPS = ("type_declaration", "const_declaration", "var_declaration", "var_spec_list", "ERROR")
_SPECS: dict[str, DefinitionKind] = {
    "type_spec": "type",
    "type_alias": "type",
    "const_spec": "constant",
    "var_spec": "variable",
}
_TYPES: dict[str, DefinitionKind] = {"struct_type": "struct", "interface_type": "interface"}


def definitions(tree: SyntaxTree) -> list[Definition]:
    """The package, and everything at its top level; the fields of structs and the methods of interfaces."""
    found: list[Definition] = []
    for node, doc in _declarations(tree):
        if node.type == "package_clause":
            found.extend(_simple(tree, node, name, "module", doc) for name in node.named_children[:1])
        elif node.type in ("function_declaration", "method_declaration"):
            found.extend(_function(tree, node, doc))
        else:
            found.extend(_from_spec(tree, node, doc))
    return found


def imports(tree: SyntaxTree) -> list[Import]:
    """One import for each path."""
    found = []
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node.type == "import_spec":
            path, alias = node.child_by_field_name("path"), node.child_by_field_name("name")
            if path is not None:
                module = tree.text_of(path).strip('"`')
                known_as = None if alias is None else tree.text_of(alias)
                found.append(Import(module=module, kind="import", range=tree.range_of(node), alias=known_as))
        elif node.type in ("source_file", "import_declaration", "import_spec_list", "ERROR"):
            stack.extend(reversed(node.named_children))
    return found


def receiver_type(tree: SyntaxTree, method: Node) -> str | None:
    """The name of the type that `method` belongs to, without pointer and type parameters."""
    receiver = method.child_by_field_name("receiver")
    stack = list(receiver.named_children) if receiver is not None else []
    while stack:
        node = stack.pop(0)
        if node.type == "type_identifier":
            return tree.text_of(node)
        kind = node.child_by_field_name("type")
        stack.extend([kind] if kind is not None else node.named_children)
    return None


def arity(parameters: Node | None) -> int:
    """How many parameters a list has: `a, b int` are two."""
    if parameters is None:
        return 0
    declared = [child for child in parameters.named_children if child.type.endswith("parameter_declaration")]
    return sum(max(1, len(child.children_by_field_name("name"))) for child in declared)


def _declarations(tree: SyntaxTree) -> Iterator[tuple[Node, str | None]]:
    """Top-level declarations and the specs in groups, each with the comment above it."""
    stack: list[tuple[Node, str | None]] = list(reversed(list(_documented(tree, tree.root))))
    while stack:
        node, doc = stack.pop()
        if node.type in _GROUPS:
            inner = list(_documented(tree, node))
            alone = len([one for one, _ in inner if one.type in _SPECS]) == 1
            stack.extend((child, own or (doc if alone else None)) for child, own in reversed(inner))
        else:
            yield node, doc


def _documented(tree: SyntaxTree, parent: Node) -> Iterator[tuple[Node, str | None]]:
    """The children of `parent` that are not comments, each with the comment that ends on the line above."""
    comments: list[Node] = []
    row = -1
    for child in parent.named_children:
        if child.type == "comment":
            if child.start_point.row == row:
                continue
            if comments and comments[-1].end_point.row + 1 != child.start_point.row:
                comments = []
            comments.append(child)
            continue
        near = bool(comments) and comments[-1].end_point.row + 1 == child.start_point.row
        yield child, _comment_text(tree, comments) if near else None
        comments, row = [], child.end_point.row


def _comment_text(tree: SyntaxTree, comments: list[Node]) -> str | None:
    lines = []
    for comment in comments:
        text = tree.text_of(comment).rstrip("\r")
        if text.startswith("/*"):
            lines.extend(text[2:].removesuffix("*/").strip().splitlines())
        elif not text.startswith("//go:"):
            lines.append(text[2:].removeprefix(" "))
    return "\n".join(lines).strip() or None


def _function(tree: SyntaxTree, node: Node, doc: str | None) -> Iterator[Definition]:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return
    kind: DefinitionKind = "method" if node.type == "method_declaration" else "function"
    if (
        kind == "function"
        and tree.text_of(name).startswith(("Test", "Fuzz", "Benchmark"))
        and _takes_testing(tree, node)
    ):
        kind = "test"
    head_end = body.start_byte if body is not None else node.end_byte
    signature = one_line(tree.source[node.start_byte : head_end].decode("utf-8", "replace"))
    container = receiver_type(tree, node) if kind == "method" else None
    yield _simple(tree, node, name, kind, doc, signature=signature, container=container, body=body)


def _takes_testing(tree: SyntaxTree, function: Node) -> bool:
    parameters = function.child_by_field_name("parameters")
    return parameters is not None and "*testing." in tree.text_of(parameters)


def _from_spec(tree: SyntaxTree, node: Node, doc: str | None) -> Iterator[Definition]:
    if node.type not in _SPECS:
        return
    kind, body = _SPECS[node.type], node.child_by_field_name("type")
    if kind == "type" and body is not None:
        kind = _TYPES.get(body.type, kind)
    for name in node.children_by_field_name("name"):
        if name.is_named:
            prefix = "" if node.type not in ("type_spec", "type_alias") else "type "
            head = one_line(prefix + tree.text_of(node).split("{")[0])
            yield _simple(tree, node, name, kind, doc, signature=head, body=body)
            yield from _members(tree, tree.text_of(name), body)


def _members(tree: SyntaxTree, owner: str, body: Node | None) -> Iterator[Definition]:
    if body is None or body.type not in _TYPES:
        return
    lists = [child for child in body.named_children if child.type == "field_declaration_list"]
    for node, doc in _documented(tree, lists[0] if lists else body):
        kind: DefinitionKind = "callback" if node.type == "method_elem" else "field"
        for name in node.children_by_field_name("name"):
            if name.is_named:
                yield _simple(tree, node, name, kind, doc, container=owner)


def _simple(
    tree: SyntaxTree,
    node: Node,
    name: Node,
    kind: DefinitionKind,
    doc: str | None,
    *,
    signature: str | None = None,
    container: str | None = None,
    body: Node | None = None,
) -> Definition:
    text = tree.text_of(name)
    count = (
        arity(node.child_by_field_name("parameters")) if kind in ("function", "method", "callback", "test") else None
    )
    return Definition(
        name=text,
        kind=kind,
        range=tree.range_of(node),
        name_range=tree.range_of(name),
        signature=signature or one_line(tree.text_of(node)),
        docstring=doc,
        container=container,
        arity=count,
        least_arity=count,
        private=kind != "module" and not text[:1].isupper(),
        head=node,
        body=body,
    )
