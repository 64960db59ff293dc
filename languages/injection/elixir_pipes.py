"""Credo violations of pipelines: of one step, that begin with a call, several steps a line, steps without parentheses.

Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.injection.code_text import MARK, edit
from languages.injection.elixir_places import LITERALS, ElixirCode, around, credo
from languages.injection.planting import Edit
from languages.outline import elixir_nodes


def _pipes(code: ElixirCode) -> Iterator[tuple[Node, Node, Node, Node]]:
    """Each `left |> right` with its operator."""
    for node in code.of("binary_operator"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        sign = node.child_by_field_name("operator")
        if elixir_nodes.operator(node) == "|>" and left is not None and right is not None and sign is not None:
            yield node, left, sign, right


def _stands_free(node: Node) -> bool:
    """Whether `node` is a statement or the value of a variable, where an operator binds nothing else."""
    outer = node.parent
    if outer is None or outer.type in ("do_block", "else_block"):
        return outer is not None
    if outer.type == "body":
        return True
    return elixir_nodes.operator(outer) == "=" and outer.child_by_field_name("right") == node


def _one_step(code: ElixirCode) -> Iterator[Edit]:
    """`Module.f(a, b)` as `a |> Module.f(b)`."""
    for node in code.of("call"):
        given, target = elixir_nodes.arguments(node), node.child_by_field_name("target")
        if not code.dotted(node)[:1].isupper() or target is None or not given or given[0].type != "identifier":
            continue
        closed = code.shown(node).endswith(")") and elixir_nodes.do_block(node) is None
        if closed and _stands_free(node) and "\n" not in code.shown(node):
            rest = code.text[code.start(given[1]) : code.end(node)] if len(given) > 1 else ")"
            yield code.replaced(node, f"{code.shown(given[0])} {MARK}|> {code.shown(target)}({rest}")


def _call_first(code: ElixirCode) -> Iterator[Edit]:
    """`a |> f(b) |> g()` as `f(a, b) |> g()`."""
    for node, left, _, right in _pipes(code):
        outer = node.parent
        if left.type != "identifier" or outer is None or elixir_nodes.operator(outer) != "|>":
            continue
        sign, given = outer.child_by_field_name("operator"), elixir_nodes.arguments(right)
        target = right.child_by_field_name("target") if right.type == "call" else None
        if sign is None or target is None or not code.shown(right).endswith(")") or "\n" in code.shown(right):
            continue
        rest = ", " + code.text[code.start(given[0]) : code.end(right)] if given else ")"
        text = f"{code.shown(target)}({code.shown(left)}{rest}{code.between(right, sign)}{MARK}|>"
        yield edit(code.start(left), code.end(sign), text)


def _same_line(code: ElixirCode) -> Iterator[Edit]:
    """Two steps on one line."""
    for node, left, sign, _ in _pipes(code):
        outer = node.parent
        following = outer.child_by_field_name("operator") if outer is not None else None
        if following is None or outer is None or elixir_nodes.operator(outer) != "|>" or left == outer:
            continue
        gap = code.between(node, following)
        flat = sign.start_point.row == node.end_point.row and not code.spans_lines(node, *LITERALS)
        flat = flat and _line(code, sign).count("|>") == 1 == _line(code, following).count("|>")
        if flat and "\n" in gap and not gap.strip():
            yield edit(code.end(node), code.start(following), f" {MARK}")


def _line(code: ElixirCode, node: Node) -> str:
    start = code.start(node)
    return code.text[code.line_start(start) : code.line_end(start)]


def _no_parentheses(code: ElixirCode) -> Iterator[Edit]:
    """`|> f()` as `|> f`."""
    for _, _, _, right in _pipes(code):
        target = right.child_by_field_name("target") if right.type == "call" else None
        if target is not None and target.type == "identifier" and code.shown(right) == f"{code.shown(target)}()":
            yield code.replaced(right, code.shown(target))


def _into_block(code: ElixirCode) -> Iterator[Edit]:
    """`case value do` as `value |> case do`."""
    for node in code.calls("case", "if"):
        given, block = elixir_nodes.arguments(node), elixir_nodes.do_block(node)
        if block is None or len(given) != 1 or not _stands_free(node):
            continue
        if given[0].type == "identifier" or (given[0].type == "call" and elixir_nodes.do_block(given[0]) is None):
            name = code.shown(node.children[0])
            yield edit(code.start(node), code.start(block), f"{code.shown(given[0])} {MARK}|> {name} ")


def _inside_out(code: ElixirCode) -> Iterator[Edit]:
    """`a |> Module.f() |> Module.g()` as `Module.g(Module.f(a))`."""
    for node, left, _, right in _pipes(code):
        first, second = left.child_by_field_name("left"), left.child_by_field_name("right")
        outer = node.parent
        if elixir_nodes.operator(left) != "|>" or first is None or second is None or first.type != "identifier":
            continue
        if (outer is not None and elixir_nodes.operator(outer) == "|>") or _within_call(code, node):
            continue
        steps = (second, right)
        if all(code.dotted(step) and code.shown(step).endswith(")") and "\n" not in code.shown(step) for step in steps):
            inner = _with_first(code, second, code.shown(first))
            yield code.replaced(node, _with_first(code, right, inner))


def _within_call(code: ElixirCode, node: Node) -> bool:
    """Whether `node` is an argument, however deep, of a call of a module's function."""
    return any(code.dotted(outer) for outer in around(node))


def _with_first(code: ElixirCode, call: Node, value: str) -> str:
    given, target = elixir_nodes.arguments(call), call.child_by_field_name("target")
    rest = ", " + code.text[code.start(given[0]) : code.end(call)] if given else ")"
    return f"{'' if target is None else code.shown(target)}({value}{rest}"


INJECTORS = (
    credo("Readability.SinglePipe", _one_step),
    credo("Refactor.PipeChainStart", _call_first),
    credo("Readability.OnePipePerLine", _same_line),
    credo("Readability.OneArityFunctionInPipe", _no_parentheses),
    credo("Readability.BlockPipe", _into_block),
    credo("Readability.NestedFunctionCalls", _inside_out),
)
