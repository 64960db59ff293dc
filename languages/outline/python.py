"""Definitions and imports of Python, from the nodes of tree-sitter-python."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from languages.definitions import Definition, DefinitionKind, one_line
from languages.imports import Import
from languages.tree import SyntaxTree

#: Statements and clauses whose blocks may hold definitions of the same scope.
_SAME_SCOPE = frozenset({
    "module", "block", "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause", "finally_clause",
    "except_group_clause", "with_statement", "for_statement", "while_statement", "match_statement", "case_clause",
    "ERROR",
})  # fmt: skip
_REQUIRED = frozenset({"identifier", "typed_parameter"})
_OPTIONAL = frozenset({"default_parameter", "typed_default_parameter"})


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a statement stands: in what, and in what kind of what."""

    name: str | None
    kind: str


def definitions(tree: SyntaxTree) -> list[Definition]:
    """Classes, functions, methods, type aliases, and the variables of modules and classes."""
    found: list[Definition] = []
    stack = [(tree.root, _Scope(None, "module"))]
    while stack:
        node, scope = stack.pop()
        definition = _definition(tree, node, scope)
        if definition is None:
            if node.type in _SAME_SCOPE:
                stack.extend((child, scope) for child in reversed(node.named_children))
            continue
        found.append(definition)
        if definition.body is not None:
            kind = "class" if definition.kind in ("class", "exception") else "function"
            stack.append((definition.body, _Scope(definition.qualified_name, kind)))
    return found


def imports(tree: SyntaxTree) -> list[Import]:
    """One import for each name of each `import` and `from` statement."""
    found: list[Import] = []
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node.type in ("import_statement", "import_from_statement", "future_import_statement"):
            found.extend(_imported(tree, node))
        elif node.type in _SAME_SCOPE:
            stack.extend(reversed(node.named_children))
        elif node.type in ("function_definition", "class_definition", "decorated_definition"):
            stack.extend(child for child in reversed(node.named_children) if child.type in ("block", *_DEFINING))
    return found


_DEFINING = ("function_definition", "class_definition")


def _definition(tree: SyntaxTree, node: Node, scope: _Scope) -> Definition | None:
    inner = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
    if inner is None:
        return None
    if inner.type in _DEFINING:
        return _class_or_function(tree, node, inner, scope)
    if node.type == "type_alias_statement" and (left := node.child_by_field_name("left")) is not None:
        return _named(tree, node, left, "type", scope)
    if node.type == "expression_statement" and scope.kind != "function":
        return _variable(tree, node, scope)
    return None


def _class_or_function(tree: SyntaxTree, outer: Node, node: Node, scope: _Scope) -> Definition | None:
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name is None:
        return None
    text = tree.text_of(name)
    kind: DefinitionKind = "class"
    least = most = None
    if node.type == "function_definition":
        kind = "method" if scope.kind == "class" else "function"
        kind = "test" if text.startswith("test") and scope.kind != "function" else kind
        least, most = _arity(tree, node, outer, scope)
    head_end = body.start_byte if body is not None else node.end_byte
    return Definition(
        name=text,
        kind=kind,
        range=tree.range_of(outer),
        name_range=tree.range_of(name),
        signature=one_line(tree.source[node.start_byte : head_end].decode("utf-8", "replace")).rstrip(": "),
        docstring=None if body is None else _docstring(tree, body),
        container=scope.name,
        arity=most,
        least_arity=least,
        private=text.startswith("_") and not text.endswith("__"),
        head=node,
        body=body,
    )


def _arity(tree: SyntaxTree, node: Node, outer: Node, scope: _Scope) -> tuple[int, int]:
    """The least and the most arguments that a call gives, without the bound `self` or `cls`."""
    parameters = node.child_by_field_name("parameters")
    kinds = [child.type for child in parameters.named_children] if parameters is not None else []
    required = sum(kind in _REQUIRED for kind in kinds)
    decorators = [tree.text_of(child).split("#")[0].strip() for child in outer.children if child.type == "decorator"]
    bound = int(scope.kind == "class" and required > 0 and "@staticmethod" not in decorators)
    return required - bound, required - bound + sum(kind in _OPTIONAL for kind in kinds)


def _docstring(tree: SyntaxTree, body: Node) -> str | None:
    first = next((child for child in body.named_children if child.type != "comment"), None)
    if first is None or first.type != "expression_statement" or not first.named_children:
        return None
    literal = first.named_children[0]
    if literal.type != "string" or any(child.type == "interpolation" for child in literal.children):
        return None
    content = [tree.text_of(child) for child in literal.children if child.type == "string_content"]
    return inspect.cleandoc("".join(content))


def _variable(tree: SyntaxTree, node: Node, scope: _Scope) -> Definition | None:
    assignment = node.named_children[0] if node.named_children else None
    target = (
        assignment.child_by_field_name("left") if assignment is not None and assignment.type == "assignment" else None
    )
    if target is None or target.type != "identifier":
        return None
    text = tree.text_of(target)
    kind: DefinitionKind = "constant" if text.isupper() else "field" if scope.kind == "class" else "variable"
    return _named(tree, node, target, kind, scope)


def _named(tree: SyntaxTree, node: Node, name: Node, kind: DefinitionKind, scope: _Scope) -> Definition:
    text = tree.text_of(name)
    return Definition(
        name=text,
        kind=kind,
        range=tree.range_of(node),
        name_range=tree.range_of(name),
        signature=one_line(tree.text_of(node)),
        container=scope.name,
        private=text.startswith("_"),
        head=node,
    )


def _imported(tree: SyntaxTree, node: Node) -> Iterator[Import]:
    span = tree.range_of(node)
    future = node.type == "future_import_statement"
    origin = node.child_by_field_name("module_name")
    module = "__future__" if future else None if origin is None else tree.text_of(origin)
    names = node.children_by_field_name("name")
    names += [child for child in node.named_children if child.type == "wildcard_import"]
    for name in names:
        target, alias = name.child_by_field_name("name") or name, name.child_by_field_name("alias")
        known_as = None if alias is None else tree.text_of(alias)
        if module is None:
            yield Import(module=tree.text_of(target), kind="import", range=span, alias=known_as)
        else:
            yield Import(module=module, kind="from", range=span, name=tree.text_of(target), alias=known_as)
