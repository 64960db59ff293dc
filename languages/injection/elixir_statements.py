"""Credo violations that a statement too many makes: debugging left behind, results dropped, lists walked twice.

Inserted statements use the variables in reach; where the code already says what the violation spoils, that is spoilt
instead. Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from languages.injection.code_text import MARK, edit
from languages.injection.elixir_places import ElixirCode, ElixirFinder, credo, inserted, together
from languages.injection.planting import Edit
from languages.outline import elixir_nodes


def _pipeline_ends(step: str) -> ElixirFinder:
    """`step` at the end of a pipeline, on a line of its own where the pipeline has one."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for node in code.of("binary_operator"):
            outer = node.parent
            if elixir_nodes.operator(node) != "|>" or (outer is not None and elixir_nodes.operator(outer) == "|>"):
                continue
            right = node.child_by_field_name("right")
            if right is None or right.type != "call" or not elixir_nodes.arguments(right) or not code.ends_line(node):
                continue
            sign = node.child_by_field_name("operator")
            apart = sign is not None and code.begins_line(sign)
            gap = code.newline + code.indentation(sign) if apart and sign is not None else " "
            yield edit(code.end(node), code.end(node), f"{gap}|> {MARK}{step}")

    return find


def _renamed(old: str, new: str) -> ElixirFinder:
    """Calls of `old` made calls of `new` with the same arguments."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for node in code.of("call"):
            target = node.child_by_field_name("target")
            if target is not None and code.dotted(node) == old and target.start_point.row == target.end_point.row:
                yield code.replaced(target, new)

    return find


def _walked_twice(first: str, *seconds: str) -> ElixirFinder:
    """One of the steps `seconds` behind a piped step like `first`, or both inserted."""
    name, steps = first.partition("(")[0], [f"|> {MARK}{second}" for second in seconds]

    def find(code: ElixirCode) -> Iterator[Edit]:
        for node in code.of("binary_operator"):
            right, sign = node.child_by_field_name("right"), node.child_by_field_name("operator")
            if elixir_nodes.operator(node) != "|>" or right is None or sign is None:
                continue
            if code.dotted(right) == name and len(elixir_nodes.arguments(right)) == 1:
                gap = code.newline + code.indentation(sign) if code.begins_line(sign) else " "
                yield from (edit(code.end(right), code.end(right), gap + step) for step in steps)

    return together(find, inserted(*(f"$list = $list |> {first} {step}" for step in steps)))


def _spread_join(code: ElixirCode) -> Iterator[Edit]:
    """`Enum.map_join(a, b, f)` taken apart."""
    for node in code.of("call"):
        given = elixir_nodes.arguments(node)
        if code.dotted(node) == "Enum.map_join" and len(given) == 3 and node.start_point.row == node.end_point.row:
            items, joiner, function = (code.shown(one) for one in given)
            yield code.replaced(node, f"{MARK}Enum.join(Enum.map({items}, {function}), {joiner})")


def _counted(code: ElixirCode) -> Iterator[Edit]:
    """`Enum.empty?(a)` and `a == []` made a count."""
    for node in code.of("call"):
        given = elixir_nodes.arguments(node)
        outer = node.parent
        plain = outer is not None and elixir_nodes.operator(outer) in (None, "=") and outer.type != "unary_operator"
        if code.dotted(node) == "Enum.empty?" and len(given) == 1 and plain:
            yield code.replaced(node, f"Enum.count({code.shown(given[0])}) == 0")
    for node in code.of("binary_operator"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or elixir_nodes.operator(node) != "==" or left.type != "identifier":
            continue
        if code.shown(right) == "[]":
            yield code.replaced(node, f"length({code.shown(left)}) == 0")


def _applied(code: ElixirCode) -> Iterator[Edit]:
    """`Module.f(a, b)` as a statement or a value made `apply(Module, :f, [a, b])`."""
    for node in code.of("call"):
        name, given, outer = code.dotted(node), elixir_nodes.arguments(node), node.parent
        if not name[:1].isupper() or not name.rpartition(".")[2].isidentifier() or outer is None:
            continue
        value = elixir_nodes.operator(outer) == "=" and outer.child_by_field_name("right") == node
        if not (outer.type in ("do_block", "body") or value) or elixir_nodes.do_block(node) is not None:
            continue
        if given and all(one.type != "keywords" for one in given):
            module, _, function = name.rpartition(".")
            listed = code.text[code.start(given[0]) : code.end(given[-1])]
            yield code.replaced(node, f"{MARK}apply({module}, :{function}, [{listed}])")


def _rebound(code: ElixirCode) -> Iterator[Edit]:
    """A second binding of a variable after its first one."""
    for clause in code.clauses:
        lefts = [node.child_by_field_name("left") for node in clause.statements if elixir_nodes.operator(node) == "="]
        known = Counter(name for left in lefts if left is not None for name in code.bound(left))
        for node in clause.statements[:-1]:
            left = node.child_by_field_name("left")
            if elixir_nodes.operator(node) == "=" and left is not None and left.type == "identifier":
                name = code.shown(left)
                if code.begins_line(node) and code.ends_line(node) and known[name] == 1:
                    yield code.after(node, f"{name} = {name} || %{{}}")
                    yield code.after(node, f"{name} = List.wrap({name})")


def _skipped(code: ElixirCode) -> Iterator[Edit]:
    """`@tag :skip` above a test, with no word on why."""
    for node in code.calls("test"):
        line = code.line_start(code.start(node))
        above = code.text[code.line_start(max(0, line - 1)) : line].strip()
        if code.begins_line(node) and elixir_nodes.do_block(node) is not None and not above.startswith("#"):
            yield code.before(node, "@tag :skip")


_RAISED = 'raise(ArgumentError, "nothing to do")'
INJECTORS = (
    credo("Warning.IoInspect", together(
        inserted("IO.inspect($v)", 'IO.inspect($v, label: "$v")', 'IO.inspect({$v, $w}, label: "got")',
                 'IO.inspect($v, limit: :infinity, label: "$v before")', "$v |> IO.inspect()"),
        _pipeline_ends("IO.inspect()"), _pipeline_ends('IO.inspect(label: "result")'))),
    credo("Warning.IExPry", inserted(f"require IEx\n{MARK}IEx.pry()", "IEx.pry()")),
    credo("Warning.Dbg", together(
        inserted("dbg($v)", "dbg({$v, $w})", "dbg()", "$v |> dbg()"), _pipeline_ends("dbg()"))),
    credo("Refactor.IoPuts", inserted(
        'IO.puts("$v: #{inspect($v)}")', 'IO.puts("got here")', "IO.puts(inspect($v))", 'IO.puts("done with #{$v}")')),
    credo("Warning.UnusedEnumOperation", inserted(
        "Enum.map($list, &to_string/1)", "Enum.sort($list)", "Enum.reject($list, &is_nil/1)",
        "$list |> Enum.reverse()", "Enum.uniq($list)", "Enum.filter(List.wrap($v), & &1)")),
    credo("Warning.UnusedStringOperation", inserted(
        "String.trim($v)", "String.downcase($v)", 'String.replace($v, "\\n", " ")', "$v |> String.split()")),
    credo("Warning.UnusedMapOperation", inserted(
        "Map.put($v, :checked, true)", "Map.delete($v, :password)", "Map.merge($v, $w)")),
    credo("Warning.UnusedKeywordOperation", inserted(
        "Keyword.put_new($v, :timeout, 5_000)", "Keyword.delete($v, :name)", "Keyword.merge($v, async: true)")),
    credo("Warning.UnusedListOperation", inserted("List.flatten($list)", "List.delete($v, nil)", "List.wrap($v)")),
    credo("Warning.UnusedPathOperation", inserted("Path.expand($v)", 'Path.join($v, "index.html")')),
    credo("Warning.UnusedRegexOperation", inserted(
        'Regex.replace(~r/\\s+/, $v, " ")', "Regex.run(~r/^\\w+/, $v)")),
    credo("Warning.UnusedFileOperation", inserted(
        "File.exists?($v)", "File.stat($v)", 'File.read(Path.join($v, "log"))')),
    credo("Warning.UnsafeExec", inserted(':os.cmd(to_charlist("ls #{$v}"))', ":os.cmd($v)")),
    credo("Warning.OperationWithConstantResult", inserted(
        "$v = if is_integer($v), do: $v * 1, else: $v", "Process.put(:offset, length(List.wrap($v)) * 0)")),
    credo("Warning.UnusedTupleOperation", inserted("Tuple.append($v, :ok)", "Tuple.to_list($v)")),
    credo("Warning.MixEnv", inserted(
        'if Mix.env() == :dev, do: Process.sleep(10)', f'if {MARK}Mix.env() != :test do\n  Process.sleep(10)\nend')),
    credo("Warning.LeakyEnvironment", inserted(
        'System.cmd("git", ["status", "--short"])', 'System.cmd("make", ["assets"], into: [])',
        'System.cmd("curl", ["-s", $v])')),
    credo("Warning.UnsafeToAtom", together(
        _renamed("String.to_existing_atom", "String.to_atom"), _renamed("List.to_existing_atom", "List.to_atom"),
        inserted("$v = if is_binary($v), do: String.to_atom($v), else: $v", "$v = String.to_atom($v)",
                 'Process.put(:"last_#{$v}", true)'))),
    credo("Warning.ExpensiveEmptyEnumCheck", together(_counted, inserted(
        f"if length($list) == 0, do: {_RAISED}", f"if Enum.count($list) == 0 do\n  {_RAISED}\nend",
        f"if length(List.wrap($v)) == 0, do: {_RAISED}"))),
    credo("Refactor.AppendSingleItem", inserted("$list = $list ++ [:last]", "$list = $list ++ [{:ok, $w}]")),
    credo("Refactor.Apply", _applied),
    credo("Refactor.VariableRebinding", _rebound),
    credo("Refactor.UtcNowTruncate", inserted(
        "now = DateTime.utc_now() |> DateTime.truncate(:second)\nProcess.put(:started_at, now)",
        "Process.put(:seen_at, DateTime.truncate(DateTime.utc_now(), :second))",
        "Process.put(:seen_at, NaiveDateTime.utc_now() |> NaiveDateTime.truncate(:second))")),
    credo("Refactor.MapMap", _walked_twice("Enum.map(&to_string/1)", "Enum.map(&String.trim/1)")),
    credo("Refactor.FilterFilter", _walked_twice(
        "Enum.filter(& &1)", "Enum.filter(&is_map/1)", "Enum.filter(fn item -> item != %{} end)")),
    credo("Refactor.RejectReject", _walked_twice(
        "Enum.reject(&is_nil/1)", 'Enum.reject(&(&1 == ""))')),
    credo("Refactor.FilterReject", _walked_twice(
        "Enum.filter(&is_map/1)", "Enum.reject(&(map_size(&1) == 0))")),
    credo("Refactor.RejectFilter", _walked_twice(
        "Enum.reject(&is_nil/1)", "Enum.filter(&is_binary/1)")),
    credo("Refactor.MapJoin", together(
        _spread_join, _walked_twice("Enum.map(&to_string/1)", 'Enum.join(", ")'),
        inserted('$v = $v |> List.wrap() |> Enum.map(&to_string/1) |> Enum.join(", ")'))),
    credo("Refactor.FilterCount", together(
        _walked_twice("Enum.filter(& &1)", "Enum.count()"),
        inserted(f"if $list |> Enum.filter(& &1) |> Enum.count() == 0, do: {_RAISED}",
                 f"if Enum.count(Enum.filter($list, &is_nil/1)) > 0, do: {_RAISED}",
                 f"if Enum.count(Enum.filter(List.wrap($v), &is_nil/1)) > 0, do: {_RAISED}"))),
    credo("Refactor.CondInsteadOfIfElse", inserted(
        "if $v do\n  Process.put(:seen, true)\nelse\n  Process.delete(:seen)\nend",
        '$v = if is_binary($v), do: String.trim($v), else: $v')),
    credo("Readability.PipeIntoAnonymousFunctions", inserted(
        "$v = $v |> (fn value -> value end).()", "$v = $v |> then(& &1) |> (fn found -> found || [] end).()")),
    credo("Design.SkipTestWithoutComment", _skipped),
)  # fmt: skip
