"""Where a file does not parse, by tree-sitter.

A tree-sitter tree of broken code holds `MISSING` nodes (a token that would repair it) and `ERROR` nodes (what fits
nowhere). Both are put into words here: an opener that is never closed, a token that is missing, a token that is
unexpected. A compiler's own message is better where there is one; this one is there for every language, at once,
without a tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser, Tree

from languages.finding import Finding, Position, Range
from languages.positions import TextLines

GrammarName = Literal["elixir", "go", "python"]

#: Findings a file: behind the first few errors, the rest is the parser's confusion.
MAX_FINDINGS = 20

#: Closing tokens of the three grammars, and what each one closes.
_CLOSERS = {
    ")": "(", "]": "[", "}": "{", "end": "do", ">>": "<<",
    "string_end": "string_start", '"""': '"""', "'''": "'''", '"': '"', "'": "'", "`": "`",
}  # fmt: skip
_OPENERS = {*_CLOSERS.values(), "fn", "#{"}


def parse(grammar: GrammarName, source: bytes) -> Tree:
    """The syntax tree of `source` (UTF-8). Never fails: broken code gives a tree with error nodes."""
    return Parser(_grammar(grammar)).parse(source)


def syntax_findings(grammar: GrammarName, path: str, text: str) -> list[Finding]:
    """Where `text` does not parse: at most `MAX_FINDINGS` findings, at most one a line, in order of place."""
    source = text.encode("utf-8", "replace")
    root = parse(grammar, source).root_node
    if not root.has_error:
        return []
    lines = TextLines(text)
    problems = _first_of_each_line(_problem(node, opener, lines, source) for node, opener in _broken_nodes(root))
    return [_finding(path, span, message) for span, message in problems]


def grammar_named(name: GrammarName) -> Grammar:
    """The tree-sitter grammar itself, for queries and for parsing again after an edit."""
    return _grammar(name)


@cache
def _grammar(name: GrammarName) -> Grammar:
    if name == "elixir":
        import tree_sitter_elixir

        return Grammar(tree_sitter_elixir.language())
    if name == "go":
        import tree_sitter_go

        return Grammar(tree_sitter_go.language())
    import tree_sitter_python

    return Grammar(tree_sitter_python.language())


def _broken_nodes(root: Node) -> Iterator[tuple[Node, Node | None]]:
    """The nodes to report, in order of place, each with the bracket that explains it, if one does.

    An `ERROR` with an unbalanced bracket is reported by that bracket; one that holds smaller errors, by those.
    """
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing:
            yield node, None
            continue
        children = node.children
        if node.is_error:
            bracket = _unbalanced(children)
            if bracket is not None:
                yield node, bracket
                continue
        broken = [child for child in children if child.has_error or child.is_missing or child.is_error]
        if node.is_error and not broken:
            yield node, None
        stack.extend(reversed(broken))


def _unbalanced(tokens: Iterable[Node]) -> Node | None:
    """The bracket among siblings that has no partner: the first lone closer, else the innermost lone opener."""
    opened: list[Node] = []
    for token in tokens:
        kind = token.type
        if opened and kind in _CLOSERS and _closes(opened[-1].type, kind):
            opened.pop()
        elif kind in _OPENERS:
            opened.append(token)
        elif kind in _CLOSERS:
            return token
    return opened[-1] if opened else None


def _closes(opener: str, closer: str) -> bool:
    if opener == "fn":
        return closer == "end"
    if opener == "#{":
        return closer == "}"
    return _CLOSERS[closer] == opener


def _problem(node: Node, bracket: Node | None, lines: TextLines, source: bytes) -> tuple[Range, str]:
    if bracket is not None:
        return _span(bracket, lines), _bracket_message(bracket, source)
    if node.is_missing:
        return _missing(node, lines, source)
    verb = "unexpected" if node.child_count <= 1 else "this does not parse:"
    return _span(node, lines), f"{verb} `{_shown(node, source)}`"


def _bracket_message(bracket: Node, source: bytes) -> str:
    shown = _shown(bracket, source)
    if bracket.type in _CLOSERS and bracket.type not in _OPENERS:
        return f"unexpected `{shown}`: nothing is open that it could close"
    return f"`{shown}` is never closed"


def _missing(node: Node, lines: TextLines, source: bytes) -> tuple[Range, str]:
    """The last visible character before the gap, and what belongs after it."""
    end = len(source[: node.start_byte].rstrip())
    after = lines.at_byte(end)
    span = Range(Position(after.line, max(0, after.character - 1)), after)
    what = node.type.replace("_", " ") if node.is_named else f"`{node.type}`"
    opener = _opener_before(node)
    if opener is None:
        return span, f"missing {what}"
    return span, f"missing {what}: `{_shown(opener, source)}` on line {opener.start_point.row + 1} is never closed"


def _opener_before(missing: Node) -> Node | None:
    """The bracket that a missing closer belongs to."""
    if missing.type not in _CLOSERS or missing.parent is None:
        return None
    siblings = [child for child in missing.parent.children if child.end_byte <= missing.start_byte]
    return next((child for child in siblings if _closes(child.type, missing.type)), None)


def _span(node: Node, lines: TextLines) -> Range:
    """The node's range, but no further than the end of its first line."""
    start = lines.at_byte(node.start_byte)
    end = lines.at_byte(node.end_byte)
    if end.line > start.line:
        end = lines.at_character(start.line, len(lines.content(start.line)))
    return Range(start, end)


def _shown(node: Node, source: bytes) -> str:
    """The beginning of the node's text, fit for a message of one line."""
    text = source[node.start_byte : min(node.end_byte, node.start_byte + 200)].decode("utf-8", "ignore")
    first_line = text.strip().split("\n", 1)[0].rstrip()
    visible = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in first_line)
    return visible if len(visible) <= 40 else visible[:39] + "…"


def _first_of_each_line(problems: Iterable[tuple[Range, str]]) -> list[tuple[Range, str]]:
    kept: dict[int, tuple[Range, str]] = {}
    for span, message in problems:
        kept.setdefault(span.start.line, (span, message))
        if len(kept) == MAX_FINDINGS:
            break
    return [kept[line] for line in sorted(kept)]


def _finding(path: str, span: Range, message: str) -> Finding:
    return Finding(
        path=path,
        range=span,
        check="syntax-error",
        category="syntax",
        severity="error",
        message=message,
        source="tree-sitter",
    )
