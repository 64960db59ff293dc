"""Our rules for Credo: each finds what it is about where it stands, and nothing in plain code."""

from __future__ import annotations

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
