"""Our rules for Credo: each finds what it is about where it stands, and nothing in plain code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.linters.structural.linter import SOURCE, StructuralLinter
from languages.linters.structural.rule import rules_of
from languages.linters.structural.terms import ElixirFile

CREDO = StructuralLinter("credo", every=True)


def checks(text: str, path: str = "lib/a.ex") -> set[tuple[int, str]]:
    """1-based lines with the last part of the check id."""
    report = CREDO.lint(Path(path), text)
    assert report.failure is None
    return {(finding.range.start.line + 1, finding.check.rpartition(".")[2]) for finding in report.findings}


def in_function(*lines: str) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"defmodule A do\n  @moduledoc false\n  def run(x) do\n{body}\n  end\nend\n"


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("IO.inspect(x)", "IoInspect"),
        ("x |> IO.inspect(label: 1)", "IoInspect"),
        ("IO.puts(x)", "IoPuts"),
        ("require IEx; IEx.pry()", "IExPry"),
        ("require IEx; IEx.pry()", "Semicolons"),
        ("dbg(x)", "Dbg"),
        ("String.to_atom(x)", "UnsafeToAtom"),
        (':"a#{x}"', "UnsafeToAtom"),
        ("System.cmd(x, [])", "LeakyEnvironment"),
        ("Mix.env()", "MixEnv"),
        ("x ++ [1]", "AppendSingleItem"),
        ("apply(x, :go, [1])", "Apply"),
        ("length(x) == 0", "ExpensiveEmptyEnumCheck"),
        ("x == x", "OperationOnSameValues"),
        ("x && x", "BoolOperationOnSameValues"),
        ("!!x", "DoubleBooleanNegation"),
        ("x |> Enum.map(&f/1) |> Enum.join()", "MapJoin"),
        ("Enum.join(Enum.map(x, &f/1), 1)", "MapJoin"),
        ("Enum.map(Enum.map(x, &f/1), &g/1)", "MapMap"),
        ("Enum.count(Enum.filter(x, &f/1))", "FilterCount"),
        ("x |> f()", "SinglePipe"),
        ("f(x) |> g() |> h()", "PipeChainStart"),
        ("x |> f() |> g()", "OnePipePerLine"),
        ("x |> f |> g()", "OneArityFunctionInPipe"),
        ("String.trim(String.upcase(x))", "NestedFunctionCalls"),
        ("Foo.Bar.run(x)", "AliasUsage"),
        ("12345678", "LargeNumbers"),
        ("if x, do: 1, else: 2", "CondInsteadOfIfElse"),
        ("if not x, do: 1, else: 2", "NegatedConditionsWithElse"),
        ("unless x, do: 1, else: 2", "UnlessWithElse"),
        ("unless !x, do: 1", "NegatedConditionsInUnless"),
        ("if(x) do", "ParenthesesInCondition"),
        ("someName = x", "VariableNames"),
        ("__STACKTRACE__ = x", "VariableNames"),
        ("run(x,1)", "SpaceAfterCommas"),
        ("with {:a, y} <- {:a, f(x)}, do: y", "WithCustomTaggedTuple"),
        ("with {:ok, y} <- f(x), {:ok, z} <- g(y), do: {:ok, z}", "RedundantWithClauseResult"),
        (":os.cmd(x)", "UnsafeExec"),
        (":erlang.open_port({:spawn, x}, [])", "UnsafeExec"),
        ("x * 0", "OperationWithConstantResult"),
        ("x |> Map.get(:a) |> Enum.count()", "MapGetUnsafePass"),
        ("File.exists?(x); x", "UnusedFileOperation"),
    ],
)
def test_a_line_is_found(line: str, check: str) -> None:
    text = in_function(line, *(["  1", "end"] if line.endswith(" do") else []))
    assert (4, check) in checks(text)


PLAIN = """defmodule A.Plain do
  @moduledoc "What it is."

  alias A.B
  alias A.C

  @spec run(map, atom) :: term
  def run(map, key) do
    found = B.fetch(map, key)

    case found do
      {:ok, value} -> C.shown(value)
      :error -> nil
    end
  end
end
"""


def test_plain_code_has_no_finding() -> None:
    assert checks(PLAIN) == set()


def test_deep_and_branching_functions() -> None:
    nested = in_function("if x do", "  if x.a do", "    if x.b do", "      1", "    end", "  end", "end")
    assert (6, "Nesting") in checks(nested)
    branching = in_function(*(f"if x.a{n}, do: {n}" for n in range(10)))
    assert (3, "CyclomaticComplexity") in checks(branching)
    assert (3, "CyclomaticComplexity") not in checks(in_function(*(f"if x.a{n}, do: {n}" for n in range(8))))


def test_modules_and_definitions() -> None:
    parts = ("use X", "@behaviour Y", "alias D", "alias C", "def badName(a), do: a", "def is_odd(a), do: a")
    text = "\n  ".join(("defmodule A_b do", *parts)) + "\nend\n"
    expected = {
        (1, "ModuleNames"), (1, "ModuleDoc"), (3, "StrictModuleLayout"), (4, "AliasOrder"), (6, "FunctionNames"),
        (6, "Specs"), (7, "PredicateFunctionNames"), (7, "Specs"),
    }  # fmt: skip
    assert checks(text) == expected


def test_lines_of_text() -> None:
    text = f"a = 1 \n\n\n\nb = {'f(1) + ' * 20}1\n# TODO: more\n# FIXME\nc = 2"
    expected = {
        (1, "TrailingWhiteSpace"), (4, "RedundantBlankLines"), (5, "MaxLineLength"), (6, "TagTODO"), (7, "TagFIXME"),
        (8, "TrailingBlankLine"),
    }  # fmt: skip
    assert checks(text, "a.exs") == expected


def test_a_finding_says_who_found_it_and_how_sure_it_is() -> None:
    (finding,) = CREDO.lint(Path("a.exs"), "é = IO.inspect(1)\n").findings
    assert (finding.check, finding.source) == ("Credo.Check.Warning.IoInspect", SOURCE)
    assert (finding.range.start.character, finding.range.end.character) == (7, 14)
    assert 0.8 < finding.confidence < 1


def test_checks_that_credo_leaves_off_run_only_when_asked_for() -> None:
    text = in_function("IO.puts(IO.inspect(x))")
    by_itself = {
        finding.check.rpartition(".")[2] for finding in StructuralLinter("credo").lint(Path("a.ex"), text).findings
    }
    assert by_itself == {"IoInspect"}
    assert {check for _, check in checks(text)} > {"IoInspect", "IoPuts", "Specs"}


def test_rules_are_complete() -> None:
    for tool in ("credo", "sobelow", "gosec"):
        rules = rules_of(tool)
        assert len({rule.check for rule in rules}) == len(rules)
        for rule in rules:
            assert rule.rationale.endswith("."), rule.check
            assert "\n" not in rule.rationale, rule.check
            assert rule.calls or rule.patterns or rule.predicate, rule.check
            assert 0 < rule.confidence <= 1, rule.check
    assert len(rules_of("credo")) >= 45


def test_deep_nesting_and_long_chains_do_not_raise() -> None:
    for text in ("(" * 5000, "[" * 3000 + "]" * 3000, "f(" * 2000 + ")" * 2000, " or ".join(["x == 1"] * 3000)):
        ElixirFile("a.ex", text)
        CREDO.lint(Path("a.ex"), text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(PLAIN)), st.integers(0, 40), st.text(max_size=12))
def test_broken_code_never_raises(place: int, cut: int, put: str) -> None:
    text = PLAIN[:place] + put + PLAIN[place + cut :]
    assert CREDO.lint(Path("lib/a.ex"), text).failure is None
    assert StructuralLinter("sobelow").lint(Path("lib/a.ex"), text).failure is None


def test_text_that_is_too_large_is_refused() -> None:
    failure = CREDO.lint(Path("a.ex"), "x\n" * 1_100_000).failure
    assert failure is not None
    assert "too many" in failure.reason


def test_rebinding_counts_in_bodies_alone() -> None:
    assert (5, "VariableRebinding") in checks(in_function("y = x", "y = y + 1"))
    assert (5, "VariableRebinding") not in checks(in_function("y = x", "<<z::size(y)>> = x"))
    beside_else = in_function("if x do", "  y = 1", "  y = 2", "else", "  3", "end")
    assert not any(check == "VariableRebinding" for _, check in checks(beside_else))


def test_abc_size() -> None:
    """31 calls of a module: A = 0, B = 31, C = 0, and √(31²) is over 30."""
    assert (3, "ABCSize") in checks(in_function(*["A.run()"] * 31))
    assert (3, "ABCSize") not in checks(in_function(*["A.run()"] * 30))
    # 18 assignments of 24 calls each counted once: √(18² + 24²) = 30.
    body = [*["y = A.run()"] * 18, *["A.run()"] * 6]
    assert (3, "ABCSize") not in checks(in_function(*body))
    assert (3, "ABCSize") in checks(in_function(*body, "A.run()"))


def test_clauses_of_case_weigh_less_in_the_perceived_complexity() -> None:
    clauses = [f"  {number} -> {number}" for number in range(12)]
    found = checks(in_function("case x do", *clauses, "end"))
    assert (3, "CyclomaticComplexity") in found
    assert (3, "PerceivedComplexity") not in found


def test_modules_that_need_many_others() -> None:
    body = in_function(*(f"M{number}.run(x)" for number in range(11)))
    assert (1, "ModuleDependencies") in checks(body)
    assert (1, "ModuleDependencies") not in checks(body, "test/a_test.exs")
    assert (1, "ModuleDependencies") not in checks(in_function(*(f"M{number}.run(x)" for number in range(10))))


def test_lines_of_one_kind_that_are_apart() -> None:
    apart = "defmodule A do\n  @moduledoc false\n  alias B\n  require C\n  alias D\nend\n"
    assert (5, "SeparateAliasRequire") in checks(apart)
    together = apart.replace("  require C\n  alias D\n", "  alias D\n  require C\n")
    assert not any(check == "SeparateAliasRequire" for _, check in checks(together))


def test_duplicated_code_is_told_at_its_last_place() -> None:
    body = [f"  y{number} = A.run(x, [{number}, :a])" for number in range(8)]
    text = "defmodule A do\n  def a(x) do\n" + "\n".join(body) + "\n  end\n  def b(x) do\n" + "\n".join(body)
    found = [line for line, check in checks(text + "\n  end\nend\n") if check == "DuplicatedCode"]
    assert found == [13]
    assert not any(check == "DuplicatedCode" for _, check in checks(text.replace("= A.run(x, [7", "= B.run(x, [7", 1)))


def test_a_test_that_does_not_run() -> None:
    assert (1, "WrongTestFileExtension") in checks("1\n", "test/a_test.ex")
    assert checks("1\n", "lib/a_test.ex") == set()


@pytest.mark.parametrize(
    ("text", "path", "check", "lines"),
    [
        ("System.cmd(x, [], cd: y)\nSystem.cmd(x, [], y)\nSystem.cmd(x, [], env: y)", "a.exs", "LeakyEnvironment", {1}),
        ("use ExUnit.Case\nquote do\n  use ExUnit.Case\nend", "test/a.exs", "WrongTestFilename", {1}),
        ("def dbg(x, y), do: x\ndbg(x, y, z)\nx |> dbg()", "a.exs", "Dbg", {1, 3}),
        ("defmacro left = right, do: 1\ndefmacro left + right, do: 1", "a.exs", "FunctionNames", {1}),
    ],
)
def test_what_credo_passes_over(text: str, path: str, check: str, lines: set[int]) -> None:
    assert {line for line, found in checks(text + "\n", path) if found == check} == lines


def test_people_are_told_of_a_module_to_alias_once() -> None:
    text = in_function("A.B.C.run(x)", "A.B.C.run(x)", "A.D.run(x)")
    shown = StructuralLinter("credo").lint(Path("a.ex"), text).findings
    assert [finding.range.start.line + 1 for finding in shown if finding.check.endswith("AliasUsage")] == [4]
    assert {line for line, check in checks(text) if check == "AliasUsage"} == {4, 5, 6}


def test_tools_that_ask_for_the_same_text_at_once_get_the_same_findings() -> None:
    text = in_function("File.read!(IO.inspect(x))")
    linters = [StructuralLinter("credo"), StructuralLinter("sobelow")] * 8
    with ThreadPoolExecutor(max_workers=4) as pool:
        reports = list(pool.map(lambda linter: linter.lint(Path("lib/a.ex"), text), linters))
    assert reports == [linter.lint(Path("lib/a.ex"), text) for linter in linters]
    assert all(report.findings for report in reports)
