"""Credo violations of names: what should be in snake_case or PascalCase and is not.

A name is changed wherever the file says it, so that the code still fits together. Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from tree_sitter import Node

from languages.injection.code_text import MARK, edit, few
from languages.injection.elixir_places import FUNCTIONS, Clause, ElixirCode, ElixirFinder, credo
from languages.injection.planting import Edit
from languages.outline import elixir_nodes
from languages.tree import walk

#: Attributes that Elixir or its tools read under their own name.
_RESERVED = frozenset({
    "after_compile", "after_verify", "before_compile", "behaviour", "callback", "compile", "deprecated", "derive",
    "dialyzer", "doc", "enforce_keys", "external_resource", "fallback_to_any", "file", "impl", "macrocallback",
    "moduledoc", "moduletag", "describetag", "nifs", "on_definition", "on_load", "opaque", "optional_callbacks",
    "shortdoc", "since", "spec", "tag", "type", "typedoc", "typep", "vsn",
})  # fmt: skip


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _hungarian(name: str) -> str:
    return _camel(name) if "_" in name else f"my{name.capitalize()}"


def _renaming(code: ElixirCode, nodes: Sequence[Node], at: Node, new: str) -> Edit:
    """Write `new` for each of `nodes`, which stand in order; `at` is the one that is the violation."""
    parts, place = [], code.start(nodes[0])
    for node in nodes:
        mark = MARK if node == at else ""
        parts.append(f"{code.text[place : code.start(node)]}{mark}{new}")
        place = code.end(node)
    return edit(code.start(nodes[0]), place, "".join(parts))


def _function_names(change: Callable[[str], str | None]) -> ElixirFinder:
    """Functions under the name that `change` gives, None for not at all."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        heads: dict[str, Node] = {}
        for clause in code.clauses:
            if clause.name.type == "identifier":
                heads.setdefault(code.shown(clause.name), clause.name)
        wanted = {name: new for name in heads if name.islower() and (new := change(name)) and new not in code.named}
        uses = _functions(code, set(wanted))
        for name in few(name for name in wanted if len(uses[name]) == code.named[name]):
            yield _renaming(code, uses[name], heads[name], wanted[name])

    return find


def _functions(code: ElixirCode, names: set[str]) -> dict[str, list[Node]]:
    """Where `names` are called, captured, specified or defined."""
    found: dict[str, list[Node]] = defaultdict(list)
    for node in code.of("identifier"):
        outer = node.parent
        if outer is None or code.shown(node) not in names:
            continue
        called = outer.type == "call" and outer.child_by_field_name("target") == node
        around = outer.parent
        captured = elixir_nodes.operator(outer) == "/" and around is not None and around.type == "unary_operator"
        if called or captured or _defines(code, node):
            found[code.shown(node)].append(node)
    return found


def _defines(code: ElixirCode, name: Node) -> bool:
    """Whether `name` is the head of `def name do`."""
    given = name.parent
    if given is not None and given.type == "binary_operator":
        given = given.parent
    definition = given.parent if given is not None and given.type == "arguments" else None
    return definition is not None and elixir_nodes.call_name(code.tree, definition) in FUNCTIONS


def _variable_names(code: ElixirCode) -> Iterator[Edit]:
    """Parameters and local variables in camelCase, clause by clause."""
    for clause in code.clauses:
        binders = [*clause.parameters, *_lefts(clause)]
        names = dict.fromkeys(name for binder in binders for name in code.bound(binder))
        for name in list(names)[:4]:
            nodes = _occurrences(code, clause, name)
            new = _hungarian(name)
            bound = next((node for node in nodes if any(_binds(binder, node) for binder in binders)), None)
            if bound is not None and new not in code.named and name.isidentifier() and name.islower():
                yield _renaming(code, nodes, bound, new)


def _lefts(clause: Clause) -> Iterator[Node]:
    for statement in clause.statements:
        left = statement.child_by_field_name("left")
        if elixir_nodes.operator(statement) == "=" and left is not None:
            yield left


def _occurrences(code: ElixirCode, clause: Clause, name: str) -> list[Node]:
    """The variable `name` in a clause; a call of a function of that name is none."""
    found = []
    for node in walk(clause.node):
        outer = node.parent
        if node.type == "identifier" and outer is not None and code.shown(node) == name:
            called = outer.type == "call" and outer.child_by_field_name("target") == node
            if (not called and outer.type != "dot") or (
                outer.type == "dot" and outer.child_by_field_name("left") == node
            ):
                found.append(node)
    return found


def _binds(pattern: Node, name: Node) -> bool:
    """Whether `name` stands in `pattern`, and not behind a `=` in it, where Credo's rule does not look."""
    if not (pattern.start_byte <= name.start_byte and name.end_byte <= pattern.end_byte):
        return False
    inner = name
    while inner != pattern and inner.parent is not None:
        if elixir_nodes.operator(inner.parent) == "=" and inner.parent.child_by_field_name("right") == inner:
            return False
        inner = inner.parent
    return True


def _attribute_names(code: ElixirCode) -> Iterator[Edit]:
    """`@some_name` as `@someName` throughout."""
    uses: dict[str, list[Node]] = defaultdict(list)
    for node in code.of("unary_operator"):
        operand = node.child_by_field_name("operand")
        named = operand.child_by_field_name("target") if operand is not None and operand.type == "call" else operand
        if node.children[0].type == "@" and named is not None and named.type == "identifier":
            uses[code.shown(named)].append(named)
    for name in few(name for name in uses if name not in _RESERVED and not name.startswith("_")):
        new = _camel(name if "_" in name else f"default_{name}")
        if new not in code.named and name.isidentifier() and name.islower():
            yield _renaming(code, uses[name], uses[name][0], new)


def _module_names(code: ElixirCode) -> Iterator[Edit]:
    """`LineItem` as `Line_Item` in the head of a module that the file names nowhere else."""
    for module in code.modules:
        named = elixir_nodes.arguments(module)[:1]
        if not named or named[0].type != "alias":
            continue
        before, dot, last = code.shown(named[0]).rpartition(".")
        words = "".join(f" {char}" if char.isupper() else char for char in last).split()
        new = "_".join(words) if len(words) > 1 else f"{last}_Impl"
        yield code.replaced(named[0], f"{before}{dot}{new}")


def _predicate(name: str) -> str | None:
    return f"is_{name.removesuffix('?')}" if name.endswith("?") and not name.startswith("is_") else None


def _double_predicate(name: str) -> str | None:
    return f"is_{name}" if name.endswith("?") and not name.startswith("is_") else None


def _camel_function(name: str) -> str | None:
    return _camel(name) if "_" in name.strip("_?!") and not name.startswith("_") else None


INJECTORS = (
    credo("Readability.FunctionNames", _function_names(_camel_function)),
    credo("Readability.PredicateFunctionNames", lambda code: (
        *_function_names(_predicate)(code), *_function_names(_double_predicate)(code))),
    credo("Readability.VariableNames", _variable_names),
    credo("Readability.ModuleAttributeNames", _attribute_names),
    credo("Readability.ModuleNames", _module_names),
)  # fmt: skip
