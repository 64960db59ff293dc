"""Credo violations of measure: too many paths, levels, parameters, fields.

Checks: https://hexdocs.pm/credo; the first is McCabe's cyclomatic complexity (1976).
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from languages.injection.code_text import MARK, edit, filled
from languages.injection.elixir_places import LITERALS, Clause, ElixirCode, Spot, chosen, credo, together
from languages.injection.planting import Edit
from languages.outline import elixir_nodes
from languages.tree import walk

_NESTING = frozenset({"if", "unless", "case", "cond", "for", "with"})
_PATHS = _NESTING | {"try"}
_STATES = ("new", "open", "paid", "packed", "sent", "returned", "refunded", "closed", "lost", "archived")
_PARTS = ("name", "street", "city", "zip", "country", "phone", "email", "note")
_PARAMETERS = ("id", "title", "email", "phone", "street", "city", "country", "currency", "note", "source", "locale")


def _first_spots(code: ElixirCode) -> Iterator[Spot]:
    """The first place of each clause that has one."""
    seen: set[int] = set()
    for spot in code.spots:
        if spot.clause.node.id not in seen and spot.variables:
            seen.add(spot.clause.node.id)
            yield spot


def _branches(clause: Clause, code: ElixirCode, names: frozenset[str]) -> int:
    return sum(1 for node in walk(clause.block) if elixir_nodes.call_name(code.tree, node) in names)


def _many_paths(code: ElixirCode) -> Iterator[Edit]:
    """A `case` of ten clauses, a `cond` of ten, or a row of `if`s, at the top of a function without many branches."""
    clauses = "".join(f"\n    :{state} -> {place}" for place, state in enumerate(_STATES))
    limits = "".join(f"\n    $v == {place} -> :{state}" for place, state in enumerate(_STATES))
    rows = "\n".join(f'if $v == :{state}, do: raise(ArgumentError, "{state}")' for state in _STATES)
    groups = (_STATES[:4], _STATES[4:7], _STATES[7:])
    tests = " or\n     ".join(" or ".join(f"$v == :{state}" for state in group) for group in groups)
    for spot in _first_spots(code):
        if _branches(spot.clause, code, _PATHS) > 2:
            continue
        head, values = code.start(spot.clause.name), chosen(spot.variables)
        for template in (
            f"rank =\n  case $v do{clauses}\n    _ -> 0\n  end\n\nProcess.put(:rank, rank)",
            f"state =\n  cond do{limits}\n    true -> nil\n  end\n\nProcess.put(:state, state)",
            rows,
            f'if {tests}, do: raise(ArgumentError, "a state")',
        ):
            inserted = code.before(spot.statement, filled(template, **values))
            yield edit(head, inserted.end, MARK + code.text[head : inserted.start] + inserted.text)


def _too_deep(code: ElixirCode) -> Iterator[Edit]:
    """Three blocks in one another, new or around a statement."""
    templates = (
        f"if is_list($v) do\n  for item <- $v do\n    {MARK}if is_nil(item) do\n"
        '      raise ArgumentError, "empty item"\n    end\n  end\nend',
        f"case $v do\n  %{{items: items}} ->\n    for item <- items do\n      {MARK}unless is_map(item) do\n"
        '        raise ArgumentError, "no item: #{inspect(item)}"\n      end\n    end\n\n  _ ->\n    :ok\nend',
        f'if is_binary($v) do\n  if $v != "" do\n    {MARK}if String.valid?($v) do\n'
        "      Process.put(:last, $v)\n    end\n  end\nend",
    )
    flat = {one.node.id for one in code.clauses if all(_flat(code, statement) for statement in one.statements)}
    for spot in code.spots:
        if spot.clause.node.id in flat and spot.variables:
            values = chosen(spot.variables)
            yield from (code.before(spot.statement, filled(template, **values)) for template in templates)
            yield from _wrapped(code, spot, values["v"])


def _flat(code: ElixirCode, statement: Node) -> bool:
    """Whether at most two blocks, functions too, are in one another in `statement`: a third is then the deepest."""
    stack = [(statement, 0)]
    while stack:
        node, depth = stack.pop()
        if node.type == "anonymous_function" or elixir_nodes.call_name(code.tree, node) in _NESTING:
            depth += 1
        if depth > 2:
            return False
        stack.extend((child, depth) for child in node.named_children)
    return True


def _wrapped(code: ElixirCode, spot: Spot, variable: str) -> Iterator[Edit]:
    """The last statement of a clause inside three blocks; one that holds blocks itself would be deeper."""
    node = spot.statement
    if node != spot.clause.statements[-1] or code.spans_lines(node, *LITERALS) or not code.ends_line(node):
        return
    names = {elixir_nodes.call_name(code.tree, one) for one in walk(node)}
    if names & _NESTING or any(one.type == "anonymous_function" for one in walk(node)):
        return
    base, unit, newline = code.indentation(node), code.unit, code.newline
    lines = code.shown(node).replace("\r\n", "\n").split("\n")
    inner = newline.join((base if place == 0 else "") + unit * 3 + line for place, line in enumerate(lines))
    opened = filled(f"unless is_nil($v) do\n  if $v != [] do\n    {MARK}unless $v == %{{}} do", v=variable)
    top = code.laid_out(opened, base)[len(base) :]
    ends = code.laid_out("    end\n  end\nend", base)
    yield edit(code.start(node), code.end(node), newline.join((top, inner, ends)))


def _more_parameters(code: ElixirCode) -> Iterator[Edit]:
    """Nine parameters and more: a head that grew, where no other code names the function."""
    for clause in code.clauses:
        name, head = code.shown(clause.name), clause.head
        if code.named.get(name, 0) != 1 or head.type != "call" or not clause.parameters:
            continue
        taken = set(code.bound(head)) | {name for one in clause.parameters for name in code.bound(one)}
        more = [f"_{name}" for name in _PARAMETERS if name not in taken][: max(1, 9 - len(clause.parameters))]
        last = clause.parameters[-1]
        if last.type != "keywords" and len(more) + len(clause.parameters) >= 9:
            text = f"{MARK}{code.text[code.start(clause.name) : code.end(last)]}, {', '.join(more)}"
            yield edit(code.start(clause.name), code.end(last), text)


def _long_constructor(code: ElixirCode) -> Iterator[Edit]:
    """A function of nine parameters at the end of a module."""
    head = ", ".join(_PARAMETERS[:9])
    body = "".join(f"\n    {name}: {name}," for name in _PARAMETERS[:9]).removesuffix(",")
    for name in ("build", "from_fields", "assemble"):
        if name not in code.named:
            yield from code.at_module_ends(f"def {name}({head}) do\n  %{{{body}\n  }}\nend")


def _many_fields(code: ElixirCode) -> Iterator[Edit]:
    """`defstruct` with more than 31 fields."""
    for node in code.calls("defstruct"):
        given = elixir_nodes.arguments(node)
        if node.parent is None or node.parent.type != "do_block":
            continue
        fields = given[0].named_children if len(given) == 1 and given[0].type == "list" else given
        if any(field.type not in ("atom", "keywords", "comment") for field in fields):
            continue
        plain = [field for field in fields if field.type != "comment"]
        several = [pair for field in plain for pair in (field.named_children if field.type == "keywords" else [field])]
        if not 0 < len(several) < 32 or len({field.type for field in plain}) != 1 or plain[-1] != fields[-1]:
            continue
        last = fields[-1]
        names = [f"{owner}_{part}" for owner in ("owner", "contact", "billing", "shipping") for part in _PARTS]
        rows = [f"{name}: nil" if last.type == "keywords" else f":{name}" for name in names]
        same = code.begins_line(several[-1]) and several[-1] != several[0]
        gap = f",{code.newline}{code.indentation(several[-1]) if same else code.indentation(node) + code.unit}"
        text = MARK + gap.join([code.text[code.start(node) : code.end(last)], *rows])
        yield edit(code.start(node), code.end(last), text)


INJECTORS = (
    credo("Refactor.CyclomaticComplexity", _many_paths),
    credo("Refactor.Nesting", _too_deep),
    credo("Refactor.FunctionArity", together(_more_parameters, _long_constructor)),
    credo("Warning.StructFieldAmount", _many_fields),
)
