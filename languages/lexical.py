"""What a file is made of below its meaning: comments, strings, and the tokens of each line.

Completion asks whether the cursor is in a comment; masks and mutations leave strings alone; labels go to lines. It does
not know which tokens a model sees, only those of the grammar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node, Query, QueryCursor

from languages.finding import Position, Range
from languages.registry import language_of_grammar
from languages.syntax import grammar_named
from languages.tree import SyntaxTree


@dataclass(frozen=True, slots=True)
class Token:
    """A leaf of the tree: its node type, which is the token itself for punctuation and keywords, and its place."""

    kind: str
    range: Range


def comment_ranges(tree: SyntaxTree) -> list[Range]:
    """Where the comments are, in order of place."""
    return [tree.range_of(node) for node in _outermost(_found(tree, "(comment) @found"))]


def string_ranges(tree: SyntaxTree) -> list[Range]:
    """Where the strings are, quotes and interpolations included; a string inside another is part of it."""
    return [tree.range_of(node) for node in _outermost(_found(tree, language_of_grammar(tree.grammar).string_query))]


def contains(ranges: Iterable[Range], position: Position) -> bool:
    """Whether `position` is inside one of `ranges`: behind its first and before its last character's end."""
    return any(span.start < position < span.end for span in ranges)


def line_tokens(tree: SyntaxTree) -> list[list[Token]]:
    """The tokens of each line of the text; a token of many lines is on each of them."""
    lines: list[list[Token]] = [[] for _ in range(len(tree.lines))]
    for node in _leaves(tree.root):
        if node.start_byte == node.end_byte:
            continue
        token = Token(node.type, tree.range_of(node))
        ends_before = token.range.end.character == 0 and token.range.end.line > token.range.start.line
        for line in range(token.range.start.line, token.range.end.line + (0 if ends_before else 1)):
            lines[line].append(token)
    return lines


def _leaves(root: Node) -> Iterable[Node]:
    """The nodes without children; the walk is the cursor's, so that depth costs no stack."""
    cursor = root.walk()
    while True:
        if cursor.goto_first_child():
            continue
        if cursor.node is not None:
            yield cursor.node
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _found(tree: SyntaxTree, query: str) -> list[Node]:
    return QueryCursor(Query(grammar_named(tree.grammar), query)).captures(tree.root).get("found", [])


def _outermost(nodes: list[Node]) -> Iterable[Node]:
    end = -1
    for node in sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte)):
        if node.start_byte >= end:
            yield node
            end = node.end_byte
