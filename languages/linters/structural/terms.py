"""Elixir code as terms: what Elixir's own quoted form says, with the place of every part.

Calls with and without parentheses, `do` blocks and `do:` keywords become the same term, so a rule is written once. It
is built from a tree-sitter tree and keeps what it can of broken code. It knows no rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import cache

from tree_sitter import Node, Query, QueryCursor

from languages.linters.structural.term import Term
from languages.syntax import grammar_named, parse

#: Code nested deeper than this is not looked into; people do not write it.
MAX_DEPTH = 150
BLOCK_NAMES = frozenset({"do", "else", "rescue", "catch", "after"})
_LITERALS = {
    "integer": "number", "float": "number", "char": "number", "atom": "atom", "boolean": "atom", "nil": "atom",
    "alias": "alias", "identifier": "name", "operator_identifier": "name",
}  # fmt: skip
_QUOTED = {"string": "string", "charlist": "charlist", "sigil": "sigil", "quoted_atom": "quoted_atom"}
_BRACKETS = {
    "list": "list", "tuple": "tuple", "bitstring": "bitstring", "map_content": "map", "arguments": "block",
    "access_call": "access", "keywords": "keywords", "anonymous_function": "fn",
}  # fmt: skip


class ElixirFile:
    """One parsed file: its terms in order, an index by name, its comments, and the places of its strings."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.source = text.encode("utf-8", "replace")
        self.lines = text.split("\n")
        self.literals: list[Term] = []
        self.tree = parse("elixir", self.source).root_node
        self.comments = [
            (node.start_point.row, node.start_point.column, self._text(node)) for node in _comments(self.tree)
        ]
        self.root = self._convert(self.tree, 0)
        self.terms: list[Term] = []
        self.calls: dict[str, list[Term]] = defaultdict(list)
        self.kinds: dict[str, list[Term]] = defaultdict(list)
        self._index()

    def _index(self) -> None:
        """Fill `terms`, `calls` and `kinds`, outer terms first, and tell every term its parent."""
        stack = [self.root]
        while stack:
            term = stack.pop()
            self.terms.append(term)
            self.kinds[term.kind].append(term)
            if term.kind == "call":
                self.calls[term.name].append(term)
            inner = term.children()
            for child in inner:
                child.parent = term
            stack.extend(reversed(inner))

    def shown(self, term: Term) -> str:
        """The text of `term`."""
        return self.source[term.start : term.end].decode("utf-8", "replace")

    def _text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def in_literal(self, line: int) -> bool:
        """Whether the 0-based `line` begins inside a string, heredoc or sigil of several lines."""
        return any(literal.line < line <= literal.end_line for literal in self.literals)

    def _convert(self, node: Node, depth: int) -> Term:
        kind = node.type
        if depth > MAX_DEPTH:
            return _term("unknown", "", node)
        literal = _LITERALS.get(kind)
        if literal is not None:
            return _term(literal, self._text(node), node)
        builder = _BUILDERS.get(kind)
        if builder is not None:
            return builder(self, node, depth)
        if kind in _QUOTED:
            return self._quoted(node, depth)
        return self._group(_BRACKETS.get(kind, "block" if kind in _SEQUENCES else "unknown"), node, depth)

    def _group(self, kind: str, node: Node, depth: int) -> Term:
        term = _term(kind, "", node)
        term.args = self._all(node.named_children, depth)
        return term

    def _all(self, nodes: list[Node], depth: int) -> list[Term]:
        return [self._convert(node, depth + 1) for node in nodes if node.type != "comment"]

    def _call(self, node: Node, depth: int) -> Term:
        term = _term("call", "", node)
        for child in node.named_children:
            kind = child.type
            if kind == "arguments":
                term.args.extend(self._all(child.named_children, depth))
                term.parens = _opens(child)
            elif kind == "do_block":
                self._do_block(child, term, depth)
            elif kind != "comment":
                self._callee(child, term, depth)
        self._inline_blocks(term)
        return term

    def _callee(self, node: Node, term: Term, depth: int) -> None:
        if node.type == "identifier":
            term.name = self._text(node)
            return
        if node.type != "dot":
            term.target, term.name = self._convert(node, depth + 1), "()"
            return
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        term.target = None if left is None else self._convert(left, depth + 1)
        term.name = "." if right is None else self._text(right)
        if right is not None:
            term.line, term.column = right.start_point

    def _do_block(self, node: Node, term: Term, depth: int) -> None:
        body = _term("block", "do", node)
        for child in node.named_children:
            name = child.type.removesuffix("_block")
            if name in BLOCK_NAMES and child.type != name:
                term.blocks[name] = self._group("block", child, depth)
            else:
                body.args.extend(self._all([child], depth))
        term.blocks = {"do": body, **term.blocks}

    def _inline_blocks(self, term: Term) -> None:
        """Move `do:` and its like from the last keywords to the blocks."""
        last = term.args[-1] if term.args else None
        if last is None or last.kind != "keywords" or not any(pair.name in BLOCK_NAMES for pair in last.args):
            return
        for pair in [pair for pair in last.args if pair.name in BLOCK_NAMES and pair.args]:
            body = pair.args[0]
            if body.kind != "block":
                body = Term("block", "do", body.line, body.column, body.end_line, body.start, body.end, [body])
            term.blocks[pair.name] = body
            last.args.remove(pair)
        term.inline = True
        if not last.args:
            term.args.pop()

    def _dot(self, node: Node, depth: int) -> Term:
        """`Foo.{A, B}` as a call named "{}", `__MODULE__.Foo` as an alias."""
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if right is not None and right.type == "alias":
            return _term("alias", self._text(node), node)
        term = _term("call", "{}" if right is not None and right.type == "tuple" else ".", node)
        term.target = None if left is None else self._convert(left, depth + 1)
        if right is not None:
            term.args = self._all(right.named_children, depth)
        return term

    def _operator(self, node: Node, depth: int) -> Term:
        """`a or b or c` leans left as deep as it is long, so the left side is followed in a loop."""
        chain = [node]
        while (left := chain[-1].child_by_field_name("left")) is not None and left.type == "binary_operator":
            chain.append(left)
        inner: Term | None = None
        for link in reversed(chain):
            operator, left = link.child_by_field_name("operator"), link.child_by_field_name("left")
            term = _term("call", "" if operator is None else " ".join(self._text(operator).split()), link)
            if operator is not None:
                term.line, term.column = operator.start_point
            skipped = [operator] if inner is None else [operator, left]
            rest = self._all([child for child in link.named_children if child not in skipped], depth)
            term.args = rest if inner is None else [inner, *rest]
            inner = term
        return term

    def _pair(self, node: Node, depth: int) -> Term:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        term = _term("pair", "" if key is None else self._text(key).strip().removesuffix(":"), node)
        if value is not None:
            term.args = [self._convert(value, depth + 1)]
        return term

    def _clause(self, node: Node, depth: int) -> Term:
        term = _term("clause", "->", node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None:
            patterns = self._convert(left, depth + 1)
            term.args = patterns.args if left.type == "arguments" else [patterns]
        if right is not None:
            term.blocks["do"] = self._convert(right, depth + 1)
        return term

    def _quoted(self, node: Node, depth: int) -> Term:
        term = _term(_QUOTED[node.type], "", node)
        texts = []
        for child in node.named_children:
            if child.type == "interpolation":
                term.args.extend(self._all(child.named_children, depth))
            elif child.type == "quoted_content":
                texts.append(self._text(child))
            elif child.type == "sigil_name":
                term.parens = self._text(child).isupper()
        term.name = "".join(texts)
        self.literals.append(term)
        return term

    def _map(self, node: Node, depth: int) -> Term:
        """`%{}` and `%Name{}`; a struct's name is its target."""
        term = _term("map", "", node)
        for child in node.named_children:
            if child.type == "struct":
                term.kind = "struct"
                named = self._all(child.named_children, depth)
                term.target = named[0] if named else None
            else:
                term.args.extend(self._all(child.named_children if child.type == "map_content" else [child], depth))
        return term


def _comments(root: Node) -> list[Node]:
    """Every comment, wherever the grammar lets one stand, in order of place."""
    found = QueryCursor(_comment_query()).captures(root).get("found", [])
    return sorted(found, key=lambda node: node.start_byte)


@cache
def _comment_query() -> Query:
    return Query(grammar_named("elixir"), "(comment) @found")


_SEQUENCES = frozenset({"source", "block", "body"})
_BUILDERS: dict[str, Callable[[ElixirFile, Node, int], Term]] = {
    "call": ElixirFile._call, "dot": ElixirFile._dot, "binary_operator": ElixirFile._operator,
    "unary_operator": ElixirFile._operator, "pair": ElixirFile._pair, "stab_clause": ElixirFile._clause,
    "map": ElixirFile._map,
}  # fmt: skip


def _term(kind: str, name: str, node: Node) -> Term:
    row, column = node.start_point
    return Term(kind, name, row, column, node.end_point.row, node.start_byte, node.end_byte)


def _opens(arguments: Node) -> bool:
    first = arguments.child(0)
    return first is not None and first.type == "("
