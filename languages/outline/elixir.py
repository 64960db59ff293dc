"""Definitions of Elixir, from the nodes of tree-sitter-elixir."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from languages.definitions import Definition, DefinitionKind, one_line
from languages.outline import elixir_nodes as nodes
from languages.tree import SyntaxTree

_MODULES: dict[str, DefinitionKind] = {
    "defmodule": "module",
    "defprotocol": "protocol",
    "defimpl": "implementation",
}
_FUNCTIONS: dict[str, DefinitionKind] = {
    "def": "function",
    "defp": "function",
    "defdelegate": "function",
    "defmacro": "macro",
    "defmacrop": "macro",
    "defguard": "guard",
    "defguardp": "guard",
}
_STRUCTS: dict[str, DefinitionKind] = {"defstruct": "struct", "defexception": "exception"}
_TYPES: dict[str, DefinitionKind] = {
    "type": "type",
    "typep": "type",
    "opaque": "type",
    "callback": "callback",
    "macrocallback": "callback",
}
_PRIVATE = frozenset({"defp", "defmacrop", "defguardp", "typep"})
#: Attributes that Elixir itself reads; any other is a constant of the module.
_RESERVED = frozenset({
    "after_compile", "after_verify", "before_compile", "behaviour", "compile", "deprecated", "derive", "dialyzer",
    "doc", "enforce_keys", "external_resource", "fallback_to_any", "file", "impl", "moduledoc", "nifs", "on_definition",
    "on_load", "optional_callbacks", "since", "spec", "tag", "moduletag", "describetag", "typedoc", "vsn",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a node stands: its module, the `describe` it is in, and the doc above it."""

    module: str | None = None
    describe: str | None = None
    doc: str | None = None


def definitions(tree: SyntaxTree) -> list[Definition]:
    """Modules, protocols, implementations, functions and macros by clause, types, callbacks, structs, tests."""
    found: list[Definition] = []
    stack = _inside(tree, tree.root, _Place())
    while stack:
        node, place = stack.pop()
        definition = _definition(tree, node, place)
        block = nodes.do_block(node)
        if definition is None:
            name = nodes.call_name(tree, node)
            if block is not None or node.type in ("ERROR", "else_block"):
                describe = _string(tree, node) if name == "describe" else place.describe
                stack.extend(_inside(tree, block or node, _Place(place.module, describe)))
            continue
        found.append(definition)
        if definition.kind in ("module", "protocol", "implementation") and block is not None:
            stack.extend(_inside(tree, block, _Place(definition.qualified_name)))
    return found


def _inside(tree: SyntaxTree, parent: Node, place: _Place) -> list[tuple[Node, _Place]]:
    """The children of a block, last first, each with the `@doc` or `@typedoc` above it."""
    found: list[tuple[Node, _Place]] = []
    doc: str | None = None
    for child in parent.named_children:
        attribute = nodes.attribute(tree, child)
        if attribute is not None and attribute[0] in ("doc", "typedoc"):
            doc = nodes.doc_text(tree, attribute[1])
            continue
        found.append((child, _Place(place.module, place.describe, doc)))
        opened = _opened(tree, child) if parent.has_error else None
        if opened is not None:
            place = _Place(opened if place.module is None else f"{place.module}.{opened}", place.describe)
        if attribute is None or attribute[0] in _TYPES:
            doc = doc if child.type == "comment" else None
    return found[::-1]


def _opened(tree: SyntaxTree, node: Node) -> str | None:
    """The module that a `defmodule` without its `end` opens: what follows in the broken part is in it."""
    broken = nodes.call_name(tree, node) in _MODULES and nodes.do_block(node) is None
    named = nodes.arguments(node)[:1] if broken else []
    return tree.text_of(named[0]) if named else None


def _definition(tree: SyntaxTree, node: Node, place: _Place) -> Definition | None:
    attribute = nodes.attribute(tree, node)
    if attribute is not None:
        return _from_attribute(tree, node, *attribute, place)
    keyword = nodes.call_name(tree, node)
    given = nodes.arguments(node)
    if keyword in _STRUCTS and place.module is not None:
        return _simple(tree, node, node, "__struct__", _STRUCTS[keyword], place)
    if keyword is None or not given:
        return None
    if keyword in _MODULES:
        return _module(tree, node, keyword, given[0], place)
    if keyword in _FUNCTIONS:
        return _function(tree, node, keyword, given[0], place)
    if keyword in ("test", "property") and given[0].type == "string" and nodes.do_block(node) is not None:
        name = " ".join(filter(None, [place.describe, _string(tree, node)]))
        return _simple(tree, node, given[0], name, "test", place, body=nodes.do_block(node))
    return None


def _module(tree: SyntaxTree, node: Node, keyword: str, named: Node, place: _Place) -> Definition:
    name, container = tree.text_of(named), place.module
    if keyword == "defimpl":
        target = nodes.keyword(tree, node, "for")
        name = f"{name}.{place.module if target is None else tree.text_of(target)}"
        container = None
    block = nodes.do_block(node)
    docs = [nodes.attribute(tree, child) for child in block.named_children] if block is not None else []
    doc = next((nodes.doc_text(tree, call) for key, call in filter(None, docs) if key == "moduledoc"), None)
    simple = _Place(container, None, doc)
    return _simple(tree, node, named, name, _MODULES[keyword], simple, body=block, head=named)


def _function(tree: SyntaxTree, node: Node, keyword: str, head: Node, place: _Place) -> Definition | None:
    inner, _ = nodes.head_and_guard(head)
    named = nodes.name_and_parameters(tree, inner)
    if named is None:
        return None
    name, parameters = named
    text = tree.source[node.start_byte : head.end_byte].decode("utf-8", "replace")
    body = nodes.do_block(node) or next((one for one in nodes.arguments(node) if one.type == "keywords"), None)
    return Definition(
        name=tree.text_of(name),
        kind=_FUNCTIONS[keyword],
        range=tree.range_of(node),
        name_range=tree.range_of(name),
        signature=one_line(text),
        docstring=place.doc,
        container=place.module,
        arity=len(parameters),
        least_arity=sum(not nodes.has_default(one) for one in parameters),
        private=keyword in _PRIVATE,
        head=head,
        body=body,
    )


def _from_attribute(tree: SyntaxTree, node: Node, key: str, call: Node, place: _Place) -> Definition | None:
    given = nodes.arguments(call)
    if key in _RESERVED or not given or place.module is None:
        return None
    if key not in _TYPES:
        target = call.child_by_field_name("target") or call
        return _simple(tree, node, target, key, "constant", place)
    head, _ = nodes.head_and_guard(given[0])
    left = head.child_by_field_name("left") if nodes.operator(head) == "::" else head
    named = None if left is None else nodes.name_and_parameters(tree, left)
    if named is None:
        return None
    count = len(named[1])
    return _simple(
        tree, node, named[0], tree.text_of(named[0]), _TYPES[key], place, arity=count, private=key in _PRIVATE
    )


def _simple(
    tree: SyntaxTree,
    node: Node,
    named: Node,
    name: str,
    kind: DefinitionKind,
    place: _Place,
    *,
    arity: int | None = None,
    private: bool = False,
    body: Node | None = None,
    head: Node | None = None,
) -> Definition:
    head_end = node.end_byte if body is None else body.start_byte
    return Definition(
        name=name,
        kind=kind,
        range=tree.range_of(node),
        name_range=tree.range_of(named),
        signature=one_line(tree.source[node.start_byte : head_end].decode("utf-8", "replace")),
        docstring=place.doc,
        container=place.module,
        arity=arity,
        least_arity=arity,
        private=private,
        head=head or node,
        body=body,
    )


def _string(tree: SyntaxTree, node: Node) -> str | None:
    literals: Iterator[Node] = (one for one in nodes.arguments(node) if one.type == "string")
    first = next(literals, None)
    return None if first is None else tree.text_of(first).strip('"')
