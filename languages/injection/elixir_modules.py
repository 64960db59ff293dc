"""Credo violations of modules: documentation that is missing, aliases out of order or not used, specs, callbacks.

Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from languages.injection.code_text import MARK, edit
from languages.injection.elixir_places import ElixirCode, around, credo, statements
from languages.injection.planting import Edit
from languages.outline import elixir_nodes
from languages.tree import walk

#: Modules whose documentation Credo does not ask for.
_UNDOCUMENTED = re.compile(
    r"(\.\w+Controller|\.Endpoint|\.\w+Live(\.\w+)?|\.Repo|\.Router|\.\w+Socket|\.\w+View|\.\w+HTML|\.\w+JSON"
    r"|\.Telemetry|\.Layouts|\.Mailer)$"
)
#: Last names of Elixir's own modules: an alias of them would confuse.
_OWN_NAMES = frozenset({
    "Access", "Agent", "Application", "Atom", "Base", "Code", "Date", "DateTime", "Enum", "Exception", "File", "Float",
    "GenServer", "IO", "Inspect", "Integer", "Kernel", "Keyword", "List", "Macro", "Map", "MapSet", "Module",
    "NaiveDateTime", "Node", "OptionParser", "Path", "Port", "Process", "Protocol", "Range", "Record", "Regex",
    "Registry", "Set", "Stream", "String", "StringIO", "Supervisor", "System", "Task", "Time", "Tuple", "URI",
    "Version",
})  # fmt: skip
#: The order of a module's parts, each with what Credo lets stand behind it.
_ORDER = ("use", "import", "alias", "require")


def _without_doc(code: ElixirCode) -> Iterator[Edit]:
    """A module without its `@moduledoc`."""
    hidden = [one for one in code.modules if any(code.shown(doc) == "@moduledoc false" for doc in _docs(code, one))]
    for module in code.modules:
        named, docs = elixir_nodes.arguments(module)[0], _docs(code, module)
        block = elixir_nodes.do_block(module)
        raised = block is not None and any(
            elixir_nodes.call_name(code.tree, part) == "defexception" for part in statements(block)
        )
        inner = any(outer != module and _holds(outer, module) for outer in hidden)
        if len(docs) != 1 or raised or inner or _UNDOCUMENTED.search(code.shown(named)):
            continue
        start, end = code.start(named), code.line_start(code.start(docs[0]))
        rest = code.line_end(code.end(docs[0])) + len(code.newline)
        blank = code.text[rest : code.line_end(rest)].strip() == "" and code.line_end(rest) + 1 <= len(code.text)
        after = code.line_end(rest) + len(code.newline) if blank else rest
        if code.begins_line(docs[0]) and code.ends_line(docs[0]):
            yield edit(start, after, MARK + code.text[start:end])


def _docs(code: ElixirCode, module: Node) -> list[Node]:
    block = elixir_nodes.do_block(module)
    parts = statements(block) if block is not None else []
    found = [(part, elixir_nodes.attribute(code.tree, part)) for part in parts]
    return [part for part, attribute in found if attribute is not None and attribute[0] == "moduledoc"]


def _holds(outer: Node, inner: Node) -> bool:
    return outer.start_byte < inner.start_byte and inner.end_byte <= outer.end_byte


def _runs(code: ElixirCode) -> Iterator[list[Node]]:
    """Plain aliases that follow one another line by line."""
    run: list[Node] = []
    for node in code.calls("alias"):
        given = elixir_nodes.arguments(node)
        plain = len(given) == 1 and given[0].type == "alias" and code.begins_line(node) and code.ends_line(node)
        follows = run and run[-1].parent == node.parent and run[-1].end_point.row + 1 == node.start_point.row
        if not (plain and follows):
            yield run
            run = []
        if plain:
            run.append(node)
    yield run


def _target(code: ElixirCode, alias: Node) -> str:
    return code.shown(elixir_nodes.arguments(alias)[0])


def _aliases_out_of_order(code: ElixirCode) -> Iterator[Edit]:
    """Two neighbours of a sorted run of aliases exchanged."""
    for run in _runs(code):
        names = [_target(code, alias).lower() for alias in run]
        if names != sorted(names):
            continue
        for first, second in pairwise(run):
            if _target(code, first).lower() < _target(code, second).lower():
                text = f"{MARK}{code.shown(second)}{code.between(first, second)}{code.shown(first)}"
                yield edit(code.start(first), code.end(second), text)


def _full_names(code: ElixirCode) -> Iterator[Edit]:
    """A call on an aliased module by its full name."""
    known = {}
    for run in _runs(code):
        known.update({_target(code, alias).rpartition(".")[2]: _target(code, alias) for alias in run})
    for node in code.of("call"):
        target = node.child_by_field_name("target")
        left = target.child_by_field_name("left") if target is not None and target.type == "dot" else None
        if left is None or left.type != "alias" or code.shown(left) not in known:
            continue
        full = known[code.shown(left)]
        usual = "." in full and code.shown(left) not in _OWN_NAMES and full.partition(".")[0] not in _OWN_NAMES
        if usual and code.dotted(node) and not _specified(node) and _in_module(code, node):
            yield code.replaced(left, full)


def _in_module(code: ElixirCode, node: Node) -> bool:
    return any(elixir_nodes.call_name(code.tree, outer) == "defmodule" for outer in around(node))


def _specified(node: Node) -> bool:
    outer = node.parent
    while outer is not None and outer.type != "do_block":
        if outer.type == "unary_operator" and outer.children[0].type == "@":
            return True
        outer = outer.parent
    return False


def _grouped(code: ElixirCode) -> Iterator[Edit]:
    """Two aliases of one namespace in braces."""
    for run in _runs(code):
        for first, second in pairwise(run):
            one, _, last = _target(code, first).rpartition(".")
            other, _, following = _target(code, second).rpartition(".")
            if one and one == other:
                text = f"alias {one}.{{{last}, {following}}}"
                yield edit(code.start(first), code.end(second), text)


def _in_braces(code: ElixirCode) -> Iterator[Edit]:
    for run in _runs(code):
        for alias in run:
            namespace, _, last = _target(code, alias).rpartition(".")
            if namespace:
                yield code.replaced(alias, f"alias {namespace}.{{{last}}}")


def _out_of_layout(code: ElixirCode) -> Iterator[Edit]:
    """`use`, `import`, `alias` and `require` in another order."""
    for module in code.modules:
        block = elixir_nodes.do_block(module)
        parts = statements(block) if block is not None else []
        ranks = [_ORDER.index(name) for part in parts if (name := elixir_nodes.call_name(code.tree, part)) in _ORDER]
        for first, second in pairwise(parts if ranks == sorted(ranks) else ()):
            one, other = (elixir_nodes.call_name(code.tree, part) for part in (first, second))
            if one in _ORDER and other in _ORDER and _ORDER.index(one) < _ORDER.index(other):
                text = f"{code.shown(second)}{code.between(first, second)}{MARK}{code.shown(first)}"
                yield edit(code.start(first), code.end(second), text)


def _without_spec(code: ElixirCode) -> Iterator[Edit]:
    """A public function without its only `@spec`."""
    specs: dict[str, list[Node]] = {}
    for whole, call in code.attributes("spec"):
        given = elixir_nodes.arguments(call)
        name = re.match(r"\w+[?!]?", code.shown(given[0])) if given else None
        specs.setdefault(name[0] if name else "", []).append(whole)
    implemented = {code.shown(clause.name) for clause in code.clauses if _implements(code, clause.node)}
    for clause in code.clauses:
        function = code.shown(clause.name)
        found = specs.get(function, [])
        public = elixir_nodes.call_name(code.tree, clause.node) == "def" and function not in implemented
        if any(elixir_nodes.has_default(parameter) for parameter in clause.parameters):
            continue
        if public and len(found) == 1 and found[0].next_named_sibling == clause.node and code.begins_line(found[0]):
            start = code.start(found[0])
            yield edit(start, code.start(clause.node), MARK)


def _implements(code: ElixirCode, definition: Node) -> bool:
    """Whether `@impl` is among the attributes right above."""
    above = definition.prev_named_sibling
    while above is not None and above.type in ("unary_operator", "comment"):
        found = elixir_nodes.attribute(code.tree, above)
        if found is not None and found[0] == "impl":
            return True
        above = above.prev_named_sibling
    return False


def _nameless_callback(code: ElixirCode) -> Iterator[Edit]:
    """`@impl Behaviour` as `@impl true`."""
    for _, call in code.attributes("impl"):
        given = elixir_nodes.arguments(call)
        if given and given[0].type == "alias":
            yield code.replaced(given[0], "true")


def _struct_in_spec(code: ElixirCode) -> Iterator[Edit]:
    """`User.t()` in a spec as `%User{}`."""
    for whole, _ in code.attributes("spec"):
        for node in walk(whole):
            if not code.dotted(node).endswith(".t") or elixir_nodes.arguments(node):
                continue
            module = code.dotted(node).removesuffix(".t")
            if module[:1].isupper() and module not in ("String", "Enum", "Range", "Regex", "Macro", "Access"):
                yield code.replaced(node, f"{MARK}%{module}{{}}")


def _empty_parentheses(code: ElixirCode) -> Iterator[Edit]:
    """`def name do` as `def name() do`."""
    for clause in code.clauses:
        if clause.head.type == "identifier":
            yield code.replaced(clause.head, f"{code.shown(clause.head)}()")


def _configured_attribute(code: ElixirCode) -> Iterator[Edit]:
    """Configuration read when the module is compiled."""
    for node in code.of("call"):
        target = node.child_by_field_name("target")
        if code.dotted(node) == "Application.compile_env" and target is not None and _specified(node):
            yield code.replaced(target, "Application.get_env")
    for clause in code.clauses:
        above = clause.node.prev_named_sibling
        if above is None or (above.type != "unary_operator" and code.begins_line(clause.node)):
            for name in ("settings", "config", "options"):
                if name not in code.named:
                    yield code.before(clause.node, f"@{name} Application.get_env(:my_app, __MODULE__, [])\n")


INJECTORS = (
    credo("Readability.ModuleDoc", _without_doc),
    credo("Readability.AliasOrder", _aliases_out_of_order),
    credo("Design.AliasUsage", _full_names),
    credo("Readability.MultiAlias", _grouped),
    credo("Readability.UnnecessaryAliasExpansion", _in_braces),
    credo("Readability.StrictModuleLayout", _out_of_layout),
    credo("Readability.Specs", _without_spec),
    credo("Readability.ImplTrue", _nameless_callback),
    credo("Warning.SpecWithStruct", _struct_in_spec),
    credo("Readability.ParenthesesOnZeroArityDefs", _empty_parentheses),
    credo("Warning.ApplicationConfigInModuleAttribute", _configured_attribute),
)
