"""Credo violations of branches: `if`, `unless`, `cond`, `case`, `with`, `try` written the roundabout way.

Existing branches are turned around with their code kept as it stands, so the program means the same or nearly so.
Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from languages.injection.code_text import MARK, edit
from languages.injection.elixir_places import (
    LITERALS,
    Clause,
    ElixirCode,
    ElixirFinder,
    around,
    branch,
    credo,
    inserted,
    statements,
    together,
)
from languages.injection.planting import Edit
from languages.outline import elixir_nodes


@dataclass(frozen=True, slots=True)
class _If:
    """`if condition do yes else no end`; `no` is None without `else`. The two are text with its line ends."""

    node: Node
    keyword: Node
    condition: Node
    block: Node
    yes: str
    no: str | None


def _ifs(code: ElixirCode) -> Iterator[_If]:
    """The `if`s with a `do` block whose lines can be moved."""
    for node in code.calls("if"):
        given, block, keyword = elixir_nodes.arguments(node), elixir_nodes.do_block(node), node.children[0]
        if block is None or len(given) != 1 or not statements(block) or not code.begins_line(block.children[-1]):
            continue
        other, do, end = branch(block, "else"), block.children[0], block.children[-1]
        yes = code.between(do, end if other is None else other)
        no = None if other is None else code.between(other.children[0], end)
        if no is None or statements(branch(block, "else") or block):
            yield _If(node, keyword, given[0], block, yes, no)


def _turned(make: Callable[[ElixirCode, _If], str | None]) -> ElixirFinder:
    """Each `if` written as `make` says, None for not at all."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for found in _ifs(code):
            text = make(code, found)
            if text is not None:
                yield code.replaced(found.node, text)

    return find


def _negated(code: ElixirCode, condition: Node) -> str:
    simple = condition.type in ("identifier", "call", "boolean", "nil", "access_call")
    shown = code.shown(condition)
    return f"!{shown}" if simple and "\n" not in shown and not shown.endswith("end") else f"!({shown})"


def _unless_else(code: ElixirCode, found: _If) -> str | None:
    return None if found.no is None else f"unless {code.shown(found.condition)} do{found.no}else{found.yes}end"


def _negated_else(code: ElixirCode, found: _If) -> str | None:
    if found.no is None or found.condition.type == "unary_operator":
        return None
    return f"if {_negated(code, found.condition)} do{found.no}else{found.yes}end"


def _negated_unless(code: ElixirCode, found: _If) -> str | None:
    if found.no is not None or found.condition.type == "unary_operator":
        return None
    return f"unless {_negated(code, found.condition)} do{found.yes}end"


def _in_parentheses(code: ElixirCode, found: _If) -> str | None:
    rest = "" if found.no is None else f"else{found.no}"
    return None if found.condition.type == "block" else f"if ({code.shown(found.condition)}) do{found.yes}{rest}end"


def _called(code: ElixirCode, found: _If) -> str | None:
    rest = "" if found.no is None else f"else{found.no}"
    return f"if({code.shown(found.condition)}) do{found.yes}{rest}end"


def _twice_negated(code: ElixirCode, found: _If) -> str | None:
    if found.condition.type not in ("identifier", "call"):
        return None
    rest = "" if found.no is None else f"else{found.no}"
    return f"if !{_negated(code, found.condition)} do{found.yes}{rest}end"


def _matched(code: ElixirCode, found: _If) -> str | None:
    if found.condition.type != "call" or elixir_nodes.do_block(found.condition) is not None:
        return None
    rest = "" if found.no is None else f"else{found.no}"
    shown = code.shown(found.condition)
    return f"if (result = {shown}) && result != :error do{found.yes}{rest}end" if "\n" not in shown else None


def _same_twice(code: ElixirCode, found: _If) -> str | None:
    if found.condition.type not in ("identifier", "call") or "\n" in code.shown(found.condition):
        return None
    rest, shown = "" if found.no is None else f"else{found.no}", code.shown(found.condition)
    return f"if {shown} && {shown} do{found.yes}{rest}end"


def _clauses(head: str, first: str, second: str) -> Callable[[ElixirCode, _If], str | None]:
    """The two branches as the clauses `first` and `second` of `head`; `{}` there is the condition."""

    def make(code: ElixirCode, found: _If) -> str | None:
        condition = code.shown(found.condition)
        if "\n" in condition or code.spans_lines(found.block, *LITERALS, "comment"):
            return None
        base, newline = code.indentation(found.node), code.newline
        no = f"{newline}{base}{code.unit}nil{newline}{base}" if found.no is None else found.no
        rows = [head.format(condition) + " do", f"{base}{code.unit}{first.format(condition)} ->"]
        rows += [_deeper(code, found.yes), "", f"{base}{code.unit}{second} ->", _deeper(code, no), f"{base}end"]
        return newline.join(rows)

    return make


def _deeper(code: ElixirCode, body: str) -> str:
    """The lines of a branch, one level deeper, without the line ends around them."""
    lines = body.replace("\r\n", "\n").rstrip().strip("\n").split("\n")
    return code.newline.join(code.unit + line if line.strip() else "" for line in lines)


def _with_else(code: ElixirCode) -> Iterator[Edit]:
    """`case` whose first clause matches, as `with` and `else`."""
    for node in code.calls("case"):
        given, block = elixir_nodes.arguments(node), elixir_nodes.do_block(node)
        clauses = [] if block is None else [child for child in block.named_children if child.type == "stab_clause"]
        if block is None or len(given) != 1 or len(clauses) < 2 or not code.begins_line(clauses[1]):
            continue
        pattern, body = clauses[0].child_by_field_name("left"), clauses[0].child_by_field_name("right")
        if pattern is None or body is None or elixir_nodes.do_block(given[0]) is not None:
            continue
        if pattern.named_child_count != 1 or elixir_nodes.operator(pattern.named_children[0]) == "when":
            continue
        base = code.indentation(node)
        indented = f"{code.newline}{base}{code.unit}"
        lines = code.shown(body)
        if code.begins_line(body):
            lines = lines.replace(code.newline + code.unit, code.newline)
            if code.spans_lines(body, *LITERALS):
                continue
        start = f"with {code.shown(pattern)} <- {code.shown(given[0])} do{indented}{lines}{code.newline}{base}else"
        yield edit(code.start(node), code.start(clauses[1]), start + indented)


def _with_assignment(code: ElixirCode) -> Iterator[Edit]:
    """A plain assignment as the first clause of `with`."""
    for clause in code.clauses:
        variables = [name for parameter in clause.parameters for name in code.bound(parameter)]
        for node in clause.statements:
            given = elixir_nodes.arguments(node)
            if elixir_nodes.call_name(code.tree, node) != "with" or not variables or not given:
                continue
            clauses = [one for one in given if one.type != "keywords"]
            arrows = all(elixir_nodes.operator(one) == "<-" for one in (clauses or given)[:: max(1, len(clauses) - 1)])
            if arrows and elixir_nodes.do_block(node) is not None:
                gap = f",{code.newline}{code.indentation(node)}     "
                text = f"{MARK}with given = {variables[-1]}{gap}{code.shown(given[0])}"
                yield edit(code.start(node), code.end(given[0]), text)


def _plain(code: ElixirCode, clause: Clause) -> bool:
    """Whether the clause has no `rescue` or its like, and its lines can be moved."""
    only = all(branch(clause.block, name) is None for name in ("rescue", "catch", "after", "else"))
    return only and code.begins_line(clause.block.children[-1]) and code.begins_line(clause.statements[0])


def _explicit_try(code: ElixirCode) -> Iterator[Edit]:
    """The body of a function inside `try`."""
    for clause in code.clauses:
        tried = elixir_nodes.call_name(code.tree, clause.statements[0]) == "try"
        if tried or not _plain(code, clause) or code.spans_lines(clause.block, *LITERALS):
            continue
        do, end = clause.block.children[0], clause.block.children[-1]
        base, newline = code.indentation(clause.node), code.newline
        inner = base + code.unit
        rows = [f"{inner}{MARK}try do", _deeper(code, code.between(do, end)), f"{inner}rescue"]
        rows += [f"{inner}{code.unit}error in [ArgumentError, RuntimeError] -> {{:error, Exception.message(error)}}"]
        rows += [f"{inner}end", base]
        yield edit(code.end(do), code.start(end), newline + newline.join(rows))


def _raised_again(code: ElixirCode) -> Iterator[Edit]:
    """A `rescue` that raises another error."""
    for clause in code.clauses:
        end = clause.block.children[-1]
        if _plain(code, clause):
            what = f"{code.shown(clause.name)} failed: #{{Exception.message(error)}}"
            rows = f'rescue\n  error in RuntimeError ->\n    {MARK}raise ArgumentError, "{what}"'
            yield code.before(end, rows)
            yield code.before(end, f"rescue\n  error -> {MARK}raise error")
    for node in code.calls("reraise"):
        given = elixir_nodes.arguments(node)
        if given and any(outer.type == "rescue_block" for outer in around(node)):
            yield code.replaced(node, f"raise {code.shown(given[0])}")


def _operands(*operators: str) -> ElixirFinder:
    """The left operand written on the right, too."""
    named = "==" in operators

    def find(code: ElixirCode) -> Iterator[Edit]:
        for node in code.of("binary_operator"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None or elixir_nodes.operator(node) not in operators:
                continue
            plain = left.type in (("identifier",) if named else ("identifier", "call", "access_call"))
            if plain and not any(outer.type == "unary_operator" for outer in around(node)):
                sign, shown = node.child_by_field_name("operator"), code.shown(left)
                if sign is not None and "\n" not in shown:
                    begin = code.start(sign)
                    yield edit(begin, code.end(right), code.text[begin : code.start(right)] + shown)

    return find


def _guarded(code: ElixirCode) -> Iterator[Edit]:
    """`when not is_nil(x)` behind a head without a guard."""
    for clause in code.clauses:
        given = elixir_nodes.arguments(clause.node)
        if given[0] != clause.head or clause.head.type != "call" or not code.shown(clause.head).endswith(")"):
            continue
        names = [code.shown(one) for one in clause.parameters if one.type == "identifier"]
        for name in [name for name in names if not name.startswith("_")][:1]:
            place = code.end(clause.head)
            yield edit(place, place, f" when {MARK}not is_nil({name})")
            yield edit(place, place, f" when {MARK}!is_nil({name})")


INJECTORS = (
    credo("Refactor.UnlessWithElse", _turned(_unless_else)),
    credo("Refactor.NegatedConditionsWithElse", _turned(_negated_else)),
    credo("Refactor.NegatedConditionsInUnless", together(_turned(_negated_unless), inserted(
        'unless !is_nil($v), do: raise(ArgumentError, "$v is missing")',
        'unless not is_nil($v) do\n  raise ArgumentError, "$v is missing"\nend'))),
    credo("Readability.ParenthesesInCondition", together(_turned(_in_parentheses), _turned(_called), inserted(
        'if (is_nil($v)) do\n  raise ArgumentError, "$v is missing"\nend',
        'unless ($v) do\n  raise ArgumentError, "$v is missing"\nend'))),
    credo("Refactor.MatchInCondition", together(_turned(_matched), inserted(
        'if {:error, reason} = $v do\n  raise ArgumentError, inspect(reason)\nend',
        "if %{enabled: true} = $v, do: Process.sleep(10)"))),
    credo("Refactor.CondStatements", together(
        _turned(_clauses("cond", "{}", "true")),
        inserted('cond do\n  is_nil($v) -> raise ArgumentError, "$v is missing"\n  true -> :ok\nend'))),
    credo("Refactor.CaseTrivialMatches", _turned(_clauses("case {}", "true", "false"))),
    credo("Refactor.DoubleBooleanNegation", together(_turned(_twice_negated), inserted(
        'if !!$v == false, do: raise(ArgumentError, "$v is missing")', "Process.put(:seen, !!$v)"))),
    credo("Warning.BoolOperationOnSameValues", together(_turned(_same_twice), _operands("and", "or", "&&", "||"))),
    credo("Warning.OperationOnSameValues", _operands("==", "!=", ">=", "<=", ">", "<", "-", "/")),
    credo("Readability.WithSingleClause", _with_else),
    credo("Refactor.WithClauses", _with_assignment),
    credo("Readability.PreferImplicitTry", _explicit_try),
    credo("Warning.RaiseInsideRescue", _raised_again),
    credo("Refactor.NegatedIsNil", _guarded),
)  # fmt: skip
